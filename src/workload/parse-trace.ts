/** Parse trace: reads a CSV of recorded requests, or says which line is wrong and what it should be. */
import {
  cellIn,
  columnNames,
  type Line,
  linesIn,
  nameIn,
  noRows,
  quoted,
  readText,
  rowsIn,
  secondsIn,
  timeRunsBack,
  tokensIn,
  wrong,
  wrongColumns,
} from "./csv.ts";
import type { TraceRow } from "./trace-row.ts";

/** Columns of the two known forms; others are ignored. */
const FORMS = [
  { time: "TIMESTAMP", client: null, input: "ContextTokens", output: "GeneratedTokens" },
  { time: "time_s", client: "client", input: "input_tokens", output: "output_tokens" },
] as const;
export const TRACE_HEADERS =
  "TIMESTAMP,ContextTokens,GeneratedTokens or time_s,client,input_tokens,output_tokens (client may be absent)";

interface Columns {
  readonly isStamped: boolean;
  readonly time: number;
  /** -1: none. */
  readonly client: number;
  readonly input: number;
  readonly output: number;
}

/** @throws SluiceError `invalid_request` naming file, line, what was found and what is allowed. */
export function readTrace(file: string): TraceRow[] {
  return parseTrace(readText(file), file);
}

/**
 * @param allowed what an error about the columns names
 * @throws SluiceError `invalid_request` naming file, line, what was found and what is allowed.
 */
export function parseTrace(text: string, file: string, allowed = TRACE_HEADERS): TraceRow[] {
  const lines = linesIn(text);
  const columns = columnsOf(lines[0], file, allowed);
  const rows: TraceRow[] = [];
  let start = 0;
  let previous = Number.NEGATIVE_INFINITY;
  for (const line of rowsIn(lines, file)) {
    const seconds = columns.isStamped ? stampIn(line, columns.time) : secondsIn(line, columns.time);
    if (seconds < previous) throw timeRunsBack(line, line.cells[columns.time]);
    if (rows.length === 0) start = seconds;
    previous = seconds;
    rows.push(rowOf(line, columns, seconds - start));
  }
  if (rows.length === 0) throw noRows(file);
  return rows;
}

function columnsOf(header: string, file: string, allowed: string): Columns {
  const names = columnNames(header);
  for (const form of FORMS) {
    const [time, input, output] = [form.time, form.input, form.output].map((name) =>
      names.indexOf(name),
    );
    if (time < 0 || input < 0 || output < 0) continue;
    const client = form.client === null ? -1 : names.indexOf(form.client);
    return { isStamped: form.time === "TIMESTAMP", time, client, input, output };
  }
  throw wrongColumns(header, file, allowed);
}

function rowOf(line: Line, columns: Columns, atSeconds: number): TraceRow {
  return {
    atSeconds,
    client: columns.client < 0 ? null : nameIn(line, columns.client, "client"),
    inputTokens: tokensIn(line, columns.input, "input tokens"),
    outputTokens: tokensIn(line, columns.output, "output tokens"),
  };
}

/** Date.parse keeps milliseconds only; these files have tenths of microseconds. */
const STAMP = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(?:Z|\+00:00)?$/;

function stampIn(line: Line, column: number): number {
  const cell = cellIn(line, column);
  const [, day, time, fraction = "0"] = STAMP.exec(cell) ?? [];
  const seconds = Date.parse(`${day}T${time}Z`) / 1_000;
  if (Number.isFinite(seconds)) return seconds + Number(fraction);
  throw wrong(line, `the time ${quoted(cell)}`, "a time such as 2023-11-16 18:15:46.6805900");
}
