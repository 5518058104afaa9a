/** Policy: how the scheduler orders, guarantees and bounds work. */
import type { TrimTo } from "../../core/task.ts";
import { COUNT_UNITS, PLAIN, parseQuantity, quantityPattern } from "../quantity.ts";
import { type Leaf, leaf, listOf, section, strict } from "./leaf.ts";
import { bytes, choice, count, flag, fraction } from "./scalars.ts";

/** Guarantees may promise at most half, so that strict order still means something (SPEC S2). */
export const GUARANTEES_MAX = 0.5;

export type Margin =
  | { readonly kind: "learned"; readonly initial: number }
  | { readonly kind: "fixed"; readonly share: number };

/** SPEC B6. */
const MARGIN_INITIAL = 0.1;

function margin(): Leaf<Margin> {
  const read = (value: unknown): Margin | undefined => {
    if (value === "auto") return { kind: "learned", initial: MARGIN_INITIAL };
    const share = parseQuantity(value, PLAIN);
    return share !== undefined && share <= 0.5 ? { kind: "fixed", share } : undefined;
  };
  const pattern = `^auto$|${quantityPattern(PLAIN)}`;
  const json = { type: ["number", "string"], minimum: 0, maximum: 0.5, pattern };
  return leaf({ expected: "auto or a number from 0 to 0.5", read, json });
}

/** `off`, `fit`, or tokens. */
export function trim(): Leaf<TrimTo> {
  const read = (value: unknown): TrimTo | undefined => {
    if (value === "off" || value === "fit") return value;
    const tokens = parseQuantity(value, COUNT_UNITS);
    return tokens !== undefined && Number.isInteger(tokens) && tokens > 0 ? tokens : undefined;
  };
  const pattern = `^(?:off|fit)$|${quantityPattern(COUNT_UNITS)}`;
  const expected = "off, fit, or a number of tokens such as 8k";
  return leaf({ expected, read, json: { type: ["number", "string"], minimum: 1, pattern } });
}

const guarantee = () => fraction(GUARANTEES_MAX).optional();

export const policy = section({
  order: listOf(choice(["tier", "latency"]), "tier and latency, in either order or left out")
    .prefault(["tier", "latency"])
    .describe("What makes strict bands, first compared first; what is absent acts by weight"),
  batch_last: flag()
    .prefault(true)
    .describe("Batch of any tier comes after interactive work of every tier"),
  latency_guarantee: strict({
    "real-time": guarantee().describe("Least share of real-time work"),
    "near-real-time": guarantee().describe("Least share of near-real-time work"),
    batch: guarantee().describe("Least share of batch work"),
  })
    .nullish()
    .describe("Least share of the budget by latency class; all guarantees add up to at most 0.5"),
  holdback: fraction(0.5)
    .prefault(0.05)
    .describe("Share of each bucket's level that is kept for the first band"),
  margin: margin()
    .prefault("auto")
    .describe("Share of each limit that is never spent: auto starts at 0.10 and learns"),
  queue: section({
    max_waiting: count({ most: 100_000_000 }).prefault(10_000).describe("Requests that may wait"),
    max_bytes: bytes().prefault("256MiB").describe("Bytes of the bodies that may wait"),
  }).describe("Bounds of the queue; beyond them requests are refused"),
  pressure: section({
    warn: fraction().prefault(0.8).describe("From here on pressure is reported"),
    act: fraction().prefault(0.9).describe("From here on work is diverted, held back or refused"),
  }).describe("Thresholds of pressure"),
  trim: trim()
    .prefault("off")
    .describe(
      "Leaves the oldest turns of a chat out that is too long: off, fit, or tokens of input",
    ),
  shadow: flag().prefault(false).describe("Decide and log, but hold nothing back"),
}).describe("How the scheduler orders, guarantees and bounds work");
