/** UTC spans: when the days and calendar months end that quotas count in. */
import { epochAligned } from "../core/meter/fixed-window.ts";
import type { SpanEnds } from "../core/quota/tenant-use.ts";

const DAY_MICROS = 86_400_000_000;
const MICROS_PER_MS = 1_000;

/** In microseconds since the epoch. */
export const UTC_ENDS: SpanEnds = { day: epochAligned(DAY_MICROS), month: endOfMonth };

function endOfMonth(now: number): number {
  const date = new Date(now / MICROS_PER_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) * MICROS_PER_MS;
}
