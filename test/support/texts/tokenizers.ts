/** Tokenizers of providers whose vocabularies are public in some version, to judge estimates by. */
import { getTokenizer } from "@anthropic-ai/tokenizer";
import llama2 from "llama-tokenizer-js";
import llama3 from "llama3-tokenizer-js";
import mistral from "mistral-tokenizer-js";

export interface ProviderTokenizer {
  /** A model of the family. */
  readonly model: string;
  count(text: string): number;
}

const claude = getTokenizer();

export const PROVIDER_TOKENIZERS: readonly ProviderTokenizer[] = [
  {
    model: "claude-opus-4-5",
    // As `countTokens` there does, which loads the vocabulary anew for each text.
    count: (text) => claude.encode(text.normalize("NFKC"), "all").length,
  },
  { model: "llama-2-70b-chat", count: (text) => llama2.encode(text, false, false).length },
  {
    model: "meta-llama/llama-3.3-70b",
    count: (text) => llama3.encode(text, { bos: false, eos: false }).length,
  },
  { model: "mistral-7b", count: (text) => mistral.encode(text, false, false).length },
];
