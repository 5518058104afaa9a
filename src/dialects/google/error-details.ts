/** Error details: what Google's APIs tell in `error.details` (google.rpc.*): violated quotas and waits. */
import type { LimitedDimension } from "../../core/verdict/verdict.ts";
import { isObject, textIn } from "../body/json-fields.ts";
import { parseDuration } from "../hints/durations.ts";
import type { OwnQuestion, OwnReading } from "../verdicts/verdict-rules.ts";

/** Below this a wait belongs to the limit per minute, whatever else is violated (gemini-cli draws the line there). */
const LEAST_DAILY_WAIT_MS = 300_000;
/** Errors tell a handful of violations; more is not read. */
const MOST_DETAILS = 32;

interface Violation {
  readonly dimension: LimitedDimension | null;
  readonly isDaily: boolean;
  readonly isNothing: boolean;
}

/** The violated limit; one per day beats one per minute and the short wait that stands beside it. */
export function quotaFailure({ facts }: OwnQuestion): OwnReading | null {
  const details = detailsOf(facts.value);
  const violations = details.flatMap(violationsIn);
  const worst = violations.find(({ isDaily }) => isDaily) ?? violations[0];
  if (worst === undefined) return null;
  const dimension = worst.dimension ?? undefined;
  const neverPasses = worst.isNothing ? ({ neverPasses: true } as const) : {};
  if (!worst.isDaily) return { dimension, ...neverPasses };
  const told = waitIn(details);
  return { dimension, waitMs: told >= LEAST_DAILY_WAIT_MS ? told : null, ...neverPasses };
}

/** The details of `{error: {details}}`, of an array of that, or of JSON inside the message. */
function detailsOf(value: unknown, depth = 0): readonly unknown[] {
  const first = Array.isArray(value) ? value[0] : value;
  if (!isObject(first) || depth > 2) return [];
  const error = isObject(first["error"]) ? first["error"] : first;
  const { details, message } = error;
  if (Array.isArray(details)) return details.slice(0, MOST_DETAILS);
  const text = textIn(message);
  if (text === null || text[0] !== "{") return [];
  try {
    return detailsOf(JSON.parse(text), depth + 1);
  } catch {
    return [];
  }
}

function violationsIn(detail: unknown): readonly Violation[] {
  const violations = isObject(detail) ? detail["violations"] : null;
  if (!Array.isArray(violations)) return [];
  return violations
    .slice(0, MOST_DETAILS)
    .flatMap((one) => (isObject(one) ? violationOf(one) : []));
}

function violationOf(violation: Readonly<Record<string, unknown>>): Violation | [] {
  const id = textIn(violation["quotaId"]) ?? "";
  const metric = textIn(violation["quotaMetric"]) ?? "";
  if (id === "" && metric === "") return [];
  const words = `${id} ${metric}`.toLowerCase();
  const isDaily = /per_?day/.test(words);
  const isNothing = String(violation["quotaValue"] ?? "") === "0";
  return { dimension: dimensionIn(words, isDaily), isDaily, isNothing };
}

function dimensionIn(words: string, isDaily: boolean): LimitedDimension | null {
  if (words.includes("token")) {
    if (isDaily) return "tokens_per_day";
    if (/input_?token|prompt_?token/.test(words)) return "input_tokens";
    return /output_?token/.test(words) ? "output_tokens" : "tokens";
  }
  if (/concurren/.test(words)) return "concurrency";
  if (!words.includes("request")) return null;
  return isDaily ? "requests_per_day" : "requests";
}

function waitIn(details: readonly unknown[]): number {
  for (const detail of details) {
    const delay = isObject(detail) ? textIn(detail["retryDelay"]) : null;
    const waitMs = delay === null ? null : parseDuration(delay);
    if (waitMs !== null) return waitMs;
  }
  return 0;
}
