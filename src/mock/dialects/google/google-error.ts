/** Errors as all of Google's APIs write them: code, status, and details by type. */
import { jsonReply, type Reply } from "../../failure.ts";

const STATUSES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  408: "DEADLINE_EXCEEDED",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

export interface GoogleError {
  readonly error: {
    readonly code: number;
    readonly message: string;
    readonly status: string;
    readonly details?: readonly object[];
  };
}

export function googleError(
  code: number,
  message: string,
  details: readonly object[] = [],
): GoogleError {
  const status = STATUSES[code] ?? (code >= 500 ? "INTERNAL" : "FAILED_PRECONDITION");
  return { error: { code, message, status, ...(details.length > 0 && { details }) } };
}

export function googleReply(code: number, message: string, details?: readonly object[]): Reply {
  return jsonReply(code, googleError(code, message, details));
}

/** One entry of `details`. */
export function detail(type: string, fields: object): object {
  return { "@type": `type.googleapis.com/google.rpc.${type}`, ...fields };
}

export function errorInfo(reason: string, service: string): object {
  return detail("ErrorInfo", { reason, domain: "googleapis.com", metadata: { service } });
}

/** What every one of its APIs answers where nothing more is to be said. */
export function plainGoogleReply(code: number): Reply {
  const words: Readonly<Record<number, string>> = {
    429: "Resource has been exhausted (e.g. check quota).",
    500: "An internal error has occurred. Please retry.",
    503: "The service is currently unavailable.",
    504: "Deadline expired before operation could complete.",
  };
  return googleReply(code, words[code] ?? `The request was refused with status ${code}.`);
}

/** Seconds with a fraction and an `s`, as protobuf writes a duration in JSON. */
export function protoDuration(ms: number): string {
  return `${Math.ceil(ms) / 1_000}s`;
}
