/** OpenAI's rate-limit headers. */
import type { Headers } from "../../dialect.ts";
import type { MeterDimension } from "../../limits/limits.ts";
import { leastLeft, type Meter, unitsLeft } from "../../limits/meter.ts";
import { goDuration } from "./go-duration.ts";

const REQUESTS: readonly MeterDimension[] = ["rpm", "rpd"];
const TOKENS: readonly MeterDimension[] = ["tpm", "tpd"];

/**
 * Of several buckets the one with the least left is shown, be it of the day or of the model, and the
 * header does not say which: so does OpenAI (community.openai.com/t/541210). Reset is the time to full.
 */
export function openaiRateHeaders(meters: readonly Meter[]): Headers {
  return {
    ...rateTriplet("requests", leastLeft(meters, REQUESTS)),
    ...rateTriplet("tokens", leastLeft(meters, TOKENS)),
  };
}

/** Limit, what is left, and the time to full of one meter. */
export function rateTriplet(name: string, meter: Meter | null): Headers {
  if (!meter) return {};
  return {
    [`x-ratelimit-limit-${name}`]: String(meter.capacity),
    [`x-ratelimit-remaining-${name}`]: String(unitsLeft(meter)),
    [`x-ratelimit-reset-${name}`]: goDuration(meter.fullInMs),
  };
}
