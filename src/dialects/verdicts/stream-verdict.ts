/** The verdict of a body that is the text of an event stream: that of its first error. */
import type { ResponseView, StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { createEventSplitter } from "../sse.ts";
import { readVerdict } from "./read-verdict.ts";
import type { VerdictRules } from "./verdict-rules.ts";

const EVENT_TEXT = /^\s{0,8}(?:event|data|id|retry)?:/;

/** As readVerdict; a stream that was recorded after 200 is read event by event. */
export function readVerdictOrStream(
  response: ResponseView,
  rules: VerdictRules,
  streamReader: () => StreamReader,
): Verdict {
  const isStream = response.status < 300 && EVENT_TEXT.test(response.body);
  return (
    (isStream ? firstError(response.body, streamReader()) : null) ?? readVerdict(response, rules)
  );
}

function firstError(text: string, reader: StreamReader): Verdict | null {
  const splitter = createEventSplitter();
  const events = [...splitter.push(new TextEncoder().encode(text)), ...splitter.flush()];
  for (const { event, data } of events) {
    const meaning = reader.read(event, data);
    if (meaning.kind === "error") return meaning.verdict;
  }
  return null;
}
