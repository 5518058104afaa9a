/** Ollama, in the cloud and at home: usage limits by session and week in a sentence; a full queue is 503. */
import { compatible } from "./compatible.ts";
import { BY_USAGE } from "./token-ledger.ts";

export const ollama = compatible({
  name: "ollama",
  ledger: BY_USAGE,
  takesMaxTokensAlone: true,
  generating: ["/api/chat", "/api/generate"],
});
