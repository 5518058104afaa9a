/** SDK backoff: how long OpenAI's SDK waits before its next try, by what the headers say. */
import { sdkDelayMs as delayFor } from "../../workload/retry-delays.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Obeys `retry-after-ms`, else `retry-after`, else waits by itself (retry-delays.ts).
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
  return delayFor(hintMs(headers, nowMs), retries, random);
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
