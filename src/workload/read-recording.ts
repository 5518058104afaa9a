/** Read recording: a file of recorded requests or sessions, whichever its columns say. */
import { readText } from "./csv.ts";
import { isOfSessions, parseSessions, SESSION_HEADERS, type SessionRow } from "./parse-sessions.ts";
import { parseTrace, TRACE_HEADERS } from "./parse-trace.ts";
import type { TraceRow } from "./trace-row.ts";

export type Recording =
  | { readonly kind: "requests"; readonly rows: readonly TraceRow[] }
  | { readonly kind: "sessions"; readonly rows: readonly SessionRow[] };

/** @throws SluiceError `invalid_request` naming file, line, what was found and what is allowed. */
export function readRecording(file: string): Recording {
  const text = readText(file);
  if (isOfSessions(text)) return { kind: "sessions", rows: parseSessions(text, file) };
  const allowed = `${TRACE_HEADERS} or ${SESSION_HEADERS}`;
  return { kind: "requests", rows: parseTrace(text, file, allowed) };
}
