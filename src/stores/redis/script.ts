/** Script: the Lua files of one folder as one script, in the order in which they build on each other. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const FILES = [
  "numbers",
  "state",
  "identity",
  "meter",
  "meter-corrections",
  "path",
  "accounts",
  "waiters",
  "line",
  "lane",
  "fair",
  "shares",
  "backlog",
  "blockages",
  "admission",
  "pump",
  "grants",
  "rests",
  "layout",
  "forgetting",
  "instances",
  "mail",
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

/** Reads the step script; its files lie beside this one. `edit` may change the text of a file (tests, benchmarks). */
export function readScript(edit: (name: string, text: string) => string = asItIs): Script {
  const known: string[] = [];
  const blocks = FILES.map((name) => {
    const text = edit(name, readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), "utf8"));
    return INLINE.includes(name) ? text : block(text, known);
  });
  const source = blocks.join("\n");
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

function asItIs(_name: string, text: string): string {
  return text;
}

/**
 * Each file is a function that is given what it uses of the files before it and returns what it
 * shares. Redis allows no globals, and Lua looks up each name that a closure takes from an open
 * scope in a list: with all files in one scope that would be most of the time of a small step.
 */
function block(text: string, known: string[]): string {
  const words = new Set(text.match(/\w+/g));
  const given = known.filter((name) => words.has(name)).join(", ");
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
