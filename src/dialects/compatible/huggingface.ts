/** Hugging Face: a model that is still loading tells its wait in `estimated_time`; monthly credits end in 402. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const huggingFace = compatible({
  name: "huggingface",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
});
