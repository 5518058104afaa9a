/** Azure OpenAI's error bodies, in its own words. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";
import type { Dimension } from "../../limits/limits.ts";
import { openaiFailure } from "../openai/failures.ts";

const API_VERSION = "2024-10-21";
const BUSY_SECONDS = 20;
/** What can never fit is told to come again in a day (seen in alex-wolf-ps/dbchatprov2#2). */
const NEVER_MS = 86_400_000;
const LIMIT_WORDS: Readonly<Partial<Record<Dimension, string>>> = {
  rpm: "call rate limit",
  tpm: "token rate limit",
};
const UNAUTHORIZED =
  "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid " +
  "key for an active subscription and use a correct regional API endpoint for your resource.";
const BUSY =
  "The system is currently experiencing high demand and cannot process your request. Your request " +
  `exceeds the maximum usage size allowed during peak load. Please retry after ${BUSY_SECONDS} seconds.`;

export function azureFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return error(401, "401", UNAUTHORIZED);
    case "unknown-path":
      return error(404, "404", "Resource not found");
    case "unknown-model":
      return error(
        404,
        "DeploymentNotFound",
        "The API deployment for this resource does not exist. If you created the deployment within " +
          "the last 5 minutes, please wait a moment and try again.",
      );
    case "bad-request":
      return failure.code === "content_filter" ? filtered(failure.message) : openaiFailure(failure);
    case "rate-limited":
      return rateLimited(failure.refusal, failure.model);
    case "not-ready":
    case "overloaded":
      return error(429, "429", BUSY, waitHeaders(BUSY_SECONDS * 1_000));
    case "status":
      return plainStatus(failure.status);
    default:
      return openaiFailure(failure);
  }
}

function error(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return jsonReply(status, { error: { code, message } }, headers);
}

function filtered(message: string): Reply {
  const found = { filtered: true, severity: "high" };
  const none = { filtered: false, severity: "safe" };
  const results = { hate: none, self_harm: none, sexual: none, violence: found };
  const inner = { code: "ResponsibleAIPolicyViolation", content_filter_result: results };
  const fields = { type: null, param: "prompt", code: "content_filter", status: 400 };
  return jsonReply(400, { error: { message, ...fields, innererror: inner } });
}

function rateLimited({ dimension, limit, requested, waitMs }: Refusal, model: string): Reply {
  const operation = model.includes("embedding") ? "Embeddings_Create" : "ChatCompletions_Create";
  const what = LIMIT_WORDS[dimension] ?? "the limit of concurrent requests";
  const where = `Requests to the ${operation} Operation under Azure OpenAI API version ${API_VERSION}`;
  const said = `${where} have exceeded ${what} of your current OpenAI S0 pricing tier.`;
  const policy = { "policy-id": `DeploymentRatelimit-${dimension === "tpm" ? "Token" : "Call"}` };
  const toldMs = requested > limit ? NEVER_MS : waitMs;
  if (toldMs === null) return error(429, "429", `${said} Please retry later.`, policy);
  const seconds = Math.max(1, Math.ceil(toldMs / 1_000));
  const wait = `Please retry after ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
  return error(429, "429", `${said} ${wait}`, { ...policy, ...waitHeaders(toldMs) });
}

function waitHeaders(waitMs: number): Record<string, string> {
  const whole = Math.ceil(waitMs);
  return {
    "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))),
    "retry-after-ms": String(whole),
    "x-ms-retry-after-ms": String(whole),
  };
}

function plainStatus(status: number): Reply {
  if (status === 429) {
    const said = "Your requests have exceeded the call rate limit. Please retry after 1 second.";
    return error(429, "429", said, waitHeaders(1_000));
  }
  if (status >= 500) return error(status, "InternalServerError", "Internal server error");
  return error(status, String(status), `The request was refused with status ${status}.`);
}
