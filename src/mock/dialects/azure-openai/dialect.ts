/** Azure OpenAI: OpenAI's API by deployment; tokens are counted by the minute, requests in slices of seconds. */
import type { Call, Spent } from "../../answer/call.ts";
import { type MockDialect, NOTHING } from "../../dialect.ts";
import type { Failure } from "../../failure.ts";
import type { Demand } from "../../limits/grant.ts";
import { fixed } from "../../limits/limits.ts";
import { bearerKey, countedFailure } from "../openai/dialect.ts";
import { azureFailure } from "./failures.ts";
import { azureRateHeaders } from "./headers.ts";
import { DEFAULT_MAX_TOKENS, routeAzure } from "./routes.ts";

export const azureDialect: MockDialect = {
  name: "azure-openai",
  // learn.microsoft.com, quota page: the token count "is reset each minute"; requests are checked on slices.
  meters: { rpm: { kind: "sliced" }, tpm: fixed() },
  slotsCountAfterMs: 0,
  // Six requests per thousand tokens (the same page); the amount is that of one standard deployment.
  defaults: { rpm: 900, tpm: 150_000 },
  failureDemand: (failure: Failure) =>
    failure.kind === "rate-limited" ? NOTHING : countedFailure(),
  outputDimensions: [],
  requestIdHeader: "apim-request-id",
  requestId: (id) => id,
  processingHeader: null,
  route: routeAzure,
  keyOf(headers) {
    const key = headers["api-key"];
    return typeof key === "string" ? key : bearerKey(headers);
  },
  demandOf: (call) => call.cost?.taken ?? NOTHING,
  refundOf,
  rateHeaders: azureRateHeaders,
  failureReply: azureFailure,
};

/** "prompt text, max_tokens and best_of" stay taken; a bound that the request has not set is held until it ends. */
function refundOf({ hasOutput, maxOutputTokens }: Call, { outputTokens }: Spent): Demand {
  if (!hasOutput || maxOutputTokens !== null) return NOTHING;
  return { tpm: DEFAULT_MAX_TOKENS - outputTokens };
}
