/** Words: patterns out of word beginnings, for scripts that separate words and for those that do not. */

/**
 * `spaced`: beginnings of words, any letter may follow; `=` at the end: the whole word. `unspaced`: anywhere in the text.
 * Both are lower case, separated by commas; a blank stands for any white space.
 */
export function wordPattern(spaced: string, unspaced = ""): RegExp {
  const beginnings = listed(spaced).map((word) => {
    const isWhole = word.endsWith("=");
    const text = escaped(isWhole ? word.slice(0, -1) : word);
    return isWhole ? `${text}(?![\\p{L}\\p{N}])` : text;
  });
  const anywhere = listed(unspaced).map(escaped);
  const parts = [`(?<![\\p{L}\\p{N}])(?:${beginnings.join("|")})`, ...anywhere];
  return new RegExp(parts.join("|"), "u");
}

function listed(words: string): string[] {
  return words
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function escaped(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ /g, "\\s+");
}
