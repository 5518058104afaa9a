/** Event splitter: the contract by which a stream's bytes become events, whatever its format, without changing one. */

export interface RawEvent {
  /** `opaque`: too long, or not to be made out, so passed through in pieces and not read. */
  readonly kind: "event" | "opaque";
  /** The exact bytes of the event. All events' bytes in order are the stream. */
  readonly bytes: Uint8Array;
  /** The event's name, empty if it has none. */
  readonly event: string;
  /** Its text; empty for comments, blank lines and opaque pieces. */
  readonly data: string;
}

export interface EventSplitter {
  /** The events that end within this chunk. The chunk must not be changed afterwards. */
  push(chunk: Uint8Array): RawEvent[];
  /** At the end of the stream: what came after the last complete event; empty if nothing did. */
  flush(): RawEvent[];
}

/** Larger events are not held in memory; no provider sends text events of this size. */
export const LARGEST_EVENT_BYTES = 1_048_576;

export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
