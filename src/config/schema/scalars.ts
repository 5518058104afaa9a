/** Scalars: schemas of single values, from counts and durations to choices and texts. */

import { suggestionFor } from "../closest-name.ts";
import {
  COUNT_UNITS,
  DURATION_UNITS,
  HOUR_MS,
  PLAIN,
  parseQuantity,
  quantityPattern,
  SIZE_UNITS,
  type Units,
} from "../quantity.ts";
import { type Leaf, leaf } from "./leaf.ts";

/** The core counts in millionths, which must stay whole in a double: 2^53 / 10^6. */
export const AMOUNT_MAX = 9_000_000_000;

/** `${` where a variable will stand, for editors that check a file before it is replaced. */
const VARIABLE = "\\$\\{";

function quantity(
  units: Units,
  expected: string,
  isAllowed: (n: number) => boolean,
  bounds: { minimum?: number; maximum?: number } = {},
): Leaf<number> {
  const read = (value: unknown) => {
    const parsed = parseQuantity(value, units);
    return parsed !== undefined && isAllowed(parsed) ? parsed : undefined;
  };
  const json = {
    type: ["number", "string"],
    minimum: 0,
    ...bounds,
    pattern: quantityPattern(units),
  };
  return leaf({ expected, read, json });
}

/** A whole number, `least` to `most`. */
export function count({ least = 1, most = AMOUNT_MAX } = {}): Leaf<number> {
  const range = most === AMOUNT_MAX ? `of at least ${least}` : `from ${least} to ${most}`;
  const expected = `a whole number ${range}, such as 500, 10_000, 30k or 2M`;
  const isAllowed = (n: number) => Number.isInteger(n) && n >= least && n <= most;
  const words = most < 1_000 ? `a whole number ${range}` : expected;
  return quantity(COUNT_UNITS, words, isAllowed, { minimum: least, maximum: most });
}

/** A number above 0, fractions included. */
export function positive(): Leaf<number> {
  return quantity(COUNT_UNITS, "a number above 0", (n) => n > 0 && n <= AMOUNT_MAX);
}

/** A number of at least 0, fractions included. */
export function price(): Leaf<number> {
  return quantity(PLAIN, "a number of at least 0 (USD)", () => true);
}

export function bytes(): Leaf<number> {
  const expected = "a size above 0, such as 64KiB or 32MiB";
  return quantity(SIZE_UNITS, expected, (n) => Number.isInteger(n) && n > 0 && n <= 2 ** 40);
}

export function fraction(most = 1): Leaf<number> {
  return quantity(PLAIN, `a number from 0 to ${most}`, (n) => n <= most, { maximum: most });
}

/** Longer than any timer may run: 2^31 milliseconds. */
const TIMER_MAX = { ms: 24 * 24 * HOUR_MS, text: "24d" };

/** Milliseconds, above 0 unless `zero`, at most `most` (24 days unless told). */
export function duration({ zero = false, most = TIMER_MAX } = {}): Leaf<number> {
  const range = zero ? `at most ${most.text}` : `above 0 and at most ${most.text}`;
  const expected = `a duration (ms s m h d mo), ${range}, such as 500ms, 30s or 5m`;
  return quantity(DURATION_UNITS, expected, (n) => (zero || n > 0) && n <= most.ms);
}

export const ONE_HOUR = { ms: HOUR_MS, text: "1h" };
export const TEN_YEARS = { ms: 3_650 * 24 * HOUR_MS, text: "3650d" };

/** A text `true` counts too: that is what a variable becomes. */
export function flag(): Leaf<boolean> {
  const read = (value: unknown) =>
    value === true || value === "true"
      ? true
      : value === false || value === "false"
        ? false
        : undefined;
  const json = { type: ["boolean", "string"], pattern: `^(true|false)$|${VARIABLE}` };
  return leaf({ expected: "true or false", read, json });
}

export function choice<const T extends string>(names: readonly T[]): Leaf<T> {
  const read = (value: unknown) => names.find((name) => name === value);
  const expected = (value: unknown) => `one of ${names.join(", ")}${suggestionFor(value, names)}`;
  return leaf({ expected, read, json: choiceJson(names) });
}

export function choiceJson(names: readonly string[]): Readonly<Record<string, unknown>> {
  return {
    anyOf: [
      { type: "string", enum: names },
      { type: "string", pattern: VARIABLE },
    ],
  };
}

/** A text that is not empty and matches `pattern`. */
export function text(expected: string, pattern = /./s): Leaf<string> {
  const read = (value: unknown) =>
    typeof value === "string" && pattern.test(value) ? value : undefined;
  return leaf({ expected, read, json: { type: "string" } });
}

/** A text without control characters, which no header can carry; empty: none. */
export function secret(): Leaf<string> {
  const read = (value: unknown) => {
    const trimmed = typeof value === "string" ? value.trim() : undefined;
    return trimmed !== undefined && CONTROL_FREE.test(trimmed) ? trimmed : undefined;
  };
  const expected = "a text on one line, usually from an environment variable";
  return leaf({ expected, read, json: { type: "string" } });
}

const CONTROL_FREE = /^\P{Cc}*$/u;
