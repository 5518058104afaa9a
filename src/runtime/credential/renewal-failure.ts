/** Renewal failure: that a credential could not be renewed, kept for a while, so that the endpoint is left in peace. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import { SluiceError } from "../../core/errors.ts";

/** A refusal stays one until somebody acts: one probe a minute finds out. */
const FINAL_PAUSE_MS = 60_000;
/** The endpoint was not well, after several attempts. */
const PASSING_PAUSE_MS = 5_000;

export class RenewalFailure {
  readonly #message: string;
  readonly #isFinal: boolean;
  readonly #endsAt: number;

  /** `words` complete "its token endpoint ...". */
  constructor(upstream: string, words: string, isFinal: boolean, now: number) {
    this.#message = `the credential of ${upstream} could not be renewed: its token endpoint ${words}`;
    this.#isFinal = isFinal;
    this.#endsAt = now + (isFinal ? FINAL_PAUSE_MS : PASSING_PAUSE_MS) * MICROS_PER_MS;
  }

  lastsAt(now: number): boolean {
    return now < this.#endsAt;
  }

  /** What whoever needs the credential is told. Waiting helps only where the endpoint was not well. */
  errorAt(now: number): SluiceError {
    if (this.#isFinal) return new SluiceError("upstream_error", this.#message);
    const retryAfterMs = Math.max(1, Math.ceil((this.#endsAt - now) / MICROS_PER_MS));
    return new SluiceError("upstream_unavailable", this.#message, { details: { retryAfterMs } });
  }
}
