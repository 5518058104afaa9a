/** Credential wait: a call outside any queue, until its credential is renewed or its own wait is over. */
import type { Clock } from "../../core/clock.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Authorizer } from "../credential/authorizer.ts";
import type { CallPlan } from "./call-plan.ts";

/** Without an authorizer there is nothing to wait for. */
export function isReady(authorizer: Authorizer | null, now: number): boolean {
  return authorizer === null || authorizer.isReady(now);
}

/** Until a credential that is being renewed will probably be there. */
const RETRY_AFTER_MS = 1_000;

export class CredentialWait {
  readonly #abort = new AbortController();

  /** `expiresAt` in microseconds. One of the two is called, later than this; neither after `end`, but for its own error. */
  constructor(
    { upstream, authorizer }: CallPlan,
    clock: Clock,
    expiresAt: number,
    told: {
      onReady(): void;
      onRefused(error: SluiceError): void;
    },
  ) {
    const { signal } = this.#abort;
    const cancel = clock.schedule(expiresAt, () => this.#abort.abort(tooLate(upstream)));
    const refuse = (error: unknown) => {
      if (SluiceError.isInstance(error)) told.onRefused(error);
      else if (!signal.aborted) throw error;
    };
    const ready = authorizer?.whenReady(signal) ?? Promise.resolve();
    ready.finally(cancel).then(told.onReady, refuse);
  }

  /** The call has ended in another way. */
  end(): void {
    this.#abort.abort();
  }
}

function tooLate(upstream: string): SluiceError {
  return new SluiceError(
    "upstream_unavailable",
    `the credential of ${upstream} was not renewed within the request's max wait`,
    { details: { retryAfterMs: RETRY_AFTER_MS } },
  );
}
