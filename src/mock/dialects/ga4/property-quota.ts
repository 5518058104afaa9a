/** Property quota: what a report has consumed, and what is left of each of the quotas. */
import type { Books } from "../../answer/call.ts";
import type { MeterDimension } from "../../limits/limits.ts";
import { leastLeft, unitsLeft } from "../../limits/meter.ts";

export function propertyQuota({ meters, slotsLeft }: Books, consumed: number): object {
  const left = (dimension: MeterDimension) => {
    const meter = leastLeft(meters, [dimension]);
    return meter && unitsLeft(meter);
  };
  const status = (dimension: MeterDimension, used: number) => {
    const remaining = left(dimension);
    return remaining === null ? {} : { consumed: used, remaining };
  };
  return {
    tokensPerDay: status("tpd", consumed),
    tokensPerHour: status("tph", consumed),
    tokensPerProjectPerHour: status("project_tph", consumed),
    concurrentRequests: slotsLeft === null ? {} : { consumed: 0, remaining: slotsLeft },
    serverErrorsPerProjectPerHour: status("server_errors_per_hour", 0),
  };
}
