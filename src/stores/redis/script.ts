/** Script: the Lua files of one folder as one script, in the order in which they build on each other. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const FILES = [
  "numbers",
  "state",
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
  "operations",
  "step",
] as const;

/** What a file defines at its margin without `local` is there for the files after it. */
const SHARED = /^(?:function (\w+)|(\w+(?:, \w+)*) =)/gm;

export interface Script {
  readonly source: string;
  /** By which Redis knows it once it is loaded. */
  readonly sha: string;
}

/** Reads the step script; its files lie beside this one. */
export function readScript(): Script {
  const texts = FILES.map((name) =>
    readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), "utf8"),
  );
  const source = joined(texts);
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/** Each file is a block of its own, because Lua allows 200 local names in one; Redis allows no globals. */
function joined(texts: readonly string[]): string {
  const shared = texts.flatMap((text) =>
    [...text.matchAll(SHARED)].flatMap(([, name, names]) => name ?? names),
  );
  const last = texts.at(-1);
  const blocks = texts.slice(0, -1).map((text) => `do\n${text}\nend`);
  return [`local ${shared.join(", ")}`, ...blocks, last].join("\n");
}
