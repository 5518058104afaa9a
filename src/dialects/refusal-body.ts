/** Sluice's own refusals in the form that the client's SDK reads: body, and the headers that steer its retries. */
import { ERROR_STATUS, type ErrorCode, type RefusalDetails } from "../core/errors.ts";
import type { ClientDialect } from "./client-dialect.ts";

/** A SluiceError is one. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: RefusalDetails;
  /** The call was never sent. */
  readonly isUnsent?: boolean;
}

/** Refusals that pass by themselves. The others stay, or must not be repeated, because the call may have run. */
const WAITING_HELPS: ReadonlySet<ErrorCode> = new Set([
  "max_wait_exceeded",
  "tenant_quota_exhausted",
  "queue_full",
  "upstream_unavailable",
  "store_unavailable",
]);

/** openai-node ignores longer waits and backs off by itself; Anthropic's SDK would sleep for hours. */
const LONGEST_SDK_WAIT_MS = 60_000;

/** What OpenAI names its errors, by status. */
const OPENAI_TYPES: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  429: "rate_limit_error",
};

/** Anthropic, Errors: `overloaded_error` belongs to 529 alone, which Sluice never answers. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  408: "timeout_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
};

/**
 * The JSON body. `requestId` is only in Anthropic's form.
 *
 * @example refusalBody("openai", { code: "queue_full", message: "The queue is full.", details })
 */
export function refusalBody(
  client: ClientDialect,
  refusal: Refusal,
  requestId: string | null = null,
): Readonly<Record<string, unknown>> {
  const { code, message } = refusal;
  const details = {
    meter: refusal.details.meter,
    limit: refusal.details.limit,
    retry_after_ms: wholeMs(refusal.details.retryAfterMs),
  };
  const status = ERROR_STATUS[code];
  if (client === "anthropic") {
    const type = ANTHROPIC_TYPES[status] ?? "api_error";
    return { type: "error", error: { type, message, code, details }, request_id: requestId };
  }
  const type = OPENAI_TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
  const param = code === "model_not_found" ? "model" : null;
  return { error: { message, type, param, code, details } };
}

/** `retry-after` and `retry-after-ms` where waiting helps; `x-should-retry` says `false` where the SDK must not try by itself, `true` where nothing was sent. */
export function refusalHeaders(
  refusal: Pick<Refusal, "code" | "details" | "isUnsent">,
): Readonly<Record<string, string>> {
  if (refusal.isUnsent === true) return { "x-should-retry": "true" };
  if (!WAITING_HELPS.has(refusal.code)) return { "x-should-retry": "false" };
  const waitMs = wholeMs(refusal.details.retryAfterMs);
  if (waitMs === null) return {};
  const headers = {
    "retry-after": String(Math.ceil(waitMs / 1_000)),
    "retry-after-ms": String(waitMs),
  };
  return waitMs > LONGEST_SDK_WAIT_MS ? { ...headers, "x-should-retry": "false" } : headers;
}

function wholeMs(ms: number | null): number | null {
  return ms === null || !Number.isFinite(ms) ? null : Math.max(0, Math.ceil(ms));
}
