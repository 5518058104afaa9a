/**
 * Frames: splits Bedrock's binary streams (`application/vnd.amazon.eventstream`) into events without
 * changing a byte, however the chunks are cut.
 *
 * A frame is its length, the length of its headers, a checksum of these two, headers, payload and a
 * checksum of all before it (AWS, "Event stream encoding"; big endian, CRC-32).
 */
import { crc32 } from "node:zlib";
import {
  concatenated,
  type EventSplitter,
  LARGEST_EVENT_BYTES,
  type RawEvent,
} from "../event-splitter.ts";
import { readFrameHeaders } from "./frame-headers.ts";

/** Two lengths and their checksum. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
const LEAST_FRAME_BYTES = PRELUDE_BYTES + CHECKSUM_BYTES;
/** AWS allows 24 MB of payload and 128 kB of headers; what claims more is no frame. */
const MOST_FRAME_BYTES = 32 * 1_048_576;

const DECODER = new TextDecoder();
const NOTHING = new Uint8Array(0);

export function createFrameSplitter(largestBytes = LARGEST_EVENT_BYTES): EventSplitter {
  return new FrameSplitter(largestBytes);
}

class FrameSplitter implements EventSplitter {
  readonly #largestBytes: number;
  /** Bytes that wait for the rest of their frame. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** So many have to be there before anything more can be said. */
  #needed = PRELUDE_BYTES;
  /** What is left of a frame that is too large to be read. */
  #skipped = 0;
  /** Something was no frame: where the next begins cannot be known. */
  #isLost = false;

  constructor(largestBytes: number) {
    this.#largestBytes = largestBytes;
  }

  push(chunk: Uint8Array): RawEvent[] {
    if (chunk.length === 0) return [];
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#needed && this.#skipped === 0 && !this.#isLost) return [];
    const events: RawEvent[] = [];
    const rest = this.#split(this.#take(), events);
    if (rest.length > 0) this.#keep(rest);
    return events;
  }

  flush(): RawEvent[] {
    return this.#pendingBytes === 0 ? [] : [opaque(this.#take())];
  }

  #take(): Uint8Array {
    const bytes = concatenated(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    return bytes;
  }

  #keep(rest: Uint8Array): void {
    this.#pending = [rest];
    this.#pendingBytes = rest.length;
  }

  /** Returns what belongs to a frame that is not complete yet. */
  #split(bytes: Uint8Array, events: RawEvent[]): Uint8Array {
    let rest = this.#skip(bytes, events);
    while (rest.length > 0) {
      if (this.#isLost) {
        events.push(opaque(rest));
        return NOTHING;
      }
      this.#needed = PRELUDE_BYTES;
      if (rest.length < PRELUDE_BYTES) return rest;
      const length = frameLength(rest);
      if (length === null) this.#isLost = true;
      else if (length > this.#largestBytes) {
        this.#skipped = length;
        rest = this.#skip(rest, events);
      } else if (rest.length < length) {
        this.#needed = length;
        return rest;
      } else {
        events.push(readFrame(rest.subarray(0, length)));
        rest = rest.subarray(length);
      }
    }
    this.#needed = PRELUDE_BYTES;
    return rest;
  }

  #skip(bytes: Uint8Array, events: RawEvent[]): Uint8Array {
    if (this.#skipped === 0) return bytes;
    const part = bytes.subarray(0, this.#skipped);
    this.#skipped -= part.length;
    events.push(opaque(part));
    return bytes.subarray(part.length);
  }
}

function opaque(bytes: Uint8Array): RawEvent {
  return { kind: "opaque", bytes, event: "", data: "" };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Of the frame that begins here; null: none does. */
function frameLength(bytes: Uint8Array): number | null {
  const view = viewOf(bytes);
  const length = view.getUint32(0);
  const headersLength = view.getUint32(4);
  const isWhole = view.getUint32(8) === crc32(bytes.subarray(0, 8));
  const fits = length <= MOST_FRAME_BYTES && headersLength + LEAST_FRAME_BYTES <= length;
  return isWhole && fits ? length : null;
}

/** A complete frame; with a wrong checksum it is passed on unread. */
function readFrame(bytes: Uint8Array): RawEvent {
  const view = viewOf(bytes);
  const end = bytes.length - CHECKSUM_BYTES;
  if (view.getUint32(end) !== crc32(bytes.subarray(0, end))) return opaque(bytes);
  const payloadAt = PRELUDE_BYTES + view.getUint32(4);
  const headers = readFrameHeaders(bytes.subarray(PRELUDE_BYTES, payloadAt));
  const payload = DECODER.decode(bytes.subarray(payloadAt, end));
  return { kind: "event", bytes, ...meaningOf(headers, payload) };
}

/** An exception is named by its type; an error that is none has its code and words in headers alone. */
function meaningOf(headers: ReadonlyMap<string, string>, payload: string) {
  const data = payload === "" ? "{}" : payload;
  const code = headers.get(":error-code");
  if (headers.get(":message-type") === "error" || code !== undefined) {
    const message = headers.get(":error-message");
    return { event: "error", data: JSON.stringify({ code, message }) };
  }
  return { event: headers.get(":exception-type") ?? headers.get(":event-type") ?? "", data };
}
