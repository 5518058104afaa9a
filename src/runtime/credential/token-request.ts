/** Token request: one form posted to a token endpoint, and what its answer means (RFC 6749, 4.4, 5 and 6). */
import type { JsonObject } from "../../core/dialect.ts";
import { retryAfterMs } from "../../dialects/hints/retry-after.ts";
import { parseJsonObject } from "../request/body.ts";
import type { Outbound, Transport } from "../transport/transport.ts";
import { NoAnswerError, type WholeAnswer, wholeAnswer } from "./whole-answer.ts";

export interface TokenRequest {
  readonly url: string;
  readonly form: Readonly<Record<string, string>>;
  /** HTTP basic; null: the form holds all. */
  readonly authorization: string | null;
}

export interface Token {
  readonly value: string;
  /** Milliseconds from the request for it; null: untold. */
  readonly lifetimeMs: number | null;
}

export type TokenAnswer =
  | { readonly kind: "granted"; readonly token: Token; readonly fields: JsonObject }
  | {
      readonly kind: "failed";
      /** Completes "its token endpoint ..."; holds nothing that the endpoint chose freely. */
      readonly words: string;
      /** The same request would be refused again. */
      readonly isFinal: boolean;
      /** What the endpoint asks for; null: nothing. */
      readonly retryAfterMs: number | null;
    };

/** Token endpoints answer in a second; one that needs longer is not well. */
const TIMEOUT_MS = 10_000;
const MOST_BYTES = 65_536;
/** What a bearer's header may carry (RFC 6750, 2.1, generously). */
const TOKEN = /^[\x21-\x7e]{1,16384}$/;
/** RFC 6749, 5.2: the codes that may be quoted. */
const CODES = new Set([
  "invalid_request",
  "invalid_client",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
  "access_denied",
]);

/** @throws the signal's reason, as a rejection, when aborted. */
export async function requestToken(
  transport: Transport,
  request: TokenRequest,
  signal: AbortSignal,
): Promise<TokenAnswer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const means = { signal: AbortSignal.any([signal, timeout]), mostBytes: MOST_BYTES };
  try {
    return meaningOf(await wholeAnswer(transport, outboundOf(request), means));
  } catch (error) {
    signal.throwIfAborted();
    const words = timeout.aborted ? LATE : wordsFor(error);
    return { kind: "failed", words, isFinal: false, retryAfterMs: null };
  }
}

function outboundOf({ url, form, authorization }: TokenRequest): Outbound {
  const { origin, pathname, search } = new URL(url);
  const headers: Record<string, string> = {
    accept: "application/json",
    "accept-encoding": "identity",
    "content-type": "application/x-www-form-urlencoded",
  };
  if (authorization !== null) headers["authorization"] = authorization;
  const body = new URLSearchParams(form).toString();
  return {
    method: "POST",
    origin,
    path: pathname + search,
    headers,
    body,
    firstByteMs: TIMEOUT_MS,
  };
}

function meaningOf({ status, headers, body }: WholeAnswer): TokenAnswer {
  const fields = parseJsonObject(body) ?? {};
  const value = fields["access_token"];
  if (status >= 200 && status < 300 && typeof value === "string" && TOKEN.test(value)) {
    return { kind: "granted", token: { value, lifetimeMs: lifetimeOf(fields) }, fields };
  }
  const { error } = fields;
  const code = typeof error === "string" && CODES.has(error) ? ` ${error}` : "";
  const lack = status < 300 && code === "" ? " without an access token" : "";
  return {
    kind: "failed",
    words: `answered ${status}${code}${lack}`,
    isFinal: status < 500 && status !== 408 && status !== 425 && status !== 429,
    retryAfterMs: retryAfterMs(headers, Date.now()),
  };
}

/** Some servers write the number as a text. */
function lifetimeOf(fields: JsonObject): number | null {
  const told = fields["expires_in"];
  const seconds = typeof told === "string" && told.trim() !== "" ? Number(told) : told;
  return typeof seconds === "number" && seconds > 0 && seconds < 1e9 ? seconds * 1_000 : null;
}

const LATE = "did not answer in time";

function wordsFor(error: unknown): string {
  switch (error instanceof NoAnswerError ? error.kind : null) {
    case "timeout":
      return LATE;
    case "too-large":
      return "answered with more than 64 KiB";
    case "reset":
      return "closed the connection";
    default:
      return "cannot be reached";
  }
}
