/** DashScope (Alibaba Model Studio): OpenAI's words for an empty account mean its token throttle, which clears in a minute. */
import { codeTable } from "../verdicts/verdict-rules.ts";
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

const REQUESTS = { class: "quota", dimension: "requests" } as const;
const TOKENS = { class: "quota", dimension: "tokens" } as const;

export const dashScope = compatible({
  name: "dashscope",
  ledger: BY_USAGE,
  rules: {
    codes: codeTable({
      "AllocationQuota.FreeTierOnly": "billing",
      Arrearage: "billing",
      PrepaidBillOverdue: "billing",
      PostpaidBillOverdue: "billing",
      CommodityNotPurchased: "billing",
      "Throttling.AllocationQuota": TOKENS,
      "Throttling.RateQuota": REQUESTS,
      "Throttling.BurstRate": REQUESTS,
      limit_requests: REQUESTS,
      limit_burst_rate: REQUESTS,
      insufficient_quota: TOKENS,
      DataInspectionFailed: "content_filter",
      data_inspection_failed: "content_filter",
      RequestTimeOut: "timeout",
    }),
    prose: [
      {
        class: "context_length",
        pattern: /range of input length should be/,
        believedAt: (status) => status === 400,
      },
    ],
  },
});
