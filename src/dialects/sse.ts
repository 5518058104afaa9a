/** Splits a byte stream into server-sent events without changing a byte, however the chunks are cut. */

import {
  concatenated,
  type EventSplitter,
  LARGEST_EVENT_BYTES,
  type RawEvent,
} from "./event-splitter.ts";

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

export function createEventSplitter(largestBytes = LARGEST_EVENT_BYTES): EventSplitter {
  return new Splitter(largestBytes);
}

class Splitter implements EventSplitter {
  private readonly largestBytes: number;
  /** Bytes of the unfinished event that came with earlier chunks. */
  private pending: Uint8Array[] = [];
  private pendingBytes = 0;
  private isOpaque = false;
  private isAtLineStart = true;
  /** The last byte ended a line with CR: an LF now belongs to it. */
  private afterReturn = false;
  /** The last byte was a CR that ended a blank line: the event ends here, or after one LF. */
  private isEnding = false;
  /** How much of a byte order mark the stream began with; -1 once that is settled. */
  private markLength = 0;

  constructor(largestBytes: number) {
    this.largestBytes = largestBytes;
  }

  push(chunk: Uint8Array): RawEvent[] {
    const events: RawEvent[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      // Inside a line an ordinary byte changes nothing; nearly all bytes are such.
      if (byte > CARRIAGE_RETURN && !this.isAtLineStart) continue;
      if (this.isEnding && byte !== LINE_FEED) {
        events.push(this.finish(chunk.subarray(start, at)));
        start = at;
      }
      if (this.endsEvent(byte)) {
        events.push(this.finish(chunk.subarray(start, at + 1)));
        start = at + 1;
      }
    }
    if (start < chunk.length) this.keep(chunk.subarray(start), events);
    return events;
  }

  flush(): RawEvent[] {
    if (this.pendingBytes === 0) return [];
    return [this.finish(new Uint8Array(0))];
  }

  /** Moves on by one byte; true if it is the last of an event. */
  private endsEvent(byte: number): boolean {
    if (this.markLength >= 0 && this.isMark(byte)) return false;
    const { afterReturn, isAtLineStart } = this;
    this.isEnding = false;
    this.afterReturn = false;
    if (byte === LINE_FEED) {
      this.isAtLineStart = true;
      return isAtLineStart && !afterReturn;
    }
    if (byte === CARRIAGE_RETURN) {
      this.isEnding = isAtLineStart;
      this.afterReturn = !isAtLineStart;
      this.isAtLineStart = true;
      return false;
    }
    this.isAtLineStart = false;
    return false;
  }

  /** A mark at the very start of the stream is no part of the first line. */
  private isMark(byte: number): boolean {
    if (byte === BYTE_ORDER_MARK[this.markLength]) {
      this.markLength = this.markLength === 2 ? -1 : this.markLength + 1;
      return true;
    }
    if (this.markLength > 0) this.isAtLineStart = false;
    this.markLength = -1;
    return false;
  }

  private keep(part: Uint8Array, events: RawEvent[]): void {
    this.pending.push(part);
    this.pendingBytes += part.length;
    if (this.pendingBytes <= this.largestBytes) return;
    this.isOpaque = true;
    events.push({ kind: "opaque", bytes: this.takePending(), event: "", data: "" });
  }

  private finish(last: Uint8Array): RawEvent {
    const isOpaque = this.isOpaque || this.pendingBytes + last.length > this.largestBytes;
    const bytes = this.pendingBytes === 0 ? last : this.takePending(last);
    this.isOpaque = false;
    this.isEnding = false;
    this.afterReturn = false;
    this.isAtLineStart = true;
    return isOpaque ? { kind: "opaque", bytes, event: "", data: "" } : readEvent(bytes);
  }

  private takePending(last?: Uint8Array): Uint8Array {
    const parts = last === undefined ? this.pending : [...this.pending, last];
    const bytes = concatenated(parts);
    this.pending = [];
    this.pendingBytes = 0;
    return bytes;
  }
}

/** WHATWG HTML, section 9.2.6: fields we do not use (id, retry) and comments are skipped. */
function readEvent(bytes: Uint8Array): RawEvent {
  const decoded = DECODER.decode(bytes);
  const text = decoded.charCodeAt(0) === 0xfeff ? decoded.slice(1) : decoded;
  let event = "";
  let data: string | null = null;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    if (field !== "data" && field !== "event") continue;
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") event = value;
    else data = data === null ? value : `${data}\n${value}`;
  }
  return { kind: "event", bytes, event, data: data ?? "" };
}
