/** CSV: lines of a recorded load, and errors that say which one is wrong and what it should be. */
import { readFileSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { SluiceError } from "../core/errors.ts";

/** More would not be a prompt but a mistake: the largest context windows of 2025 hold a million. */
const MOST_TOKENS = 1_000_000;
const LONGEST_NAME = 100;
/** An error shows this much of what it found. */
const SHOWN_CHARACTERS = 60;

/** One line and where it is, for errors. */
export interface Line {
  readonly file: string;
  readonly number: number;
  readonly cells: readonly string[];
}

/** @throws SluiceError `invalid_request` naming the file. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    const why = errno === undefined ? (error as Error).message : getSystemErrorMessage(errno);
    const message = `${file}: found nothing to read (${why}); allowed: a CSV file of at most 512 MB`;
    throw new SluiceError("invalid_request", message, { cause: error });
  }
}

export function linesIn(text: string): string[] {
  return text.replace(/^\uFEFF/, "").split(/\r?\n/);
}

/** Names of the columns. */
export function columnNames(header: string): string[] {
  return header.split(",").map((name) => name.trim());
}

/** Lines below the header; empty ones are left out. */
export function* rowsIn(lines: readonly string[], file: string): Generator<Line> {
  for (let index = 1; index < lines.length; index++) {
    if (lines[index] !== "") yield { file, number: index + 1, cells: lines[index].split(",") };
  }
}

export function cellIn({ cells }: Line, column: number): string {
  return cells[column]?.trim() ?? "";
}

export function nameIn(line: Line, column: number, what: string): string {
  const name = cellIn(line, column);
  if (name !== "" && name.length <= LONGEST_NAME) return name;
  throw wrong(line, `the ${what} ${quoted(name)}`, `a name of 1 to ${LONGEST_NAME} characters`);
}

export function tokensIn(line: Line, column: number, what: string): number {
  const cell = cellIn(line, column);
  const tokens = /^\d+$/.test(cell) ? Number(cell) : Number.NaN;
  if (tokens <= MOST_TOKENS) return tokens;
  throw wrong(line, `${quoted(cell)} ${what}`, `a whole number from 0 to ${MOST_TOKENS}`);
}

export function secondsIn(line: Line, column: number, what = "the time"): number {
  const cell = cellIn(line, column);
  const seconds = cell === "" ? Number.NaN : Number(cell);
  if (Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw wrong(line, `${what} ${quoted(cell)}`, "seconds, 0 or more");
}

export function timeRunsBack(line: Line, cell: string): SluiceError {
  return wrong(line, `the time ${cell}`, "no time before the line above");
}

export function wrongColumns(header: string, file: string, allowed: string): SluiceError {
  const found = header.trim() === "" ? "an empty line" : `the columns ${quoted(header)}`;
  return wrong({ file, number: 1 }, found, allowed);
}

export function noRows(file: string): SluiceError {
  return wrong({ file, number: 2 }, "no rows", "at least one request");
}

export function wrong(
  where: Pick<Line, "file" | "number">,
  found: string,
  allowed: string,
): SluiceError {
  const place = `${where.file}:${where.number}`;
  return new SluiceError("invalid_request", `${place}: found ${found}; allowed: ${allowed}`);
}

export function quoted(text: string): string {
  const isLong = text.length > SHOWN_CHARACTERS;
  return JSON.stringify(isLong ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text);
}
