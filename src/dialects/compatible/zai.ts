/** Z.ai (GLM): business codes as texts, in `error.code` or, on its Anthropic endpoint, in `error.type`. */
import { codeTable } from "../verdicts/verdict-rules.ts";
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const zai = compatible({
  name: "zai",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
  streamsUsageUnasked: true,
  rules: {
    codes: codeTable({
      "1000": "auth",
      "1001": "auth",
      "1002": "auth",
      "1003": "auth",
      "1004": "auth",
      "1110": "auth",
      "1112": "auth",
      "1113": "billing",
      "1211": "not_found",
      "1220": "auth",
      "1261": "context_length",
      "1301": "content_filter",
      "1302": "quota",
      "1303": { class: "quota", dimension: "requests" },
      "1304": { class: "quota", dimension: "requests_per_day" },
      "1305": "overload",
      "1308": "quota",
      "1309": "billing",
      "1310": "quota",
      "1315": "billing",
    }),
  },
});
