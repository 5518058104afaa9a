/** HubSpot's error bodies: `policyName` tells which limit bound. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";
import type { Dimension } from "../../limits/limits.ts";

const POLICIES: Readonly<Partial<Record<Dimension, string>>> = {
  rps: "SECONDLY",
  rp10s: "TEN_SECONDLY_ROLLING",
  rpd: "DAILY",
};

const CATEGORIES: Readonly<Record<number, string>> = {
  400: "VALIDATION_ERROR",
  401: "INVALID_AUTHENTICATION",
  402: "PAYMENT_REQUIRED",
  403: "MISSING_SCOPES",
  404: "OBJECT_NOT_FOUND",
  423: "LOCKED",
};

export function hubspotFailure(failure: Failure, correlationId: string): Reply {
  const error = (status: number, message: string) => {
    const category = CATEGORIES[status] ?? (status >= 500 ? "INTERNAL_ERROR" : "VALIDATION_ERROR");
    return jsonReply(status, { status: "error", message, correlationId, category });
  };
  switch (failure.kind) {
    case "unauthorized":
      return error(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
      );
    case "unknown-path":
      return error(404, "Unable to find the requested resource.");
    case "wrong-method":
      return error(405, `HTTP ${failure.method} Method Not Allowed`);
    case "unknown-model":
      return error(404, `Object not found.  objectId are usually numeric. (${failure.model})`);
    case "bad-json":
      return error(400, "Invalid input JSON");
    case "bad-request":
      return error(400, failure.message);
    case "too-large":
      return error(413, "Request Entity Too Large");
    case "rate-limited":
      return rateLimited(failure.refusal, correlationId);
    case "not-ready":
    case "overloaded":
      return error(503, "The service is temporarily unavailable.");
    case "out-of-credit":
      return error(402, "Payment is required for this account.");
    case "status":
      if (failure.status === 429) return limited("TEN_SECONDLY_ROLLING", correlationId);
      return error(failure.status, plainMessage(failure.status));
  }
}

/** No Retry-After: HubSpot documents none for its callers. */
function rateLimited({ dimension }: Refusal, correlationId: string): Reply {
  return limited(POLICIES[dimension] ?? "CONCURRENT_REQUESTS", correlationId);
}

function limited(policyName: string, correlationId: string): Reply {
  const message = `You have reached your ${policyName.toLowerCase()} limit.`;
  const fields = { errorType: "RATE_LIMIT", correlationId, policyName, requestId: correlationId };
  return jsonReply(429, { status: "error", message, ...fields });
}

function plainMessage(status: number): string {
  return status >= 500 ? "internal error" : `The request was refused with status ${status}.`;
}
