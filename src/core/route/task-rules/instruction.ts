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

/**
 * In lower case. The first paragraph, and the last if it is a question: what lies between is what they are about. Of a
 * single paragraph all, because instruction and material are not told apart.
 */
export function instructionOf(prompt: string): string {
  const bare = MATERIAL.reduce((text, material) => text.replace(material, " … "), prompt);
  const paragraphs = bare
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "" && paragraph !== "…");
  const [first = ""] = paragraphs;
  const last = paragraphs.at(-1) ?? "";
  const isQuestion = /[?？؟]\s*$/.test(last);
  const asked = paragraphs.length > 1 && isQuestion ? [first, last] : [first];
  return asked
    .map((one) => one.slice(0, MOST_OF_PARAGRAPH))
    .join("\n")
    .toLowerCase();
}
