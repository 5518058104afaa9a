/** Instruction: what a prompt asks, apart from the text that it is asked about. */

const MOST_OF_START = 4_000;
const MOST_OF_END = 1_000;
const MOST_OF_PARAGRAPH = 600;

/** Bounded, so that rules take the same time for any length. */
export function excerpt(text: string): string {
  if (text.length <= MOST_OF_START + MOST_OF_END) return text;
  return `${text.slice(0, MOST_OF_START)}\n\n${text.slice(-MOST_OF_END)}`;
}

/** Quotes and blocks of at least so many characters are material; shorter ones are words of the instruction. */
const LEAST_QUOTED = 20;
const QUOTES: readonly (readonly [open: string, close: string, least: number])[] = [
  ["```", "```", 0],
  ['"', '"', LEAST_QUOTED],
  ["«", "»", LEAST_QUOTED],
  ["“", "”", LEAST_QUOTED],
  ["„", "“", LEAST_QUOTED],
];
const TAG = /<([a-z_]{1,30})>/gi;
const OMITTED = " … ";

/** Without quotes, tagged passages and blocks. Labels stay, for they tell what the material is. */
function withoutMaterial(prompt: string): string {
  return QUOTES.reduce(
    (text, [open, close, least]) => withoutQuotes(text, open, close, least),
    withoutTags(prompt),
  );
}

/** One that is never closed, or too short, is left as it is. Takes no longer than the text is long. */
function withoutQuotes(text: string, open: string, close: string, least: number): string {
  let kept = "";
  let from = 0;
  for (let at = text.indexOf(open); at >= 0; at = text.indexOf(open, from)) {
    const end = text.indexOf(close, at + open.length);
    if (end < 0) break;
    const isMaterial = end - at - open.length >= least;
    const after = end + close.length;
    kept += text.slice(from, at) + (isMaterial ? OMITTED : text.slice(at, after));
    from = after;
  }
  return kept + text.slice(from);
}

function withoutTags(text: string): string {
  let kept = "";
  let from = 0;
  const unclosed = new Set<string>();
  for (const { index, 0: tag, 1: name } of text.matchAll(TAG)) {
    if (index < from || unclosed.has(name)) continue;
    const end = text.indexOf(`</${name}>`, index + tag.length);
    if (end < 0) unclosed.add(name);
    else {
      kept += text.slice(from, index) + OMITTED;
      from = end + name.length + 3;
    }
  }
  return kept + text.slice(from);
}

export interface Asked {
  /** In lower case. */
  readonly instruction: string;
  /** There is a text beside the instruction. */
  readonly hasMaterial: boolean;
  /** A short question stands before or behind the text, and is all that is asked. */
  readonly isQuestionOnText: boolean;
}

const LONGEST_QUESTION = 160;
const QUESTION = /[?？؟]\s*$/;

/**
 * The first paragraph, and the last if it is a question: what lies between is what they are about. Of a single paragraph
 * all, because instruction and material are not told apart.
 */
export function askedBy(prompt: string): Asked {
  const bare = withoutMaterial(prompt);
  const paragraphs = bare
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "" && paragraph !== "…");
  const [first = ""] = paragraphs;
  const last = paragraphs.at(-1) ?? "";
  const hasMaterial = paragraphs.length > 1 || bare.includes("…");
  const asked = paragraphs.length > 1 && QUESTION.test(last) ? [first, last] : [first];
  const isShort = (text: string) => QUESTION.test(text) && text.length <= LONGEST_QUESTION;
  const instruction = asked
    .map((one) => one.slice(0, MOST_OF_PARAGRAPH))
    .join("\n")
    .toLowerCase();
  const isQuestionOnText = hasMaterial && (isShort(first) || isShort(last));
  return { instruction, hasMaterial, isQuestionOnText };
}
