/** The forecast of calls that use no tokens, and of bodies that were not parsed: one request. */
import { demandOf } from "../../core/demand.ts";
import type { Forecast } from "../../core/dialect.ts";

export function requestOnly(): Forecast {
  return {
    charged: demandOf({ requests: 1 }),
    expected: { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 },
  };
}
