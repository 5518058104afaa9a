/** Azure OpenAI's routes: by deployment with an api-version, or as OpenAI's below /openai/v1. */
import type { Body, Call } from "../../answer/call.ts";
import type { Route, Target } from "../../dialect.ts";
import { type BadRequest, badRequest, type Failure } from "../../failure.ts";
import { readChat } from "../openai/chat.ts";
import { readEmbeddings } from "../openai/embeddings.ts";
import { OPENAI_MODELS, openaiModel } from "../openai/models.ts";
import { readResponses } from "../openai/responses.ts";
import { decode, lookUpModels, postTo, type ReadCall } from "../openai/routes.ts";
import { AZURE_CHAT } from "./chat.ts";

/** What is reserved where a request sets no bound: the largest answer of the models that Azure's pages speak of. */
export const DEFAULT_MAX_TOKENS = 4_096;
/** The API allows no more choices. */
const MAX_CHOICES = 128;

const OPERATIONS: Readonly<Record<string, ReadCall>> = {
  "chat/completions": counted((body) => filtered(body) ?? readChat(body, AZURE_CHAT)),
  responses: counted((body) => readResponses(body)),
  embeddings: counted((body) => readEmbeddings(body)),
};
const V1_READERS = Object.fromEntries(
  Object.entries(OPERATIONS).map(([name, read]) => [`/openai/v1/${name}`, read]),
);
const DEPLOYMENT = /^\/openai\/deployments\/([^/]+)\/(chat\/completions|embeddings)$/;

export function routeAzure(target: Target): Route {
  const [, deployment, operation] = DEPLOYMENT.exec(target.path) ?? [];
  if (deployment === undefined) {
    return (
      postTo(target, V1_READERS) ??
      lookUpModels(target, "/openai/v1/models", OPENAI_MODELS, openaiModel)
    );
  }
  const path = `/openai/deployments/{deployment}/${operation}`;
  // Without a version Azure finds nothing, and says just that.
  if (!target.query.has("api-version")) return { kind: "unknown-path" };
  if (target.method !== "POST") return { kind: "wrong-method", path };
  const read = (body: Body) => OPERATIONS[operation]({ ...body, model: decode(deployment) });
  return { kind: "call", path, body: "json", read };
}

/** Prompt, and the bound of each choice: `best_of` counts choices that are never sent. */
function counted(read: (body: Body) => Call | BadRequest): (body: Body) => Call | Failure {
  return (body) => {
    const call = read(body);
    if (call.kind !== "call") return call;
    const most = call.hasOutput ? (call.maxOutputTokens ?? DEFAULT_MAX_TOKENS) : 0;
    const tpm = Math.max(1, call.inputTokens + most * choicesOf(body));
    return { ...call, cost: { taken: { rpm: 1, tpm }, returned: {}, holdsSlot: true } };
  };
}

function choicesOf({ n, best_of }: Body): number {
  const choices = [n, best_of].filter((value) => Number.isInteger(value)) as number[];
  return Math.min(MAX_CHOICES, Math.max(1, ...choices));
}

/** So that tests can see the filter at work: a prompt that names it is refused by it. */
function filtered({ messages }: Body): BadRequest | null {
  if (!JSON.stringify(messages ?? "").includes("content filter")) return null;
  const why =
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. " +
    "Please modify your prompt and retry.";
  return badRequest(why, "prompt", "content_filter");
}
