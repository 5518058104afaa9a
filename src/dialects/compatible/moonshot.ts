/** Moonshot (Kimi): three kinds of 429, told apart by the error's type; the limit is named as RPM, TPM or concurrency. */
import { codeTable } from "../verdicts/verdict-rules.ts";
import { compatible } from "./compatible.ts";

export const moonshot = compatible({
  name: "moonshot",
  ledger: { output: "most", counted: "used" },
  rules: {
    codes: codeTable({
      engine_overloaded_error: "overload",
      exceeded_current_quota_error: "billing",
      rate_limit_reached_error: "quota",
      content_filter: "content_filter",
    }),
  },
});
