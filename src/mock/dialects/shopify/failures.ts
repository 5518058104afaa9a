/** Shopify's errors: of GraphQL under status 200, of REST with a word or two. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";
import { RESTORE_SECONDS } from "./points.ts";

const DOCUMENTATION = "https://shopify.dev/api/usage/rate-limits";

const WORDS: Readonly<Record<number, string>> = {
  402: "Unavailable Shop",
  403: "[API] This action requires merchant approval.",
  404: "Not Found",
  423: "Locked",
  429: "Exceeded 2 calls per second for api client. Reduce request rates to resume uninterrupted service.",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

export function shopifyFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return rest(
        401,
        "[API] Invalid API key or access token (unrecognized login or wrong password)",
      );
    case "unknown-path":
    case "unknown-model":
      return rest(404);
    case "wrong-method":
      return rest(406, "Not Acceptable");
    case "bad-json":
      return rest(400, "Bad Request");
    case "bad-request":
      return failure.param === "graphql"
        ? refused(failure.message, failure.code)
        : rest(400, failure.message);
    case "too-large":
      return rest(413, "Request Entity Too Large");
    case "rate-limited":
      return failure.refusal.dimension === "points"
        ? throttled(failure.refusal)
        : tooMany(failure.refusal);
    case "not-ready":
    case "overloaded":
      return rest(503);
    case "out-of-credit":
      return rest(402);
    case "status":
      return failure.status === 429 ? tooMany(null) : rest(failure.status);
  }
}

function rest(status: number, errors = WORDS[status] ?? "Error"): Reply {
  return jsonReply(status, { errors });
}

function refused(message: string, code: string | null): Reply {
  return jsonReply(200, { errors: [{ message, ...(code && { extensions: { code } }) }] });
}

/** The wait is not told, but follows from the cost and the rate. */
function throttled({ limit, used, requested }: Refusal): Reply {
  const throttleStatus = {
    maximumAvailable: limit,
    currentlyAvailable: Math.max(0, limit - used),
    restoreRate: limit / RESTORE_SECONDS,
  };
  const extensions = { code: "THROTTLED", documentation: DOCUMENTATION };
  return jsonReply(200, {
    errors: [{ message: "Throttled", extensions }],
    extensions: { cost: { requestedQueryCost: requested, actualQueryCost: null, throttleStatus } },
  });
}

/** Seconds with a fraction, as Shopify writes them. */
function tooMany(refusal: Refusal | null): Reply {
  const seconds = Math.max(1, Math.ceil((refusal?.waitMs ?? 2_000) / 1_000));
  const reply = rest(429);
  return { ...reply, headers: { ...reply.headers, "retry-after": `${seconds}.0` } };
}
