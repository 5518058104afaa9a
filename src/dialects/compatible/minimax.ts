/** MiniMax: errors under HTTP 200, in `base_resp.status_code`. */
import { codeTable } from "../verdicts/verdict-rules.ts";
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const minimax = compatible({
  name: "minimax",
  ledger: BY_USAGE,
  failsUnderSuccess: true,
  generating: ["/chatcompletion_v2", "/chatcompletion_pro"],
  streamsUsageUnasked: true,
  rules: {
    codes: codeTable({
      "1000": "transient",
      "1001": "timeout",
      "1002": { class: "quota", dimension: "requests" },
      "1004": "auth",
      "1008": "billing",
      "1013": "transient",
      "1024": "transient",
      "1026": "content_filter",
      "1027": "content_filter",
      "1033": "transient",
      "1039": { class: "quota", dimension: "tokens" },
      "1041": { class: "quota", dimension: "concurrency" },
      "2013": "invalid_request",
      "2049": "auth",
    }),
  },
});
