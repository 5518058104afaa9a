/** Salesforce's error bodies: an array, and one code for both of its limits. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";

const CODES: Readonly<Record<number, string>> = {
  400: "JSON_PARSER_ERROR",
  401: "INVALID_SESSION_ID",
  403: "REQUEST_LIMIT_EXCEEDED",
  404: "NOT_FOUND",
  405: "METHOD_NOT_ALLOWED",
  429: "REQUEST_LIMIT_EXCEEDED",
  503: "SERVER_UNAVAILABLE",
};

export function salesforceFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return error(401, "Session expired or invalid");
    case "unknown-path":
    case "unknown-model":
      return error(404, "The requested resource does not exist");
    case "wrong-method":
      return error(405, `HTTP Method '${failure.method}' not allowed.`);
    case "bad-json":
      return error(400, "Unexpected character in the request body");
    case "bad-request":
      return error(400, failure.message, failure.code ?? undefined);
    case "too-large":
      return error(413, "Request Entity Too Large", "REQUEST_TOO_LARGE");
    case "rate-limited":
      return error(403, refusalProse(failure.refusal));
    case "not-ready":
    case "overloaded":
      return error(503, "Server Unavailable");
    case "out-of-credit":
      return error(402, "Payment is required for this organization.", "PAYMENT_REQUIRED");
    case "status":
      return plainStatus(failure.status);
  }
}

function error(status: number, message: string, errorCode = codeOf(status)): Reply {
  return jsonReply(status, [{ message, errorCode }]);
}

function codeOf(status: number): string {
  return CODES[status] ?? (status >= 500 ? "UNKNOWN_EXCEPTION" : "INVALID_FIELD");
}

/** Only the message tells the day's allowance from too many long calls; no wait is told. */
function refusalProse({ dimension }: Refusal): string {
  if (dimension === "rpd") return "TotalRequests Limit exceeded.";
  return "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
}

function plainStatus(status: number): Reply {
  if (status === 403 || status === 429) return error(status, "TotalRequests Limit exceeded.");
  if (status === 503) return error(503, "Server Unavailable");
  return error(
    status,
    status >= 500 ? "An unexpected error occurred." : "The request was refused.",
  );
}
