/** Texts by seed: made up, yet cut into tokens much as real ones of their kind are. */
import { seeded } from "../gateway-random.ts";
import { ADJECTIVES, CHINESE, GLUE, NOUNS, RUSSIAN, SYLLABLES, VERBS } from "./words.ts";

export type TextSort = "prose" | "code" | "json" | "chinese" | "russian" | "base64";

export const TEXT_SORTS: readonly TextSort[] = [
  "prose",
  "code",
  "json",
  "chinese",
  "russian",
  "base64",
];

type Random = () => number;

/** A text of `length` UTF-16 units; the same seed gives the same text. */
export function makeText(sort: TextSort, length: number, seed: number): string {
  const random = seeded(seed);
  const parts: string[] = [];
  for (let total = 0; total < length; ) {
    const part = PARTS[sort](random);
    parts.push(part);
    total += part.length;
  }
  return parts.join("").slice(0, length);
}

const PARTS: Readonly<Record<TextSort, (random: Random) => string>> = {
  prose,
  code,
  json,
  chinese,
  russian,
  base64: (random) => pick(BASE64, random),
};

const BASE64 = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"];

function prose(random: Random): string {
  const words: string[] = [];
  for (let left = 5 + below(18, random); left > 0; left--) {
    const kind = random();
    if (kind < 0.4) words.push(pick(GLUE, random));
    else if (kind < 0.65) words.push(pick(NOUNS, random));
    else if (kind < 0.82) words.push(pick(VERBS, random));
    else if (kind < 0.97) words.push(pick(ADJECTIVES, random));
    else words.push(String(below(3_000, random)));
    if (random() < 0.07) words[words.length - 1] += ",";
  }
  const [first, ...rest] = words;
  const end = random() < 0.15 ? ".\n\n" : ". ";
  return [first[0].toUpperCase() + first.slice(1), ...rest].join(" ") + end;
}

function code(random: Random): string {
  const indent = "  ".repeat(1 + below(3, random));
  const [name, other, field] = [identifier(random), identifier(random), identifier(random)];
  const value = random() < 0.5 ? String(below(1_000, random)) : `"${pick(NOUNS, random)}"`;
  const lines = [
    `${indent}const ${name} = ${other}.${field}(${value});\n`,
    `${indent}if (${name} !== null && ${other}.length > ${below(99, random)}) {\n`,
    `${indent}return ${other}.map((${name}) => ${name}.${field} ?? ${value});\n`,
    `${indent}this.#${name}[${other}] += ${field} * ${below(64, random)};\n`,
    `${indent}// ${pick(VERBS, random)} when the ${pick(NOUNS, random)} is ${pick(ADJECTIVES, random)}\n`,
    `${indent}for (let i = 0; i < ${name}.${field}; i++) ${other}.push(${name}[i]);\n`,
    `}\n\nexport function ${name}(${other}: string, ${field}: number): boolean {\n`,
    `${indent}throw new Error(\`${pick(NOUNS, random)}: found \${${name}}\`);\n`,
    `${indent}}\n`,
  ];
  return pick(lines, random);
}

function identifier(random: Random): string {
  const parts = Array.from({ length: 1 + below(2, random) }, () =>
    pick(random() < 0.5 ? SYLLABLES : NOUNS, random),
  );
  const [first, ...rest] = parts;
  return first + rest.map((part) => part[0].toUpperCase() + part.slice(1)).join("");
}

function json(random: Random): string {
  const record = {
    id: below(1_000_000, random),
    [identifier(random)]: pick(NOUNS, random),
    created_at: `2026-0${1 + below(9, random)}-1${below(10, random)}T0${below(10, random)}:15:00Z`,
    [identifier(random)]: Number((random() * 100).toFixed(2)),
    tags: [pick(ADJECTIVES, random), pick(NOUNS, random)],
    note: prose(random).trim(),
    [identifier(random)]: random() < 0.5,
  };
  return `${JSON.stringify(record)},`;
}

function chinese(random: Random): string {
  let text = "";
  for (let left = 4 + below(9, random); left > 0; left--) text += pick(CHINESE, random);
  return text + pick(["，", "，", "。", "。\n", "；"], random);
}

function russian(random: Random): string {
  const words = Array.from({ length: 5 + below(12, random) }, () => pick(RUSSIAN, random));
  const [first, ...rest] = words;
  return `${[first[0].toUpperCase() + first.slice(1), ...rest].join(" ")}. `;
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[below(list.length, random)];
}

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}
