/** Refusals: from the scheduler's answer to the one error type, with the meter that binds. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import { SluiceError } from "../../core/errors.ts";
import { LeasedMeter } from "../../core/meter/leased-meter.ts";
import { type Meter, MICRO_UNITS } from "../../core/meter/meter.ts";
import type { AskRefusal } from "../account/ask.ts";
import type { Stop } from "../account/stops.ts";
import { billingMessage } from "./upstream-errors.ts";

/** What a meter is called towards clients, e.g. `tokens of model:gpt-5*`. */
export function meterName(meter: Meter): string {
  return `${meter.label.dimension} of ${meter.label.selector}`;
}

export function refusalError(refusal: AskRefusal): SluiceError {
  const { code, meter, retryAfter } = refusal;
  if (code === "tenant_quota_exhausted" && meter instanceof LeasedMeter) {
    return leasedError(meter, retryAfter);
  }
  const error = waitError(code, meter, retryAfter);
  if (!("isShed" in refusal) || refusal.isShed === undefined) return error;
  const words = "the shared budget is under pressure, and its lowest tier takes nothing new";
  const when = `${words}; try again in ${(error.retryAfterMs ?? 0) / 1_000} s`;
  return new SluiceError(error.code, when, { details: error.details });
}

function leasedError(meter: LeasedMeter, retryAfter: number | null): SluiceError {
  if (meter.isCutOff) return waitError("store_unavailable", meter, retryAfter);
  // It was still being asked for when the wait was over: nobody knows that it is used up.
  const code = meter.isAsking(retryAfter) ? "max_wait_exceeded" : "tenant_quota_exhausted";
  return waitError(code, meter, retryAfter);
}

/** Whoever still waits when everything ends. */
export function closingError(): SluiceError {
  return new SluiceError("upstream_unavailable", "Sluice is closing and takes nothing new");
}

/** Whoever comes after that. */
export function closedError(): SluiceError {
  return new SluiceError(
    "upstream_unavailable",
    "this Sluice was closed and takes nothing more: create another one",
  );
}

/** Its owner has to act; until then one request a minute finds out whether that has happened. */
export function stopError(upstream: string, { reason, probeAt }: Stop, now: number): SluiceError {
  const retryAfterMs = Math.max(1, Math.ceil((probeAt - now) / MICROS_PER_MS));
  if (reason === "billing") {
    return new SluiceError("upstream_billing", billingMessage(upstream), {
      details: { retryAfterMs },
    });
  }
  const message = `${upstream} does not accept the credential that it is given: its owner has to renew it`;
  return new SluiceError("upstream_unavailable", message, { details: { retryAfterMs } });
}

/** `retryAfter` in microseconds. */
export function unwellError(upstream: string, retryAfter: number): SluiceError {
  const retryAfterMs = Math.max(1, Math.ceil(retryAfter / MICROS_PER_MS));
  const message = `${upstream} is unwell and gets no calls; try again in ${retryAfterMs / 1_000} s`;
  return new SluiceError("upstream_unavailable", message, { details: { retryAfterMs } });
}

/** `retryAfter` in microseconds; null: waiting does not help, or nobody knows. */
export function waitError(
  code: AskRefusal["code"],
  meter: Meter | null,
  retryAfter: number | null,
): SluiceError {
  const retryAfterMs =
    retryAfter === null ? null : Math.max(1, Math.ceil(retryAfter / MICROS_PER_MS));
  const limit = meter === null ? null : meter.capacity / MICRO_UNITS;
  const name = meter === null ? null : meterName(meter);
  const details = { meter: name, limit, retryAfterMs };
  return new SluiceError(code, messageOf(code, name, limit, retryAfterMs), { details });
}

function messageOf(
  code: string,
  meter: string | null,
  limit: number | null,
  retryAfterMs: number | null,
): string {
  const which = meter === null ? "the shared budget" : `the limit on ${meter} (${limit})`;
  const when = retryAfterMs === null ? "" : `; try again in ${retryAfterMs / 1_000} s`;
  switch (code) {
    case "demand_exceeds_limit":
      return `this request is larger than ${which} and would never fit`;
    case "queue_full":
      return `too many requests are waiting already${when}`;
    case "tenant_quota_exhausted":
      return `your own quota is used up: ${which}${when}`;
    case "store_unavailable":
      return `the store that counts ${which} does not answer${when}`;
    default:
      return `${which} has no room within the request's max wait${when}`;
  }
}
