/** Gemini's embeddings: one vector for each content, the same one for the same text. */
import { type Body, type Call, isBody, wholeOnly } from "../../answer/call.ts";
import { tokensIn } from "../../answer/text.ts";
import { type BadRequest, badRequest, jsonReply } from "../../failure.ts";
import { embeddingJson } from "../openai/vectors.ts";
import { charactersInParts } from "./generate.ts";

const DEFAULT_DIMENSIONS = 768;
const MAX_DIMENSIONS = 3_072;
/** Documented for batchEmbedContents. */
const MAX_REQUESTS = 100;

export function readEmbedding(body: Body, model: string): Call | BadRequest {
  if (!isBody(body.content))
    return badRequest("* EmbedContentRequest.content: contents is not specified");
  const values = () => vectorJson(body);
  return embeddingCall(model, [body], () => `{"embedding":{"values":${values()}}}`);
}

export function readEmbeddingBatch({ requests }: Body, model: string): Call | BadRequest {
  const all = Array.isArray(requests) ? requests.filter(isBody) : [];
  if (all.length === 0 || all.length > MAX_REQUESTS) {
    return badRequest(`* BatchEmbedContentsRequest.requests: at least 1, at most ${MAX_REQUESTS}`);
  }
  const vectors = () => all.map((one) => `{"values":${vectorJson(one)}}`).join(",");
  return embeddingCall(model, all, () => `{"embeddings":[${vectors()}]}`);
}

function embeddingCall(model: string, bodies: readonly Body[], json: () => string): Call {
  let characters = 0;
  for (const { content } of bodies) characters += charactersInParts(content);
  return {
    kind: "call",
    model,
    isStream: false,
    inputTokens: Math.max(1, tokensIn(characters)),
    maxOutputTokens: null,
    hasOutput: false,
    tool: null,
    cost: null,
    writer: () => wholeOnly(() => jsonReply(200, json())),
  };
}

function vectorJson(body: Body): string {
  const wanted = Number(body.outputDimensionality ?? DEFAULT_DIMENSIONS);
  const isWanted = Number.isInteger(wanted) && wanted >= 1 && wanted <= MAX_DIMENSIONS;
  return embeddingJson(JSON.stringify(body.content), isWanted ? wanted : DEFAULT_DIMENSIONS, false);
}
