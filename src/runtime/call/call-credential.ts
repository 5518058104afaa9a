/** Call credential: waits for one call's credential, puts it on each attempt, and mends it once when it is refused. */
import type { Clock } from "../../core/clock.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Complaint } from "../credential/authorizer.ts";
import type { Outbound } from "../transport/transport.ts";
import type { Candidate } from "./call-plan.ts";

/** Until a credential that is being renewed will probably be there. */
const RETRY_AFTER_MS = 1_000;

export class CallCredential {
  readonly #candidate: Candidate;
  readonly #clock: Clock;
  /** Of the current attempt, with its credential. */
  #sent: Outbound;
  #wait: AbortController | null = null;
  #hasMended = false;

  constructor(candidate: Candidate, clock: Clock) {
    this.#candidate = candidate;
    this.#clock = clock;
    this.#sent = candidate.outbound;
  }

  /** Attempts that only told of the credential's end: 0 or 1. */
  get mended(): number {
    return this.#hasMended ? 1 : 0;
  }

  isReady(now: number): boolean {
    const { authorizer } = this.#candidate;
    return authorizer === null || authorizer.isReady(now);
  }

  /** Calls one of the two, later than this, unless it has ended before: `onRefused` also when `expiresAt` (microseconds) comes. */
  wait(expiresAt: number, onReady: () => void, onRefused: (error: SluiceError) => void): void {
    const { authorizer, upstream } = this.#candidate;
    const wait = new AbortController();
    this.#wait = wait;
    const cancel = this.#clock.schedule(expiresAt, () => wait.abort(tooLate(upstream)));
    const ready = authorizer?.whenReady(wait.signal) ?? Promise.resolve();
    const refuse = (error: unknown) => {
      if (SluiceError.isInstance(error)) onRefused(error);
      else if (!wait.signal.aborted) throw error;
    };
    const proceed = () => {
      if (!wait.signal.aborted) onReady();
    };
    ready.finally(cancel).then(proceed, refuse);
  }

  /** The request as it must be sent now; only when it is ready. */
  authorized(now: number): Outbound {
    const { outbound, authorizer } = this.#candidate;
    this.#sent = authorizer === null ? outbound : authorizer.authorize(outbound, now);
    return this.#sent;
  }

  /** True, once: the provider has refused a credential that had run out, before it processed anything. So once more is safe. */
  mends(complaint: Complaint, now: number): boolean {
    const isMended = this.#candidate.authorizer?.refused(this.#sent, complaint, now) ?? false;
    if (!isMended || this.#hasMended) return false;
    this.#hasMended = true;
    return true;
  }

  /** The provider has served the call. */
  accepted(): void {
    this.#candidate.authorizer?.accepted();
  }

  /** The call has ended: nobody waits any more. */
  end(): void {
    this.#wait?.abort();
  }
}

function tooLate(upstream: string): SluiceError {
  return new SluiceError(
    "upstream_unavailable",
    `the credential of ${upstream} was not renewed within the request's max wait`,
    { details: { retryAfterMs: RETRY_AFTER_MS } },
  );
}
