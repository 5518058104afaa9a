/** Parse sessions: reads a CSV of recorded agent sessions, or says which line is wrong and what it should be. */
import {
  cellIn,
  columnNames,
  type Line,
  linesIn,
  nameIn,
  noRows,
  rowsIn,
  secondsIn,
  timeRunsBack,
  tokensIn,
} from "./csv.ts";

/** One request of a session. Its thread goes on when the answer is there and has been thought about. */
export interface SessionRow {
  readonly session: string;
  /** The main one, or one of a sub-agent's. */
  readonly thread: string;
  /** Since the session's start, as recorded. */
  readonly atSeconds: number;
  readonly model: string;
  /** All of them, those that a cache held too. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of the input: what a cache of the session held. */
  readonly reusableTokens: number;
  /** From the end of the answer before in the thread to this request; 0: not told. */
  readonly thinkSeconds: number;
}

const COLUMNS = [
  "session",
  "agent",
  "t_s",
  "model",
  "input_tokens",
  "output_tokens",
  "reusable_prefix_tokens",
  "think_s",
] as const;
export const SESSION_HEADERS = `sessions of ${COLUMNS.join(",")}`;

type Columns = Readonly<Record<(typeof COLUMNS)[number], number>>;

/** Has the text the columns of recorded sessions? */
export function isOfSessions(text: string): boolean {
  return columnsOf(linesIn(text.slice(0, text.indexOf("\n") + 1 || undefined))[0]) !== null;
}

/**
 * Rows of a session may lie apart, but are in the order of their time.
 *
 * @throws SluiceError `invalid_request` naming file, line, what was found and what is allowed.
 */
export function parseSessions(text: string, file: string): SessionRow[] {
  const lines = linesIn(text);
  const columns = columnsOf(lines[0]) as Columns;
  const latest = new Map<string, number>();
  const rows: SessionRow[] = [];
  for (const line of rowsIn(lines, file)) {
    const row = rowOf(line, columns);
    if (row.atSeconds < (latest.get(row.session) ?? 0)) {
      throw timeRunsBack(line, `${cellIn(line, columns.t_s)} of session ${row.session}`);
    }
    latest.set(row.session, row.atSeconds);
    rows.push(row);
  }
  if (rows.length === 0) throw noRows(file);
  return rows;
}

function columnsOf(header: string): Columns | null {
  const names = columnNames(header);
  const places = COLUMNS.map((name) => [name, names.indexOf(name)] as const);
  if (places.some(([, place]) => place < 0)) return null;
  return Object.fromEntries(places) as Columns;
}

function rowOf(line: Line, columns: Columns): SessionRow {
  const inputTokens = tokensIn(line, columns.input_tokens, "input tokens");
  return {
    session: nameIn(line, columns.session, "session"),
    thread: nameIn(line, columns.agent, "agent"),
    atSeconds: secondsIn(line, columns.t_s),
    model: nameIn(line, columns.model, "model"),
    inputTokens,
    outputTokens: tokensIn(line, columns.output_tokens, "output tokens"),
    reusableTokens: Math.min(
      inputTokens,
      tokensIn(line, columns.reusable_prefix_tokens, "reusable tokens"),
    ),
    thinkSeconds: thinkIn(line, columns.think_s),
  };
}

/** The first request of a thread has none, and some recordings miss it. */
function thinkIn(line: Line, column: number): number {
  return cellIn(line, column) === "" ? 0 : secondsIn(line, column, "the think time");
}
