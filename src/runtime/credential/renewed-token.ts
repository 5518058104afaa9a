/** Renewed token: a bearer token kept while it is good, and renewed once for all who need it. */
import { type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Outbound } from "../transport/transport.ts";
import type { Authorizer, Complaint } from "./authorizer.ts";
import { RenewalError, type Renewed } from "./renewal.ts";
import { RenewalFailure } from "./renewal-failure.ts";

export interface RenewedTokenOptions {
  /** For messages. */
  readonly upstream: string;
  readonly clock: Clock;
  readonly renew: (signal: AbortSignal) => Promise<Renewed>;
  /** Ends every renewal; its reason is told to whoever waits. */
  readonly closing: AbortSignal;
  /** Who may wait for a renewal; more are refused. */
  readonly mostWaiting: () => number;
  readonly onFailed: (message: string) => void;
}

interface Held {
  readonly header: string;
  /** From here on it is renewed while it is used. */
  readonly renewAt: number;
  /** From here on it is not sent any more. */
  readonly endsAt: number;
}

/** Renewed so long before its end, but at most this share of its life. */
const AHEAD_MS = 60_000;
const AHEAD_SHARE = 0.1;
/** Requests need a moment to arrive. */
const LAST_MOMENT_MS = 5_000;
const LAST_MOMENT_SHARE = 0.02;
/** A provider that refuses even a new token, whatever we do, makes us ask for others only so often. */
const FUTILE_PAUSE_MS = 30_000;

export class RenewedToken implements Authorizer {
  readonly signsBody = false;
  readonly #options: RenewedTokenOptions;
  #held: Held | null = null;
  /** The one that is under way. */
  #renewal: Promise<void> | null = null;
  #failure: RenewalFailure | null = null;
  #waiting = 0;
  /** When a token was last given up because the provider refused it, and none has been accepted since. */
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RenewedTokenOptions) {
    this.#options = options;
  }

  isReady(now: number): boolean {
    return this.#held !== null && now < this.#held.endsAt;
  }

  async whenReady(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { clock, upstream, mostWaiting } = this.#options;
    const now = clock.now();
    if (this.isReady(now)) return;
    if (this.#failure?.lastsAt(now)) throw this.#failure.errorAt(now);
    if (this.#waiting >= mostWaiting()) {
      throw new SluiceError("queue_full", `too many requests wait for ${upstream}'s credential`, {
        details: { retryAfterMs: 1_000 },
      });
    }
    this.#waiting++;
    try {
      await orAborted(this.#renew(), signal);
    } finally {
      this.#waiting--;
    }
  }

  authorize(outbound: Outbound, now: number): Outbound {
    const { header, renewAt } = this.#held as Held;
    // While it is still good nobody waits for the next one.
    if (now >= renewAt && !this.#failure?.lastsAt(now)) this.#renew().catch(() => {});
    return { ...outbound, headers: { ...outbound.headers, authorization: header } };
  }

  accepted(): void {
    this.#refusedAt = Number.NEGATIVE_INFINITY;
  }

  refused(sent: Outbound, { status, verdict }: Complaint, now: number): boolean {
    // 403 is about what the account may do, which no other token changes.
    if (verdict.class !== "auth" || status === 403) return false;
    // Others have met the same before: there is a new one, or it is on its way.
    if (sent.headers["authorization"] !== this.#held?.header) return true;
    if (now - this.#refusedAt < FUTILE_PAUSE_MS * MICROS_PER_MS) return false;
    this.#refusedAt = now;
    this.#held = null;
    return true;
  }

  /** One at a time, whoever asks. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#renewOnce().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewOnce(): Promise<void> {
    const { renew, closing } = this.#options;
    try {
      this.#held = heldFrom(await renew(closing));
      this.#failure = null;
    } catch (error) {
      if (error instanceof RenewalError) this.#fail(error);
      throw error;
    }
  }

  #fail({ message, isFinal }: RenewalError): never {
    const { upstream, clock, onFailed } = this.#options;
    const now = clock.now();
    this.#failure = new RenewalFailure(upstream, message, isFinal, now);
    const error = this.#failure.errorAt(now);
    onFailed(error.message);
    throw error;
  }
}

/** Without a lifetime it is kept until the provider refuses it. */
function heldFrom({ token: { value, lifetimeMs }, askedAt }: Renewed): Held {
  const lifeMs = lifetimeMs ?? Number.POSITIVE_INFINITY;
  const before = (ms: number, share: number) =>
    askedAt + (lifeMs - Math.min(ms, lifeMs * share)) * MICROS_PER_MS;
  return {
    header: `Bearer ${value}`,
    renewAt: before(AHEAD_MS, AHEAD_SHARE),
    endsAt: before(LAST_MOMENT_MS, LAST_MOMENT_SHARE),
  };
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    const leave = () => signal.removeEventListener("abort", abort);
    work.then(resolve, reject).finally(leave);
  });
}
