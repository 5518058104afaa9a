/** Token estimates without a vocabulary: cheap, and fitted to prose, code, data and many scripts. */

/** OpenAI: "the estimated number of tokens based on the character count"; four characters make one. */
const CHARACTERS_PER_TOKEN = 4;

const PUNCTUATION = 0;
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;
const SPACE = 4;
const BREAK = 5;
const LATIN = 6;
const CYRILLIC = 7;
const IDEOGRAPH = 8;
const HANGUL = 9;
const SURROGATE = 10;
const OTHER = 11;

/**
 * Tokens for the first character of a run of one class, and for each that continues it. Fitted by least squares to
 * o200k on 50 texts (prose in 20 languages, code, JSON, CSV, base64, hex): kinds of text come out within about 20 %.
 * Ideographs and Hangul are set higher, because other vendors' vocabularies hold fewer of them.
 */
const START = Float64Array.of(0.5, 0.62, 1.3, 1.2, 0, 0.35, 0.8, 1.2, 1.3, 1.3, 1.2, 0.4);
const CONTINUE = Float64Array.of(
  0.29,
  0.15,
  0.18,
  0.18,
  0.07,
  0.5,
  0.95,
  0.2,
  0.9,
  0.8,
  0.75,
  0.35,
);

const ASCII = Uint8Array.from({ length: 128 }, (_, code) => asciiClass(code));

/** Tokens by the rule "four characters are one token", rounded up. */
export function characterEstimate(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** About how many tokens a text is; a fraction where it is. */
export function roughTokens(text: string): number {
  let tokens = 0;
  let previous = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = code < 128 ? ASCII[code] : wideClass(code);
    tokens += continues(previous, kind) ? CONTINUE[kind] : START[kind];
    previous = kind;
  }
  return tokens;
}

/** Lower case goes on after a capital ("Hello"), and letters with accents belong to their word. */
function continues(previous: number, kind: number): boolean {
  if (previous === kind) return true;
  if (kind === LOWER) return previous === UPPER || previous === LATIN;
  return kind === LATIN && (previous === LOWER || previous === UPPER);
}

function asciiClass(code: number): number {
  if (code >= 97 && code <= 122) return LOWER;
  if (code >= 65 && code <= 90) return UPPER;
  if (code >= 48 && code <= 57) return DIGIT;
  if (code === 32) return SPACE;
  return code === 9 || code === 10 || code === 13 ? BREAK : PUNCTUATION;
}

function wideClass(code: number): number {
  if (code < 0x250 || (code >= 0x1e00 && code < 0x1f00)) return LATIN;
  if (code >= 0x370 && code < 0x530) return CYRILLIC;
  if (code >= 0xac00 && code < 0xd7b0) return HANGUL;
  if (code >= 0xd800 && code < 0xe000) return SURROGATE;
  const isIdeograph = (code >= 0x2e80 && code < 0xa000) || (code >= 0xf900 && code < 0xfb00);
  return isIdeograph || code >= 0xff00 ? IDEOGRAPH : OTHER;
}
