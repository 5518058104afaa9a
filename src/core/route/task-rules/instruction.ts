/** Instruction: what a prompt asks, apart from the text that it is asked about. */

const MOST_OF_START = 4_000;
const MOST_OF_END = 1_000;
const MOST_OF_PARAGRAPH = 600;

/** Bounded, so that rules take the same time for any length. */
export function excerpt(text: string): string {
  if (text.length <= MOST_OF_START + MOST_OF_END) return text;
  return `${text.slice(0, MOST_OF_START)}\n\n${text.slice(-MOST_OF_END)}`;
}

/** Quotes, tagged passages and blocks: material. Labels stay, for they tell what the material is. */
const MATERIAL = [
  /```[\s\S]{0,5000}?(?:```|$)/g,
  /<([a-z_]{1,30})>[\s\S]{0,5000}?<\/\1>/gi,
  /"[^"\n]{20,2000}"/g,
  /«[^»]{20,2000}»/g,
  /“[^”]{20,2000}”/g,
  /„[^“]{20,2000}“/g,
];

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
  const bare = MATERIAL.reduce((text, material) => text.replace(material, " … "), prompt);
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
