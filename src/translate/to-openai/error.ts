/** An error of Anthropic's for a client of OpenAI's format. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, textIn } from "../../dialects/body/json-fields.ts";
import type { TranslatedError } from "../translation.ts";

interface OpenAiError {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
}

/** By Anthropic's type, which also stands in streams, where there is no status. */
const ERRORS: Readonly<Record<string, OpenAiError>> = {
  invalid_request_error: { status: 400, type: "invalid_request_error", code: null },
  authentication_error: { status: 401, type: "authentication_error", code: "invalid_api_key" },
  billing_error: { status: 429, type: "insufficient_quota", code: "insufficient_quota" },
  permission_error: { status: 403, type: "permission_error", code: null },
  not_found_error: { status: 404, type: "invalid_request_error", code: "model_not_found" },
  conflict_error: { status: 409, type: "invalid_request_error", code: null },
  request_too_large: { status: 413, type: "invalid_request_error", code: null },
  rate_limit_error: { status: 429, type: "rate_limit_error", code: "rate_limit_exceeded" },
  timeout_error: { status: 504, type: "server_error", code: null },
  overloaded_error: { status: 503, type: "server_error", code: "overloaded" },
  api_error: { status: 500, type: "server_error", code: null },
};

/** Anthropic says 400 where OpenAI has a code of its own, by which clients shorten the request. */
const TOO_LONG = /prompt is too long|exceed.* context (?:limit|window)/i;

/** An empty account is a bad request for Anthropic. */
const NO_MONEY = /credit balance is too low/i;

/** `status` 200: the error stood in a stream. */
export function errorToOpenAi(status: number, body: JsonObject | null): TranslatedError {
  const error = isObject(body?.["error"]) ? body["error"] : {};
  const message = textIn(error["message"]) ?? `The provider answered with status ${status}.`;
  const known = knownError(error["type"], message) ?? unknownError(status);
  const code =
    known.status === 400 && TOO_LONG.test(message) ? "context_length_exceeded" : known.code;
  // A failure of the provider keeps its own status: to clients 502, 503 and 504 are not all one.
  const isTold = known === ERRORS["api_error"] && status >= 500;
  return {
    status: isTold ? status : known.status,
    body: { error: { message, type: known.type, param: null, code } },
  };
}

function knownError(type: unknown, message: string): OpenAiError | null {
  if (type === "invalid_request_error" && NO_MONEY.test(message)) return ERRORS["billing_error"];
  return ERRORS[String(type)] ?? null;
}

function unknownError(status: number): OpenAiError {
  const type = status >= 400 && status < 500 ? "invalid_request_error" : "server_error";
  return { status: status >= 400 ? status : 500, type, code: null };
}
