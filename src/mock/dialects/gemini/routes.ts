/** Gemini's routes: the model and the method stand in the path. */
import type { Body } from "../../answer/call.ts";
import type { Route, Target } from "../../dialect.ts";
import { type Failure, isUnknownModel, jsonReply, type Reply } from "../../failure.ts";
import { decode } from "../openai/routes.ts";
import { readEmbedding, readEmbeddingBatch } from "./embeddings.ts";
import { countInput, readGenerate } from "./generate.ts";

const MODELS = ["gemini-3-pro", "gemini-2.5-flash", "gemini-embedding-001"];
const PATH = /^\/(v1|v1beta)\/models(?:\/([^/:]+)(?::([A-Za-z]+))?)?$/;

export function routeGemini({ method, path, query }: Target): Route {
  const [found, version, id, action] = PATH.exec(path) ?? [];
  if (found === undefined) return { kind: "unknown-path" };
  const model = decode(id ?? "");
  if (action === undefined) return lookUp(method, version, model);
  const name = `/${version}/models/{model}:${action}`;
  const route = routeAction(name, action, model, query.get("alt") === "sse");
  if (route === null) return { kind: "unknown-path" };
  return method === "POST" ? route : { kind: "wrong-method", path: name };
}

function routeAction(path: string, action: string, model: string, isSse: boolean): Route | null {
  const call = (read: (body: Body) => ReturnType<typeof readGenerate>): Route => {
    return { kind: "call", path, body: "json", read };
  };
  switch (action) {
    case "generateContent":
      return call((body) => readGenerate(body, model, "whole"));
    case "streamGenerateContent":
      return call((body) => readGenerate(body, model, isSse ? "events" : "array"));
    case "embedContent":
      return call((body) => readEmbedding(body, model));
    case "batchEmbedContents":
      return call((body) => readEmbeddingBatch(body, model));
    case "countTokens":
      return { kind: "count", path, reply: countInput };
    default:
      return null;
  }
}

function lookUp(method: string, version: string, model: string): Route {
  const path = `/${version}/models${model === "" ? "" : "/{model}"}`;
  if (method !== "GET") return { kind: "wrong-method", path };
  const list = () => jsonReply(200, { models: MODELS.map(modelOf) });
  return { kind: "lookup", path, reply: () => (model === "" ? list() : find(model)) };
}

function find(model: string): Reply | Failure {
  return isUnknownModel(model) ? { kind: "unknown-model", model } : jsonReply(200, modelOf(model));
}

function modelOf(id: string): object {
  const limits = { inputTokenLimit: 1_048_576, outputTokenLimit: 65_536 };
  const supportedGenerationMethods = ["generateContent", "countTokens"];
  return { name: `models/${id}`, displayName: id, ...limits, supportedGenerationMethods };
}
