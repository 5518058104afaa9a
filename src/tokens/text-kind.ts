/** Text kind: tells prose, code, data and other scripts apart by the characters they are made of. */
import { INPUT_KINDS, type InputKind } from "../core/input-estimate.ts";

/** So many characters, spread over the text, say what it is. */
const SAMPLES = 256;
/** Shares of the characters from which on a text is of a kind; chosen on texts of each. */
const WIDE_SHARE = 0.3;
const DENSE_SPACES = 0.01;
const DENSE_WORDS = 0.9;
const SHORTEST_DENSE = 48;
const DATA_SIGNS = 0.12;
const CODE_SIGNS = 0.05;

const place = (kind: InputKind) => INPUT_KINDS.indexOf(kind);
export const PROSE = place("prose");
export const CODE = place("code");
export const DATA = place("data");
export const DENSE = place("dense");
export const IDEOGRAPHS = place("ideographs");
export const SCRIPT = place("script");
export const FRAME = place("frame");
export const IMAGES = place("images");

const WORD = 1;
const BLANK = 2;
/** Quotes, colons and commas: what data is made of. */
const DATA_SIGN = 3;
/** Brackets, operators and semicolons. */
const CODE_SIGN = 4;
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => classOf(String.fromCharCode(code)));

/** The place in INPUT_KINDS of what `text[from..to)` is; it must not be empty. */
export function textKind(text: string, from: number, to: number): number {
  const counts = [0, 0, 0, 0, 0];
  let ideographs = 0;
  let script = 0;
  const step = Math.max(1, Math.floor((to - from) / SAMPLES));
  let samples = 0;
  for (let i = from; i < to; i += step) {
    const code = text.charCodeAt(i);
    samples++;
    if (code < 128) counts[CLASSES[code]]++;
    else if (isIdeograph(code)) ideographs++;
    else if (code >= 0x370 && code < 0x2000) script++;
  }
  const inked = samples - counts[BLANK];
  if (ideographs > WIDE_SHARE * inked) return IDEOGRAPHS;
  if (script > WIDE_SHARE * inked) return SCRIPT;
  const isLong = to - from >= SHORTEST_DENSE;
  const hasNoBlanks = counts[BLANK] <= DENSE_SPACES * samples;
  if (isLong && hasNoBlanks && counts[WORD] >= DENSE_WORDS * samples) return DENSE;
  const signs = counts[DATA_SIGN] + counts[CODE_SIGN];
  if (counts[DATA_SIGN] > DATA_SIGNS * samples) return DATA;
  return signs > CODE_SIGNS * 2 * samples || counts[CODE_SIGN] > CODE_SIGNS * samples
    ? CODE
    : PROSE;
}

function classOf(character: string): number {
  if (/[a-z0-9]/i.test(character)) return WORD;
  if (/\s/.test(character)) return BLANK;
  if (/[":,]/.test(character)) return DATA_SIGN;
  return /[(){}[\];=<>+*/&|!#$%@^~\\_`]/.test(character) ? CODE_SIGN : 0;
}

/** Chinese, Japanese and Korean, and the pictures that are as dense. */
function isIdeograph(code: number): boolean {
  return (code >= 0x2e80 && code < 0xa4d0) || (code >= 0xac00 && code < 0xfb00) || code >= 0xfe30;
}
