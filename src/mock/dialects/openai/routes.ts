/** OpenAI's routes, wherever a provider that speaks its API has them. */
import type { Body, Call } from "../../answer/call.ts";
import type { Route, Target } from "../../dialect.ts";
import { type Failure, isUnknownModel, jsonReply, type Reply } from "../../failure.ts";

export type ReadCall = (body: Body) => Call | Failure;

/** Paths that are posted to, as they come. */
export function postTo(
  { method, path }: Target,
  readers: Readonly<Record<string, ReadCall>>,
): Route | null {
  if (!Object.hasOwn(readers, path)) return null;
  if (method !== "POST") return { kind: "wrong-method", path };
  return { kind: "call", path, body: "json", read: readers[path] };
}

/** The list of models at `root`, and each of them below it; any other name is found too, but for the unknown ones. */
export function lookUpModels(
  { method, path }: Target,
  root: string,
  ids: readonly string[],
  describe: (id: string) => object,
): Route {
  const id = path.startsWith(`${root}/`) ? decode(path.slice(root.length + 1)) : "";
  if (path !== root && id === "") return { kind: "unknown-path" };
  const name = path === root ? root : `${root}/{model}`;
  if (method !== "GET") return { kind: "wrong-method", path: name };
  const list = () => jsonReply(200, { object: "list", data: ids.map(describe) });
  const reply = () => (path === root ? list() : find(id, describe));
  return { kind: "lookup", path: name, reply };
}

function find(id: string, describe: (id: string) => object): Reply | Failure {
  return isUnknownModel(id) ? { kind: "unknown-model", model: id } : jsonReply(200, describe(id));
}

/** A stray percent sign is part of the name. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
