/** NVIDIA NIM, hosted: about 40 requests a minute by report, nothing in headers; a busy worker calls itself exhausted. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const nvidia = compatible({
  name: "nvidia",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
  rules: {
    prose: [{ class: "overload", pattern: /\bworker\b.{0,40}\blimit reached/ }],
    quotaDimension: "requests",
  },
});
