/** Azure OpenAI's rate headers: what is left, and of requests the limit of a slice; no resets. */
import type { Headers } from "../../dialect.ts";
import { leastLeft, type Meter, unitsLeft } from "../../limits/meter.ts";

const REGION = "Mock Central";

export function azureRateHeaders(meters: readonly Meter[]): Headers {
  return {
    "x-ms-region": REGION,
    ...pair("requests", leastLeft(meters, ["rpm"])),
    ...pair("tokens", leastLeft(meters, ["tpm"])),
  };
}

function pair(name: string, meter: Meter | null): Headers {
  if (!meter) return {};
  return {
    [`x-ratelimit-limit-${name}`]: String(meter.capacity),
    [`x-ratelimit-remaining-${name}`]: String(unitsLeft(meter)),
  };
}
