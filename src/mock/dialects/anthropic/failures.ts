/** Anthropic's error bodies, in its own words. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";
import type { Dimension } from "../../limits/limits.ts";

const ORGANIZATION = "00000000-0000-4000-8000-00000000mock";
const REMEDY =
  "For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response " +
  "headers for current usage. Please reduce the prompt length or the maximum tokens requested, or " +
  "try again later. You may also contact sales at https://claude.com/contact-sales to discuss your " +
  "options for a rate limit increase.";
const TOO_MANY_CONNECTIONS =
  "Number of concurrent connections has exceeded your rate limit. Please try again later or contact " +
  "sales at https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase.";
const OUT_OF_CREDIT =
  "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to " +
  "upgrade or purchase credits.";

const PROSE: Readonly<Partial<Record<Dimension, string>>> = {
  rpm: "requests per minute",
  rpd: "requests per day",
  tpm: "tokens per minute",
  tpd: "tokens per day",
  itpm: "input tokens per minute",
  otpm: "output tokens per minute",
};

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  405: "invalid_request_error",
  409: "conflict_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

export function anthropicFailure(failure: Failure, requestId: string): Reply {
  const error = (status: number, message: string, headers: Readonly<Record<string, string>> = {}) =>
    jsonReply(status, errorBody(typeOf(status), message, requestId), headers);
  switch (failure.kind) {
    case "unauthorized":
      return error(
        401,
        failure.key === null ? "x-api-key header is required" : "invalid x-api-key",
      );
    case "unknown-path":
      return error(404, "Not Found");
    case "wrong-method":
      return error(405, "Method Not Allowed");
    case "unknown-model":
      return error(404, `model: ${failure.model}`);
    case "bad-json":
      return error(400, "The request body is not valid JSON.");
    case "bad-request":
      return error(400, failure.message);
    case "too-large":
      return tooLarge();
    case "rate-limited":
      return error(429, refusalProse(failure.refusal, failure.model), {
        "x-should-retry": "true",
        ...waitHeader(failure.refusal.waitMs),
      });
    case "not-ready":
    case "overloaded":
      return error(529, "Overloaded", { "x-should-retry": "true" });
    case "out-of-credit":
      return error(400, OUT_OF_CREDIT);
    case "status":
      return error(failure.status, plainMessage(failure.status));
  }
}

export function errorBody(type: string, message: string, requestId: string): object {
  return { type: "error", error: { type, message }, request_id: requestId };
}

function typeOf(status: number): string {
  return TYPES[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}

/** Sent by Cloudflare in front of the API, hence neither the outer type nor the request's id. */
function tooLarge(): Reply {
  const error = { type: "request_too_large", message: "Request exceeds the maximum size" };
  return jsonReply(413, { error });
}

function refusalProse({ dimension, limit }: Refusal, model: string): string {
  if (dimension === "max_parallel_requests") return TOO_MANY_CONNECTIONS;
  const amount = `${limit.toLocaleString("en-US")} ${PROSE[dimension]}`;
  const whose = `(org: ${ORGANIZATION}, model: ${model})`;
  return `This request would exceed your organization's rate limit of ${amount} ${whose}. ${REMEDY}`;
}

/** Whole seconds: "earlier retries will fail", say Anthropic's docs. */
function waitHeader(waitMs: number | null): Record<string, string> {
  return waitMs === null ? {} : { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1_000))) };
}

function plainMessage(status: number): string {
  if (status === 429)
    return "This request would exceed your account's rate limit. Please try again later.";
  if (status === 529) return "Overloaded";
  return status >= 500 ? "Internal server error" : `The request was refused with status ${status}.`;
}
