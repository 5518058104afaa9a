/** Bedrock: input and the bound on output are taken at once; in the end output counts at the model's rate. */
import type { Call, Spent } from "../../answer/call.ts";
import { type MockDialect, NOTHING } from "../../dialect.ts";
import type { Demand } from "../../limits/grant.ts";
import { BUCKET } from "../../limits/limits.ts";
import { bearerKey } from "../openai/dialect.ts";
import { bedrockFailure } from "./failures.ts";
import { routeBedrock } from "./routes.ts";

/** What is reserved where a request sets no bound. */
const DEFAULT_MAX_TOKENS = 4_096;
/** docs.aws, quotas-token-burndown: with Claude from 3.7 on, one token of output counts five. */
const BURNS_FASTER = /claude-(?:3-7|(?:opus|sonnet|haiku|fable|mythos)-[4-9]|[4-9])/;
const FAST_RATE = 5;
/** The access key of a signature. */
const SIGNED = /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\//;

export const bedrockDialect: MockDialect = {
  name: "bedrock",
  meters: { rpm: BUCKET, tpm: BUCKET, tpd: BUCKET },
  slotsCountAfterMs: 0,
  // docs.aws, quotas of Claude Sonnet 4 on demand; "TPD = TPM x 24 x 60"
  defaults: { rpm: 200, tpm: 200_000, tpd: 288_000_000 },
  failureDemand: () => NOTHING,
  outputDimensions: [],
  requestIdHeader: "x-amzn-requestid",
  requestId: uuid,
  processingHeader: "x-amzn-bedrock-invocation-latency",
  route: routeBedrock,
  keyOf(headers) {
    const signer = SIGNED.exec(String(headers.authorization ?? ""))?.[1];
    return signer ?? bearerKey(headers);
  },
  demandOf(call) {
    const tokens = takenBy(call);
    return { rpm: 1, tpm: tokens, tpd: tokens };
  },
  refundOf,
  rateHeaders: () => ({}),
  failureReply: bedrockFailure,
};

function takenBy({ inputTokens, maxOutputTokens }: Call): number {
  return inputTokens + (maxOutputTokens ?? DEFAULT_MAX_TOKENS);
}

/** What is read from the cache does not count. */
function refundOf(call: Call, { inputTokens, cachedTokens, outputTokens }: Spent): Demand {
  const rate = BURNS_FASTER.test(call.model) ? FAST_RATE : 1;
  const left = takenBy(call) - (inputTokens - cachedTokens + outputTokens * rate);
  return { tpm: left, tpd: left };
}

function uuid(id: string): string {
  const digits = id.padStart(32, "0");
  return [8, 12, 16, 20, 32]
    .map((end, i, ends) => digits.slice(i === 0 ? 0 : ends[i - 1], end))
    .join("-");
}
