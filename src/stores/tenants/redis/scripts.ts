/** Scripts: the Lua of the tenant store, each file a whole script. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Script } from "../../redis/script.ts";

export type ScriptName = "add-use" | "apply" | "begin-again" | "read-use" | "turn";

const known = new Map<ScriptName, Script>();

export function script(name: ScriptName): Script {
  const found = known.get(name) ?? read(name);
  known.set(name, found);
  return found;
}

function read(name: ScriptName): Script {
  const source = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), "utf8");
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}
