/** vLLM: a server without limits of its own, so what comes is a queue that grows, or the proxy in front. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const vllm = compatible({ name: "vllm", ledger: BY_USAGE });
