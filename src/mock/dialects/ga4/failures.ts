/** GA4's error bodies: only the message tells which quota is exhausted. */
import type { Failure, Reply } from "../../failure.ts";
import type { Dimension } from "../../limits/limits.ts";
import { errorInfo, googleReply, plainGoogleReply } from "../google/google-error.ts";

const SERVICE = "analyticsdata.googleapis.com";

const EXHAUSTED: Readonly<Partial<Record<Dimension, string>>> = {
  tpd:
    "Exhausted property tokens per day. These quota tokens will return in under 24 hours. To learn more, " +
    "see https://developers.google.com/analytics/devguides/reporting/data/v1/quotas",
  tph: "Exhausted property tokens per hour. These quota tokens will return in under an hour.",
  project_tph:
    "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour.",
  server_errors_per_hour: "Exhausted server errors for a project per hour.",
  max_parallel_requests:
    "Exhausted concurrent requests quota. Please send fewer requests concurrently.",
};

export function ga4Failure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return googleReply(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token.",
      );
    case "unknown-path":
    case "wrong-method":
    case "unknown-model":
      return googleReply(404, "Requested entity was not found.");
    case "bad-json":
      return googleReply(400, "Invalid JSON payload received. Unexpected token.");
    case "bad-request":
      return googleReply(400, failure.message);
    case "too-large":
      return googleReply(400, "Request payload size exceeds the limit.");
    case "rate-limited":
      return googleReply(429, EXHAUSTED[failure.refusal.dimension] ?? "Exhausted quota.");
    case "not-ready":
    case "overloaded":
      return plainGoogleReply(503);
    case "out-of-credit":
      return googleReply(403, "This API method requires billing to be enabled.", [
        errorInfo("BILLING_DISABLED", SERVICE),
      ]);
    case "status":
      return plainGoogleReply(failure.status);
  }
}
