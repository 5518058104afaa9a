/** Renewal: one exchange of a grant for a token, tried a few times with jittered backoff. */
import { type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import type { Transport } from "../transport/transport.ts";
import type { Grant } from "./grant.ts";
import { requestToken, type Token } from "./token-request.ts";

export interface RenewalMeans {
  readonly transport: Transport;
  readonly clock: Clock;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
}

export interface Renewed {
  readonly token: Token;
  /** When it was asked for, microseconds: its life counts from here. */
  readonly askedAt: number;
}

/** The endpoint gave no token. */
export class RenewalError extends Error {
  readonly isFinal: boolean;

  /** `words` complete "its token endpoint ...". */
  constructor(words: string, isFinal: boolean) {
    super(words);
    this.isFinal = isFinal;
  }
}

const ATTEMPTS = 4;
const BACKOFF_MS = 500;
/** An endpoint that asks for longer has failed: whoever waits is better told so. */
const LONGEST_PAUSE_MS = 10_000;

/** @throws RenewalError, as a rejection; the signal's reason when aborted. */
export async function renew(
  grant: Grant,
  { transport, clock, random }: RenewalMeans,
  signal: AbortSignal,
): Promise<Renewed> {
  for (let attempt = 1; ; attempt++) {
    const askedAt = clock.now();
    const answer = await requestToken(transport, grant.request(), signal);
    if (answer.kind === "granted") {
      grant.granted(answer.fields);
      return { token: answer.token, askedAt };
    }
    const pauseMs = Math.max(
      BACKOFF_MS * 2 ** (attempt - 1) * (1 + random()),
      answer.retryAfterMs ?? 0,
    );
    if (answer.isFinal || attempt === ATTEMPTS || pauseMs > LONGEST_PAUSE_MS) {
      throw new RenewalError(answer.words, answer.isFinal);
    }
    await paused(clock, pauseMs, signal);
  }
}

function paused(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.schedule(clock.now() + ms * MICROS_PER_MS, () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    signal.addEventListener("abort", abort, { once: true });
  });
}
