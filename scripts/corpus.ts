/** Corpus: scores the verdicts on a file of labelled responses, and lists what is wrong. `npm run corpus -- <path>` */
import { createReadStream, existsSync } from "node:fs";
import { boundedLines } from "../src/cli/classify/bounded-lines.ts";
import { parseRecorded, verdictOf } from "../src/cli/classify/recorded-response.ts";

const FIELDS = ["class", "retryable", "dimension", "retryAfterMs"] as const;
type Field = (typeof FIELDS)[number];
type Expected = Readonly<Record<Field, unknown>>;

interface Labelled {
  readonly expect: Expected;
  /** Other values that count as right. */
  readonly accept?: Readonly<Partial<Record<Field, readonly unknown[]>>>;
}

const LONGEST_LINE = 4_194_304;
/** Waits are right within this. */
const TOLERANCE_MS = 1;

const right: Record<Field, number> = { class: 0, retryable: 0, dimension: 0, retryAfterMs: 0 };
let lines = 0;

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write("usage: npm run corpus -- <file of labelled responses>\n");
  process.exit(2);
}

if (!existsSync(path)) {
  process.stderr.write(`corpus: found no file ${path}\n`);
  process.exit(2);
}

for await (const { text } of boundedLines(createReadStream(path), LONGEST_LINE)) {
  if (text === null || text.trim() === "") continue;
  lines++;
  const recorded = parseRecorded(text, Date.now());
  const { expect, accept } = JSON.parse(text) as Labelled;
  const verdict = verdictOf(recorded);
  for (const field of FIELDS) {
    const allowed = [expect[field], ...(accept?.[field] ?? [])];
    if (allowed.some((value) => isSame(verdict[field], value))) right[field]++;
    else report(recorded.id, field, verdict[field], allowed);
  }
}
for (const field of FIELDS) {
  const percent = ((100 * right[field]) / Math.max(lines, 1)).toFixed(1);
  process.stdout.write(`${field.padEnd(14)}${right[field]}/${lines}  ${percent} %\n`);
}

function isSame(found: unknown, expected: unknown): boolean {
  if (typeof found !== "number" || typeof expected !== "number") return found === expected;
  return Math.abs(found - expected) <= TOLERANCE_MS;
}

function report(id: unknown, field: Field, found: unknown, allowed: readonly unknown[]): void {
  const expected = allowed.map((value) => JSON.stringify(value)).join(" or ");
  process.stdout.write(`${id}: ${field}: found ${JSON.stringify(found)}, expected ${expected}\n`);
}
