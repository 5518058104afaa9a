/** Parse trace: reads a CSV of recorded requests, or says which line is wrong and what it should be. */
import { readFileSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { SluiceError } from "../core/errors.ts";
import type { TraceRow } from "./trace-row.ts";

/** More would not be a prompt but a mistake: the largest context windows of 2025 hold a million. */
const MOST_TOKENS = 1_000_000;
const LONGEST_NAME = 100;
/** An error shows this much of what it found. */
const SHOWN_CHARACTERS = 60;

/** Columns of the two known forms; others are ignored. */
const FORMS = [
  { time: "TIMESTAMP", client: null, input: "ContextTokens", output: "GeneratedTokens" },
  { time: "time_s", client: "client", input: "input_tokens", output: "output_tokens" },
] as const;
const ALLOWED_HEADERS =
  "TIMESTAMP,ContextTokens,GeneratedTokens or time_s,client,input_tokens,output_tokens (client may be absent)";

interface Columns {
  readonly isStamped: boolean;
  readonly time: number;
  /** -1: none. */
  readonly client: number;
  readonly input: number;
  readonly output: number;
}

/** One line and where it is, for errors. */
interface Line {
  readonly file: string;
  readonly number: number;
  readonly cells: readonly string[];
}

/** @throws SluiceError `invalid_request` naming file, line, what was found and what is allowed. */
export function readTrace(file: string): TraceRow[] {
  return parseTrace(readText(file), file);
}

/** @throws SluiceError `invalid_request` naming file, line, what was found and what is allowed. */
export function parseTrace(text: string, file: string): TraceRow[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const columns = columnsOf(lines[0], file);
  const rows: TraceRow[] = [];
  let start = 0;
  let previous = Number.NEGATIVE_INFINITY;
  for (let index = 1; index < lines.length; index++) {
    if (lines[index] === "") continue;
    const line = { file, number: index + 1, cells: lines[index].split(",") };
    const seconds = secondsIn(line, columns);
    if (seconds < previous) {
      throw wrong(line, `the time ${line.cells[columns.time]}`, "no time before the line above");
    }
    if (rows.length === 0) start = seconds;
    previous = seconds;
    rows.push(rowOf(line, columns, seconds - start));
  }
  if (rows.length === 0) throw wrong({ file, number: 2 }, "no rows", "at least one request");
  return rows;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    const why = errno === undefined ? (error as Error).message : getSystemErrorMessage(errno);
    const message = `${file}: found nothing to read (${why}); allowed: a CSV file of at most 512 MB`;
    throw new SluiceError("invalid_request", message, { cause: error });
  }
}

function columnsOf(header: string, file: string): Columns {
  const names = header.split(",").map((name) => name.trim());
  for (const form of FORMS) {
    const [time, input, output] = [form.time, form.input, form.output].map((name) =>
      names.indexOf(name),
    );
    if (time < 0 || input < 0 || output < 0) continue;
    const client = form.client === null ? -1 : names.indexOf(form.client);
    return { isStamped: form.time === "TIMESTAMP", time, client, input, output };
  }
  const found = header.trim() === "" ? "an empty line" : `the columns ${quoted(header)}`;
  throw wrong({ file, number: 1 }, found, ALLOWED_HEADERS);
}

function rowOf(line: Line, columns: Columns, atSeconds: number): TraceRow {
  return {
    atSeconds,
    client: columns.client < 0 ? null : clientIn(line, columns.client),
    inputTokens: tokensIn(line, columns.input, "input tokens"),
    outputTokens: tokensIn(line, columns.output, "output tokens"),
  };
}

/** Date.parse keeps milliseconds only; these files have tenths of microseconds. */
const STAMP = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(?:Z|\+00:00)?$/;

function secondsIn(line: Line, columns: Columns): number {
  const cell = line.cells[columns.time]?.trim() ?? "";
  if (!columns.isStamped) {
    const seconds = cell === "" ? Number.NaN : Number(cell);
    if (Number.isFinite(seconds) && seconds >= 0) return seconds;
    throw wrong(line, `the time ${quoted(cell)}`, "seconds, 0 or more");
  }
  const [, day, time, fraction = "0"] = STAMP.exec(cell) ?? [];
  const seconds = Date.parse(`${day}T${time}Z`) / 1_000;
  if (Number.isFinite(seconds)) return seconds + Number(fraction);
  throw wrong(line, `the time ${quoted(cell)}`, "a time such as 2023-11-16 18:15:46.6805900");
}

function clientIn(line: Line, column: number): string {
  const client = line.cells[column]?.trim() ?? "";
  if (client !== "" && client.length <= LONGEST_NAME) return client;
  throw wrong(line, `the client ${quoted(client)}`, `a name of 1 to ${LONGEST_NAME} characters`);
}

function tokensIn(line: Line, column: number, what: string): number {
  const cell = line.cells[column]?.trim() ?? "";
  const tokens = /^\d+$/.test(cell) ? Number(cell) : Number.NaN;
  if (tokens <= MOST_TOKENS) return tokens;
  throw wrong(line, `${quoted(cell)} ${what}`, `a whole number from 0 to ${MOST_TOKENS}`);
}

function quoted(text: string): string {
  const isLong = text.length > SHOWN_CHARACTERS;
  return JSON.stringify(isLong ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text);
}

function wrong(where: Pick<Line, "file" | "number">, found: string, allowed: string): SluiceError {
  const place = `${where.file}:${where.number}`;
  return new SluiceError("invalid_request", `${place}: found ${found}; allowed: ${allowed}`);
}
