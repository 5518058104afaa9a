/** Shapes of sentences: choices, lists of labels, questions for facts, conditions, one thing after another. */
import { wordPattern } from "./words.ts";

/** "a, b or c" at the end of a sentence. */
export const CHOICE =
  /[\p{L}_-]+,? (?:or|oder|ou|o|of|lub|или|veya) [\p{L}_-]+(?: [\p{L}_-]+){0,3}["”»]?\s*(?:[?.:\n]|$)|[\p{L}]+[、·・][\p{L}]+[、·・]/u;
/** A list of labels after a colon. */
export const LABELS = /: ?["“]?[\p{L}_-]+["”]?(?:(?:, | \| |、)["“]?[\p{L}_-]+["”]?){2,}/u;
/** What asks for a fact that stands in a text, and not for an opinion on it. */
export const FACTUAL = wordPattern(
  `when, where, who=, how many, how much, how long, how often, how do i, what time, what is the, what are the, what day, what's the, which, are you, do you, is the, does it, can i,
   is parking, is there, is it included, wann, wo=, wer=, wie viel, wie lange, wie oft, welche, bis wann, quand, où, qui, combien, à quelle, quel,
   cuándo, dónde, quién, cuánto, cuánta, a qué, qué día, quando, dove, quanto, quanti, a che ora, onde, quem, quantos, a que horas,
   wanneer, waar, hoeveel, kiedy, gdzie, ile, когда, где, кто, сколько, ne zaman, nerede, kaç, متى, أين, كم, कब, कहाँ, कितने`,
  "什么时候, 几点, 多少, 哪, いつ, どこ, 何, 언제, 어디, 몇, 얼마",
);
/** A choice from a list that the instruction brings along. */
export const PICK =
  /(?<!\p{L})(?:pick|choose|select|which of|wähle|choisis|elige|scegli|escolha|kies|wybierz|выбери|seç)(?!\p{L})[^\n]{0,80}: ?[\p{L}_-]+(?:, ?[\p{L}_-]+)+/u;
/** What would be, if: that does not stand in the text. */
export const HYPOTHETICAL = wordPattern(
  "if=, wenn=, falls=, si=, se=, als=, jeśli, если, eğer",
  "如果, もし, 만약",
);

/** One thing after another is a plan: words that say so, or several parts of a sentence. */
export const CHAINED = wordPattern(
  "then=, after that, afterwards, and also, danach, anschließend, dann=, puis=, ensuite, luego, después, poi=, depois, затем, потом",
  "然后, それから, その後, 그리고 나서",
);
export const JOINTS = /[,;、，]|(?<!\p{L})(?:and|und|et|y|e|en|i|и|ve)(?!\p{L})/gu;
