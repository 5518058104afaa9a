/** Bedrock's errors: a message in the body, the type in a header. */
import { type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Refusal } from "../../limits/account.ts";

const NAMESPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/";
const WAIT = "please wait before trying again.";

const TYPES: Readonly<Record<number, string>> = {
  400: "ValidationException",
  401: "UnrecognizedClientException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  408: "ModelTimeoutException",
  424: "ModelErrorException",
  429: "ThrottlingException",
  503: "ServiceUnavailableException",
};

export function bedrockFailure(failure: Failure): Reply {
  switch (failure.kind) {
    case "unauthorized":
      return error(
        403,
        "The security token included in the request is invalid.",
        "UnrecognizedClientException",
      );
    case "unknown-path":
    case "wrong-method":
      return error(
        404,
        "The requested operation is not recognized by the service.",
        "UnknownOperationException",
      );
    case "unknown-model":
      return error(
        404,
        `Could not resolve the foundation model from the model identifier ${failure.model}.`,
      );
    case "bad-json":
      return error(400, "Malformed input request, please reformat your input and try again.");
    case "bad-request":
      return error(400, failure.message);
    case "too-large":
      return error(413, "Request body is too large.", "ValidationException");
    case "rate-limited":
      return rateLimited(failure.refusal);
    case "not-ready":
      return error(
        429,
        "The model is not ready for inference, try again later.",
        "ModelNotReadyException",
      );
    case "overloaded":
      return error(503, "Bedrock is unable to process your request.");
    case "out-of-credit":
      return error(
        403,
        "Model access is denied due to INVALID_PAYMENT_INSTRUMENT: A valid payment instrument must be provided.",
      );
    case "status":
      return error(failure.status, plainMessage(failure.status));
  }
}

function error(status: number, message: string, type = typeOf(status)): Reply {
  return jsonReply(status, { message }, { "x-amzn-errortype": `${type}:${NAMESPACE}` });
}

function typeOf(status: number): string {
  return TYPES[status] ?? (status >= 500 ? "InternalServerException" : "ValidationException");
}

/** Neither a wait nor an amount is told. */
function rateLimited({ dimension, limit, requested }: Refusal): Reply {
  if (requested > limit) {
    const said = "Your request exceeds the service quota for your account.";
    return error(400, said, "ServiceQuotaExceededException");
  }
  switch (dimension) {
    case "tpd":
      return error(429, `Too many tokens per day, ${WAIT}`);
    case "tpm":
      return error(429, `Too many tokens, ${WAIT}`);
    case "max_parallel_requests":
      return error(429, `Too many concurrent requests, ${WAIT}`);
    default:
      return error(429, `Too many requests, ${WAIT}`);
  }
}

function plainMessage(status: number): string {
  if (status === 429) return `Too many requests, ${WAIT}`;
  if (status === 503) return "Bedrock is unable to process your request.";
  return status >= 500
    ? "The system encountered an unexpected error during processing. Try your request again."
    : `The request was refused with status ${status}.`;
}
