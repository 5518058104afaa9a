/**
 * Used: what a call has really cost its tenant. It is the second of the two ledgers: what the
 * provider's meters count (tokens it reserved, attempts it refused) is none of the tenant's use.
 */
import { type Demand, NO_DEMAND, type Usage } from "../demand.ts";
import type { CallEnd, Forecast } from "../dialect.ts";
import type { VerdictClass } from "../verdict/verdict.ts";
import { type Price, usdOf } from "./price.ts";

/** The provider has not served such a call, for reasons that are not the tenant's. */
const NOT_SERVED: ReadonlySet<VerdictClass> = new Set(["quota", "overload", "billing", "auth"]);

type ServedEnd = Exclude<CallEnd, { readonly kind: "never-sent" }>;

const NOTHING: Usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 };

/** `price` null: unknown, so no money is counted. A call counts as one request however often it was tried. */
export function usedBy(forecast: Forecast, end: CallEnd, price: Price | null): Demand {
  if (!isServed(end)) return NO_DEMAND;
  const usage = usageOf(forecast, end);
  const { inputTokens, outputTokens } = usage;
  return {
    requests: forecast.charged.requests,
    tokens: inputTokens + outputTokens,
    inputTokens,
    outputTokens,
    usd: price === null ? 0 : usdOf(price, usage),
    units: forecast.charged.units,
  };
}

function isServed(end: CallEnd): end is ServedEnd {
  if (end.kind === "never-sent") return false;
  return end.kind === "cut-off" || !NOT_SERVED.has(end.verdict.class);
}

/** As reported; else as expected, of a call that failed nothing. */
function usageOf({ expected }: Forecast, end: ServedEnd): Usage {
  if (end.usage !== null) return end.usage;
  if (end.kind === "cut-off") return { ...expected, outputTokens: end.outputTokensSeen };
  return end.verdict.class === "ok" ? expected : NOTHING;
}
