/** Errors: one class, one table from code to HTTP status; docs/errors.md is held against it by a test. */

/** Everything Sluice itself can answer, with the HTTP status it is answered with (CONTRACTS: Refusals). */
export const ERROR_STATUS = {
  max_wait_exceeded: 429,
  tenant_quota_exhausted: 429,
  queue_full: 503,
  upstream_unavailable: 503,
  upstream_billing: 503,
  store_unavailable: 503,
  upstream_error: 502,
  upstream_timeout: 504,
  demand_exceeds_limit: 413,
  body_too_large: 413,
  unauthorized: 401,
  forbidden: 403,
  model_not_found: 404,
  not_found: 404,
  invalid_request: 400,
  client_timeout: 408,
  unsupported: 501,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** Which meter bound, and when it frees. */
export interface RefusalDetails {
  readonly meter: string | null;
  readonly limit: number | null;
  readonly retryAfterMs: number | null;
}

const NO_DETAILS: RefusalDetails = { meter: null, limit: null, retryAfterMs: null };
const MARKER = Symbol.for("sluice.error");

/** The one error Sluice throws. Told apart by `code`, across copies of the package by `isInstance`. */
export class SluiceError extends Error {
  readonly [MARKER] = true;
  readonly code: ErrorCode;
  readonly details: RefusalDetails;
  /** The call was never sent, so nobody has counted it, and it may be repeated whatever it does. */
  readonly isUnsent: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Partial<RefusalDetails>; cause?: unknown; isUnsent?: boolean } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "SluiceError";
    this.code = code;
    this.isUnsent = options.isUnsent ?? false;
    this.details = { ...NO_DETAILS, ...options.details };
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  get retryAfterMs(): number | null {
    return this.details.retryAfterMs;
  }

  static isInstance(error: unknown): error is SluiceError {
    return typeof error === "object" && error !== null && MARKER in error;
  }
}
