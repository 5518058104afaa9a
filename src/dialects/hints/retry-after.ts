/** The wait that a response's headers ask for, in every form that servers send it. */
import type { HeaderView } from "../../core/dialect.ts";
import { wholeWaitMs } from "./durations.ts";
import { headerValues, numberIn } from "./headers.ts";
import { parseWaitMs, referenceMs } from "./timestamps.ts";

/**
 * Whole milliseconds to wait, at most LONGEST_RETRY_AFTER_MS; null if no header states a wait that can be read.
 * The most exact header wins; of a repeated one the longest, since an earlier retry would fail.
 */
export function retryAfterMs(headers: HeaderView, receivedAtMs: number): number | null {
  const reference = referenceMs(headers, receivedAtMs);
  const wait =
    longest(headers, "retry-after-ms", numberIn) ??
    longest(headers, "retry-after", (text) => parseWaitMs(text, reference)) ??
    longest(headers, "x-ms-retry-after-ms", numberIn) ??
    longest(headers, "x-retry-after", (text) => parseWaitMs(text, reference));
  return wait === null ? null : wholeWaitMs(wait);
}

function longest(
  headers: HeaderView,
  name: string,
  read: (text: string) => number | null,
): number | null {
  const waits = headerValues(headers, name)
    .map(read)
    .filter((wait) => wait !== null);
  return waits.length === 0 ? null : Math.max(...waits);
}
