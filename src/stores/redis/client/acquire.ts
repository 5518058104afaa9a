/** Acquire: waiting for a grant as a promise, which an AbortSignal ends. */
import type { Entry, SharedRequest } from "./entry.ts";
import type { SharedQueue } from "./shared-queue.ts";

/**
 * Waits until the request may be sent; settle the entry afterwards.
 *
 * @throws the signal's reason, or an Error whose message is the refusal's code
 */
export function acquire(
  queue: SharedQueue,
  request: SharedRequest,
  signal: AbortSignal,
): Promise<Entry> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => {
      if (queue.cancel(entry)) reject(signal.reason);
    };
    const entry = queue.enqueue(request, {
      onGranted: () => {
        signal.removeEventListener("abort", onAbort);
        resolve(entry);
      },
      onRefused: (code) => {
        signal.removeEventListener("abort", onAbort);
        reject(new Error(code));
      },
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
