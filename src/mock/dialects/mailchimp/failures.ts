/** Mailchimp's errors: problem details, but at very high volume a bare 403. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";

const TYPE = "https://mailchimp.com/developer/marketing/docs/errors/";

const TITLES: Readonly<Record<number, string>> = {
  400: "Invalid Resource",
  401: "API Key Invalid",
  402: "Payment Required",
  404: "Resource Not Found",
  405: "Method Not Allowed",
  413: "Request Entity Too Large",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

export function mailchimpFailure(failure: Failure, instance: string): Reply {
  const problem = (status: number, detail: string) => {
    const title = TITLES[status] ?? "Error";
    return jsonReply(
      status,
      { type: TYPE, title, status, detail, instance },
      { "content-type": "application/problem+json; charset=utf-8" },
    );
  };
  switch (failure.kind) {
    case "unauthorized":
      return problem(
        401,
        "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
      );
    case "unknown-path":
    case "unknown-model":
      return problem(404, "The requested resource could not be found.");
    case "wrong-method":
      return problem(405, "The requested method and resource are not compatible.");
    case "bad-json":
      return problem(400, "We encountered an unspecified JSON parsing error.");
    case "bad-request":
      return problem(400, failure.message);
    case "too-large":
      return problem(413, "The request body is too large.");
    case "rate-limited":
      return problem(429, tooMany(failure.refusal.limit));
    case "not-ready":
    case "overloaded":
      return problem(503, "This service is currently unavailable.");
    case "out-of-credit":
      return problem(402, "Payment is required for this account.");
    case "status":
      // What stands before the API refuses very high volume without a body.
      if (failure.status === 403) return { status: 403, headers: {}, body: "" };
      if (failure.status === 429) return problem(429, tooMany(10));
      return problem(failure.status, "An unexpected error occurred.");
  }
}

function tooMany(limit: number): string {
  return `You have exceeded the limit of ${limit} simultaneous connections.`;
}
