/** OpenRouter's error bodies: the status once more as a number, and what the provider behind it said. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";

const PROVIDER = "Mock";

export function openrouterFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return error(401, failure.key === null ? "No auth credentials found" : "User not found.");
    case "unknown-path":
    case "wrong-method":
      return error(404, "Not Found");
    case "unknown-model":
      return error(404, `No endpoints found for ${failure.model}.`);
    case "bad-json":
      return error(400, "Invalid JSON in the request body");
    case "bad-request":
      return error(400, failure.message);
    case "too-large":
      return error(413, "Request body is too large");
    case "rate-limited":
      return rateLimited(failure.refusal);
    case "not-ready":
    case "overloaded":
      return upstreamLimited();
    case "out-of-credit":
      return error(
        402,
        "This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but " +
          "can only afford 12. To increase, visit https://openrouter.ai/settings/credits",
        { provider_name: null },
      );
    case "status":
      return error(failure.status, plainMessage(failure.status));
  }
}

function error(status: number, message: string, metadata?: object): Reply {
  return jsonReply(status, { error: { message, code: status, ...(metadata && { metadata }) } });
}

/** The provider's limit, not the caller's: another model would be served. */
function upstreamLimited(): Reply {
  const raw = "mock/model is temporarily rate-limited upstream. Please retry shortly.";
  return error(429, "Provider returned error", { raw, provider_name: PROVIDER });
}

/** The reset is a moment in milliseconds since the epoch, in headers and once more in the body. */
function rateLimited({ dimension, limit, waitMs }: Refusal): Reply {
  const isDaily = dimension === "rpd";
  const headers: Record<string, string> = {
    "X-RateLimit-Limit": String(limit),
    "X-RateLimit-Remaining": "0",
  };
  if (waitMs !== null) headers["X-RateLimit-Reset"] = String(Date.now() + waitMs);
  const said = `Rate limit exceeded: free-models-per-${isDaily ? "day" : "min"}. `;
  const remedy = isDaily ? "Add 10 credits to unlock 1000 free model requests per day" : "";
  const source = `openrouter_free_tier_${isDaily ? "daily" : "minute"}`;
  const metadata = { headers, provider_name: null, limit_source: source };
  const reply = error(429, said + remedy, metadata);
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

function plainMessage(status: number): string {
  if (status === 429) return "Rate limit exceeded";
  return status >= 500 ? "Internal Server Error" : `The request was refused with status ${status}.`;
}
