/** Groq's error bodies, in its own words. */
import type { Failure, Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";
import { LIMIT_WORDS, openaiError, openaiFailure } from "../openai/failures.ts";
import { goDuration } from "../openai/go-duration.ts";

const FULL =
  "Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing";

export function groqFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "rate-limited":
      return rateLimited(failure.refusal, failure.model);
    case "not-ready":
      return openaiError(503, "The model is still loading.", { type: "internal_server_error" });
    case "overloaded":
      return overloaded(failure.serviceTier === "flex");
    case "out-of-credit":
      return openaiError(402, "Your account has no credit left. Payment is required.", {
        code: "payment_required",
      });
    default:
      return openaiFailure(failure);
  }
}

/** 498 is Groq's own: the flexible tier is served only where there is room. */
function overloaded(isFlex: boolean): Reply {
  const fields = { type: "internal_server_error", code: isFlex ? "capacity_exceeded" : null };
  if (!isFlex) return openaiError(503, "Service unavailable, please try again later.", fields);
  return openaiError(498, "Flex tier capacity exceeded. Please try again later.", fields);
}

/** 413, not 429, where it can never fit. Retry-After comes with 429 alone. */
function rateLimited(refusal: Refusal, model: string): Reply {
  const { dimension, limit, used, requested, waitMs } = refusal;
  const isTokens = dimension === "tpm" || dimension === "tpd";
  const fields = { type: isTokens ? "tokens" : "requests", code: "rate_limit_exceeded" };
  const where = `for model \`${model}\` in organization \`org_mock\` service tier \`on_demand\` on ${LIMIT_WORDS[dimension]}`;
  if (requested > limit) {
    const remedy = "please reduce your message size and try again.";
    const said = `Request too large ${where}: Limit ${limit}, Requested ${requested}, ${remedy}`;
    return openaiError(413, said, fields);
  }
  const numbers = `Limit ${limit}, Used ${used}, Requested ${requested}`;
  const wait = waitMs === null ? "later" : `in ${goDuration(waitMs)}`;
  const said = `Rate limit reached ${where}: ${numbers}. Please try again ${wait}. ${FULL}`;
  const seconds = Math.max(1, Math.ceil((waitMs ?? 0) / 1_000));
  return openaiError(429, said, fields, waitMs === null ? {} : { "retry-after": String(seconds) });
}
