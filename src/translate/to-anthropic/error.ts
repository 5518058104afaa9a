/** An error of OpenAI's format for a client of Anthropic. */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject, jsonText, textIn } from "../../dialects/body/json-fields.ts";
import type { TranslatedError } from "../translation.ts";

/** Anthropic, Errors. */
const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  408: "timeout_error",
  409: "conflict_error",
  413: "request_too_large",
  422: "invalid_request_error",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

/** OpenAI has one status for a limit and for an empty account; clients repeat the first and must not the second. */
const BILLING = ["insufficient_quota", "billing_hard_limit_reached"];

/** Inside a stream there is no status, but a code or a type. */
const STATUSES: Readonly<Record<string, number>> = {
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  overloaded: 529,
  invalid_request_error: 400,
};

/** `status` 200: the error stood in a stream. */
export function errorToAnthropic(status: number, body: JsonObject | null): TranslatedError {
  const error = isObject(body?.["error"]) ? body["error"] : {};
  const isBilling = BILLING.includes(String(error["code"] ?? error["type"]));
  const translated = isBilling ? 402 : statusOf(status, error);
  const message = messageIn(body, error) ?? `The provider answered with status ${status}.`;
  const type =
    TYPES[translated] ?? (translated >= 400 && translated < 500 ? TYPES[400] : "api_error");
  const code = textIn(error["code"]);
  const told = { type, message, ...(code === null ? {} : { code }) };
  return { status: translated, body: { type: "error", error: told, request_id: null } };
}

/** Not every server of OpenAI's format puts its words into `error`: Mistral, vLLM and FastAPI do otherwise. */
function messageIn(body: JsonObject | null, error: JsonObject): string | null {
  const said = [error["message"], body?.["error"], body?.["message"], body?.["detail"]];
  const text = said.map(textIn).find((one) => one !== null);
  return text ?? textIn(jsonText(body?.["message"] ?? body?.["detail"]));
}

function statusOf(status: number, { code, type }: JsonObject): number {
  if (status === 503) return 529;
  if (status !== 200) return status;
  return STATUSES[String(code)] ?? STATUSES[String(type)] ?? 500;
}
