/** Text: what the mock says, and how many tokens a text counts as. */

/** The mock's whole tokenizer: four characters are a token, by OpenAI's rule of thumb. */
export const CHARACTERS_PER_TOKEN = 4;

const WORDS = (
  "the and for are not you all can has was one our out day get him his how man new now old see two " +
  "way who boy did its let put say she too use act add age ago air art ask bad bag bar bed big bit " +
  "box bus buy car cup cut dry ear eat egg end eye far"
).split(" ");
const LONGEST_TEXT_OFFSET = 1_024;
const CORPUS_TOKENS = 8_192;

/** Every word has three letters and a space, so that a token is exactly one word. */
const CORPUS = Array.from({ length: CORPUS_TOKENS }, (_, i) => {
  return `${WORDS[(i * 7 + ((i * i) >> 3)) % WORDS.length]} `;
}).join("");

/** `tokens` words; `draw` (0 to 1) picks where in the corpus they start. */
export function writeText(tokens: number, draw: number): string {
  const start = Math.floor(draw * LONGEST_TEXT_OFFSET);
  const needed = start + tokens;
  const corpus =
    needed <= CORPUS_TOKENS ? CORPUS : CORPUS.repeat(Math.ceil(needed / CORPUS_TOKENS));
  return corpus.slice(start * CHARACTERS_PER_TOKEN, needed * CHARACTERS_PER_TOKEN);
}

/** The part of a text that tokens `from` (inclusive) to `to` (exclusive) make. */
export function sliceTokens(text: string, from: number, to: number): string {
  return text.slice(from * CHARACTERS_PER_TOKEN, to * CHARACTERS_PER_TOKEN);
}

export function tokensIn(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}
