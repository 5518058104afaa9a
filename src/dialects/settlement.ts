/** Settlement: what a provider's meters have counted of a call in the end, for those that count what is really used. */
import { type Demand, demandOf, NO_DEMAND, type Usage } from "../core/demand.ts";
import type { CallEnd, Forecast } from "../core/dialect.ts";
import type { VerdictClass } from "../core/verdict/verdict.ts";

/** Real usage counts; `inputOf` says how much of the input does. A call that failed counts as a request. */
export function settleByUsage(
  forecast: Forecast,
  end: CallEnd,
  inputOf: (usage: Usage) => number,
): Demand {
  const { charged } = forecast;
  if (end.kind === "never-sent") return NO_DEMAND;
  if (end.kind === "cut-off") {
    const inputTokens = end.usage === null ? charged.inputTokens : inputOf(end.usage);
    const outputTokens = Math.max(end.usage?.outputTokens ?? 0, end.outputTokensSeen);
    return counted(forecast, inputTokens, outputTokens);
  }
  if (end.usage !== null) return counted(forecast, inputOf(end.usage), end.usage.outputTokens);
  if (end.verdict.class === "ok") return charged;
  // After a timeout the call may have run to its end: its input is not given back.
  if (end.verdict.class === "timeout") return counted(forecast, charged.inputTokens, 0);
  return demandOf({ requests: charged.requests });
}

const REFUSALS: ReadonlySet<VerdictClass> = new Set(["quota", "auth"]);

/** What was taken before sending stays taken; a refused call counts as a request. */
export function settleAsTaken(forecast: Forecast, end: CallEnd): Demand {
  if (end.kind === "never-sent") return NO_DEMAND;
  // Without a valid credential nobody's tokens are taken.
  const isRefused = end.kind === "answered" && REFUSALS.has(end.verdict.class);
  return isRefused ? demandOf({ requests: forecast.charged.requests }) : forecast.charged;
}

/** What came from the provider's cache does not count. */
export function withoutCached(usage: Usage): number {
  return Math.max(0, usage.inputTokens - usage.cachedInputTokens);
}

export function wholeInput(usage: Usage): number {
  return usage.inputTokens;
}

function counted(
  { charged, outputRate = 1 }: Forecast,
  inputTokens: number,
  outputTokens: number,
): Demand {
  const tokens = inputTokens + outputTokens * outputRate;
  return { ...charged, tokens, inputTokens, outputTokens };
}
