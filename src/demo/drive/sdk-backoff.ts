/** SDK backoff: how long OpenAI's SDK waits before its next try (openai 7.57, client.js, retryRequest). */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
const LONGEST_HINT_MS = 60_000;
const JITTER = 0.25;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Obeys `retry-after-ms`, else `retry-after`, if that is 0 to 60 s; else min(0.5 x 2^n, 8) s, less up
 * to a quarter at random.
 *
 * @param retries those made before
 * @param random 0 to 1
 */
export function sdkDelayMs(
  headers: Headers,
  retries: number,
  random: number,
  nowMs: number,
): number {
  const hint = hintMs(headers, nowMs);
  if (hint !== null && hint >= 0 && hint <= LONGEST_HINT_MS) return hint;
  const delay = Math.min(FIRST_DELAY_MS * 2 ** retries, LONGEST_DELAY_MS);
  return delay * (1 - random * JITTER);
}

function hintMs(headers: Headers, nowMs: number): number | null {
  const inMs = Number.parseFloat(String(headers["retry-after-ms"] ?? ""));
  if (!Number.isNaN(inMs)) return inMs;
  const text = headers["retry-after"];
  if (typeof text !== "string") return null;
  const inSeconds = Number.parseFloat(text);
  if (!Number.isNaN(inSeconds)) return inSeconds * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at - nowMs;
}
