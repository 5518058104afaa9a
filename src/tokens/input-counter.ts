/** Input counter: the tokens of a request's input, by the best counter there is for its model. */
import { INPUT_KINDS, type InputEstimate } from "../core/input-estimate.ts";
import type { EncodingName } from "./bpe/encoding-names.ts";
import { encodingIfLoaded } from "./bpe/encodings.ts";
import { applyFactors } from "./family-factors.ts";
import { counterOf } from "./model-counters.ts";
import { roughTokens } from "./rough-tokens.ts";
import { TextCounter } from "./text-counter.ts";
import { FRAME, IMAGES } from "./text-kind.ts";

/** Texts remembered per encoding, 2 MiB: the histories of some hundred agents. */
const REMEMBERED = 2 ** 17;
/** Rough counts serve only until a vocabulary is there. */
const REMEMBERED_ROUGHLY = 2 ** 10;

/** What a request holds, as its dialect has found it. */
export interface InputContent {
  readonly texts: readonly string[];
  /** Tokens around messages and tools, by the provider's rule. */
  readonly frameTokens: number;
  /** Tokens of images and files, by the provider's rule. */
  readonly imageTokens: number;
}

const rough = new TextCounter(roughTokens, REMEMBERED_ROUGHLY);
const counters = new Map<EncodingName, TextCounter>();

/** Never throws; takes at most 10 ms, whatever the input. Null is a request that names no model. */
export function estimateInput(model: string | null, content: InputContent): InputEstimate {
  const { name, encoding, family } = counterOf(model);
  const counter = textCounter(encoding);
  const tokens = new Float64Array(INPUT_KINDS.length);
  (counter ?? rough).addTokens(content.texts, tokens);
  applyFactors(tokens, family);
  tokens[FRAME] = content.frameTokens;
  tokens[IMAGES] = content.imageTokens;
  const isExact = counter !== null && family === "openai";
  return { counter: counter === null ? `rough ${name}` : name, isExact, tokens };
}

/** Null until the vocabulary is there. */
function textCounter(name: EncodingName): TextCounter | null {
  const known = counters.get(name);
  if (known !== undefined) return known;
  const encoding = encodingIfLoaded(name);
  if (encoding === null) return null;
  const counter = new TextCounter((text) => encoding.count(text), REMEMBERED);
  counters.set(name, counter);
  return counter;
}
