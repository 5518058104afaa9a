/** Script: the Lua files of one folder as one script, in the order in which they build on each other. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const FILES = [
  "numbers",
  "writes",
  "life",
  "state",
  "identity",
  "meter",
  "meter-corrections",
  "path",
  "timed",
  "accounts",
  "waiters",
  "line",
  "lane",
  "fair",
  "shares",
  "backlog",
  "relief",
  "blockages",
  "admission",
  "pump",
  "grants",
  "rests",
  "layout",
  "forgetting",
  "remains",
  "instances",
  "mail",
  "room",
  "operations",
  "corrections",
  "lives",
  "report",
  "step",
] as const;

/** They may end the step, so they are no functions of their own. */
const INLINE: readonly string[] = ["identity", "step"];

/** What a file defines at its margin without `local` is there for the files after it. */
const SHARED = /^(?:function (\w+)\(|(\w+(?:, \w+)*) =)/gm;

export interface Script {
  readonly source: string;
  /** By which Redis knows it once it is loaded. */
  readonly sha: string;
}

type Edit = (name: string, text: string) => string;

/** Reads the step script; its files lie beside this one. `edit` may change the text of a file (benchmarks, tests). */
export function readScript(edit: Edit = asItIs): Script {
  const texts = FILES.map((name) =>
    edit(name, readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), "utf8")),
  );
  const source = joined(texts);
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

function asItIs(_name: string, text: string): string {
  return text;
}

/** A function has room for 250 names and arguments; beyond so many names the next files get another. */
const MOST_NAMES = 120;

function joined(texts: readonly string[]): string {
  let known: string[] = [];
  const opened: string[] = [];
  const blocks = texts.map((text, i) => {
    const opening: string[] = [];
    if (known.length + sharedNames(text).length > MOST_NAMES) {
      known = usedIn(texts.slice(i).join("\n"), known);
      opening.push(`return (function(${known.join(", ")})`);
      opened.unshift(`end)(${known.join(", ")})`);
    }
    return [...opening, INLINE.includes(FILES[i]) ? text : block(text, known)].join("\n");
  });
  return [...blocks, ...opened].join("\n");
}

function usedIn(text: string, known: readonly string[]): string[] {
  const words = new Set(text.match(/\w+/g));
  return known.filter((name) => words.has(name));
}

/**
 * Each file is a function that is given what it uses of the files before it and returns what it
 * shares. Redis allows no globals, and Lua looks up each name that a closure takes from an open
 * scope in a list: with all files in one scope that would be most of the time of a small step.
 */
function block(text: string, known: string[]): string {
  const given = usedIn(text, known).join(", ");
  const shared = sharedNames(text);
  known.push(...shared);
  if (shared.length === 0) return `(function(${given})\n${text}\nend)(${given});`;
  const names = shared.join(", ");
  return `local ${names} = (function(${given})\nlocal ${names}\n${text}\nreturn ${names}\nend)(${given});`;
}

function sharedNames(text: string): string[] {
  const names = [...text.matchAll(SHARED)].flatMap(([, name, list]) => name ?? list.split(", "));
  return [...new Set(names)];
}
