/** Answer headers: what Sluice did for a call, and what binds its tenant, in the client's dialect. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { Dimension } from "../../core/demand.ts";
import type { SluiceError } from "../../core/errors.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import type { ClientDialect } from "../../dialects/client-dialect.ts";
import { type RateState, type RateStates, rateHeaders } from "../../dialects/rate-headers.ts";
import { refusalBody, refusalHeaders } from "../../dialects/refusal-body.ts";
import type { CallReport } from "./answer.ts";

export function reportHeaders(report: CallReport): Record<string, string> {
  const headers: Record<string, string> = {
    "x-sluice-request-id": report.id,
    "x-sluice-upstream": report.upstream,
    "x-sluice-attempts": String(report.attempts),
    "x-sluice-wait-ms": report.waitMs.toFixed(1),
    "x-sluice-overhead-ms": report.overheadMs.toFixed(2),
    "x-sluice-fallback": report.fallback ?? "none",
    "x-sluice-pressure": report.pressure.toFixed(2),
  };
  if (report.model !== null) headers["x-sluice-model"] = inHeader(report.model);
  const { trimmed } = report;
  if (trimmed !== null) {
    headers["x-sluice-trimmed"] = `${trimmed.messages};tokens=${trimmed.tokens}`;
  }
  if (report.advice.length > 0) headers["x-sluice-advice"] = report.advice.join(", ");
  const { shadow } = report;
  if (shadow !== null) headers["x-sluice-shadow-wait-ms"] = shadow.waitMs.toFixed(1);
  if (shadow !== null && shadow.refused !== null)
    headers["x-sluice-shadow-refused"] = shadow.refused;
  return headers;
}

/** A client's model may hold any character, a header's value may not. */
function inHeader(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text.toWellFormed());
}

/**
 * Of each dimension the meter with the least left: that is what binds. What is kept back is not left. In shadow mode nothing of ours binds: the provider's own headers go to the client.
 */
export function bindingRateHeaders(
  client: ClientDialect,
  { meters, floors, shadow }: Pick<CallReport, "meters" | "floors" | "shadow">,
  now: number,
): Readonly<Record<string, string>> {
  if (shadow !== null) return {};
  const states: Partial<Record<keyof RateStates, RateState>> = {};
  for (let i = 0; i < meters.length; i++) {
    const meter = meters[i];
    const name = RATE_NAMES[meter.label.dimension];
    if (name === undefined) continue;
    const { limit, level, resetsAt } = meter.read(now);
    const state = {
      limit: limit / MICRO_UNITS,
      remaining: Math.max(0, level - (floors[i] ?? 0)) / MICRO_UNITS,
      resetMs: ((resetsAt ?? now) - now) / MICROS_PER_MS,
    };
    const known = states[name];
    if (!known || isTighter(state, known)) states[name] = state;
  }
  return rateHeaders(client, states, now / MICROS_PER_MS);
}

/** Where as much is left, the lower limit is what a larger request would meet. */
function isTighter(one: RateState, other: RateState): boolean {
  const byRemaining = one.remaining - other.remaining;
  return byRemaining === 0 ? one.limit < other.limit : byRemaining < 0;
}

const RATE_NAMES: Partial<Record<Dimension, keyof RateStates>> = {
  requests: "requests",
  tokens: "tokens",
  input_tokens: "inputTokens",
  output_tokens: "outputTokens",
};

export interface RefusalAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A refusal as a complete answer in the client's form. */
export function refusalAnswer(
  client: ClientDialect,
  error: SluiceError,
  requestId: string,
): RefusalAnswer {
  return {
    status: error.status,
    headers: {
      "content-type": "application/json",
      // Where each SDK looks for what a user can quote.
      [client === "anthropic" ? "request-id" : "x-request-id"]: requestId,
      "x-sluice-request-id": requestId,
      ...refusalHeaders(error),
    },
    body: JSON.stringify(refusalBody(client, error, requestId)),
  };
}
