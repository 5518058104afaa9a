/** Bedrock's routes: the model's id, also an encoded ARN, and the method. */
import type { Body, Call } from "../../answer/call.ts";
import type { Route, Target } from "../../dialect.ts";
import { type BadRequest, type Failure, isNotReady } from "../../failure.ts";
import { decode } from "../openai/routes.ts";
import { readConverse } from "./converse.ts";
import { readInvoke } from "./invoke.ts";

const PATH = /^\/model\/([^/]+)\/(invoke|invoke-with-response-stream|converse|converse-stream)$/;

type Read = (body: Body, model: string, isStream: boolean) => Call | BadRequest;

export function routeBedrock({ method, path }: Target): Route {
  const [, id, action] = PATH.exec(path) ?? [];
  if (id === undefined) return { kind: "unknown-path" };
  const name = `/model/{id}/${action}`;
  if (method !== "POST") return { kind: "wrong-method", path: name };
  const read: Read = action.startsWith("invoke") ? readInvoke : readConverse;
  const isStream = action.endsWith("stream");
  const model = decode(id);
  return {
    kind: "call",
    path: name,
    body: "json",
    read: (body): Call | Failure =>
      isNotReady(model) ? { kind: "not-ready", model } : read(body, model, isStream),
  };
}
