/** Anthropic's `anthropic-ratelimit-*` headers: buckets per minute, with the moment at which they are full again. */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import { wholeWaitMs } from "../hints/durations.ts";
import { headerOf } from "../hints/headers.ts";
import { amountText, MINUTE_MS } from "../hints/rate-reading.ts";
import { parseTimestamp, referenceMs } from "../hints/timestamps.ts";

/** "Rounded to the nearest thousand" (Anthropic, Rate limits, Response headers). */
const TOKEN_QUANTUM = 1_000;
/** The combined limit comes last: where it and a narrower one are both spent, the narrower is named. */
const FAMILIES = [
  { name: "requests", dimension: "requests", quantum: 1 },
  { name: "input-tokens", dimension: "input_tokens", quantum: TOKEN_QUANTUM },
  { name: "output-tokens", dimension: "output_tokens", quantum: TOKEN_QUANTUM },
  { name: "tokens", dimension: "tokens", quantum: TOKEN_QUANTUM },
] as const;

/**
 * All limits told, also those of which only the reset is. `anthropic-ratelimit-unified-*` (subscriptions, in percent),
 * `anthropic-priority-*` and `anthropic-fast-*` (pools of their own) are none of the account's meters.
 */
export function anthropicReadings(
  headers: HeaderView,
  receivedAtMs: number,
): readonly LimitReading[] {
  const reference = referenceMs(headers, receivedAtMs);
  return FAMILIES.flatMap(({ name, dimension, quantum }) => {
    const prefix = `anthropic-ratelimit-${name}`;
    const limit = amountText(headerOf(headers, `${prefix}-limit`));
    const remaining = amountText(headerOf(headers, `${prefix}-remaining`));
    const resetMs = untilMoment(headerOf(headers, `${prefix}-reset`), reference);
    if (limit === null && remaining === null && resetMs === null) return [];
    const reading: LimitReading = {
      dimension,
      perMs: MINUTE_MS,
      limit,
      remaining,
      resetMs,
      resetMeaning: "full",
      quantum,
    };
    return [reading];
  });
}

function untilMoment(text: string | null, reference: number): number | null {
  const moment = text === null ? null : parseTimestamp(text);
  return moment === null ? null : wholeWaitMs(moment - reference);
}
