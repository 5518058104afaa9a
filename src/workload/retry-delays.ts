/** Retry delays: how long clients wait before their next try when each of them backs off alone. */

const FIRST_SDK_DELAY_MS = 500;
const LONGEST_SDK_DELAY_MS = 8_000;
const LONGEST_HINT_MS = 60_000;
const SDK_JITTER = 0.25;

const FIRST_NAIVE_DELAY_MS = 1_000;
const LONGEST_NAIVE_DELAY_MS = 64_000;

/**
 * As OpenAI's SDK does (openai 7.57, client.js, retryRequest): obeys the provider's hint if that is 0
 * to 60 s; else min(0.5 x 2^n, 8) s, less up to a quarter at random.
 *
 * @param hintMs null: none
 * @param retries those made before
 * @param random 0 to 1
 */
export function sdkDelayMs(hintMs: number | null, retries: number, random: number): number {
  if (hintMs !== null && hintMs >= 0 && hintMs <= LONGEST_HINT_MS) return hintMs;
  const delay = Math.min(FIRST_SDK_DELAY_MS * 2 ** retries, LONGEST_SDK_DELAY_MS);
  return delay * (1 - random * SDK_JITTER);
}

/** 1, 2, 4, 8 ... s, at most 64 s: as it is written by hand, heeding no hint, everybody in step. */
export function naiveDelayMs(retries: number): number {
  return Math.min(FIRST_NAIVE_DELAY_MS * 2 ** retries, LONGEST_NAIVE_DELAY_MS);
}
