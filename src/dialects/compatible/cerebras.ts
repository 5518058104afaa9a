/** Cerebras: dimension and window in the header's name, resets in seconds; max_completion_tokens is taken at once. */
import { rateLimitReadings } from "../hints/ratelimit-headers.ts";
import { codeTable } from "../verdicts/verdict-rules.ts";
import { compatible } from "./compatible.ts";

/** dcdpr/jp#1085: the reservation is max_completion_tokens, at most and by default this. */
const OUTPUT_TAKEN = 16_384;

export const cerebras = compatible({
  name: "cerebras",
  ledger: {
    output: "most",
    outputDefault: OUTPUT_TAKEN,
    outputMost: OUTPUT_TAKEN,
    counted: "used",
  },
  streamsUsageUnasked: true,
  readings: rateLimitReadings,
  rules: {
    codes: codeTable({
      request_quota_exceeded: { class: "quota", dimension: "requests" },
      token_quota_exceeded: { class: "quota", dimension: "tokens" },
      queue_exceeded: "overload",
    }),
  },
});
