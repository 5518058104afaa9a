import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventFrame, exceptionFrame, frameOf } from "../../../test/support/aws-frames.ts";
import type { RawEvent } from "../event-splitter.ts";
import { createFrameSplitter } from "./frames.ts";

function split(chunks: readonly Uint8Array[], bound?: number): RawEvent[] {
  const splitter = createFrameSplitter(bound);
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.flush()];
}

/** Cut behind each of `at`. */
function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end));
}

const read = (events: readonly RawEvent[]) =>
  events.map(({ kind, event, data }) => [kind, event, data]);
const bytesOf = (events: readonly RawEvent[]) => Buffer.concat(events.map(({ bytes }) => bytes));

const start = eventFrame("messageStart", { role: "assistant" });
const delta = eventFrame("contentBlockDelta", { delta: { text: "häh" } });

describe("frames", () => {
  test("are events by their type, with the payload as text", () => {
    expect(read(split([Buffer.concat([start, delta])]))).toEqual([
      ["event", "messageStart", '{"role":"assistant"}'],
      ["event", "contentBlockDelta", '{"delta":{"text":"häh"}}'],
    ]);
  });

  test("of exceptions are named by the exception", () => {
    const frame = exceptionFrame("throttlingException", "Too many tokens");
    expect(read(split([frame]))).toEqual([
      ["event", "throttlingException", '{"message":"Too many tokens"}'],
    ]);
  });

  test("of errors have code and words in headers alone", () => {
    const headers = {
      ":message-type": "error",
      ":error-code": "internalServerException",
      ":error-message": "Oh.",
    };
    expect(read(split([frameOf({ headers, payload: "" })]))).toEqual([
      ["event", "error", '{"code":"internalServerException","message":"Oh."}'],
    ]);
  });

  test("may have headers that are no text, and no payload", () => {
    const headers = { ":event-type": "ping" };
    const frame = frameOf({ headers, payload: "", binary: new Uint8Array(300) });
    expect(read(split([frame]))).toEqual([["event", "ping", "{}"]]);
  });

  test("whose checksum is wrong pass unread, and the next is read", () => {
    const broken = Buffer.from(start);
    broken[start.length - 8] ^= 1;
    expect(read(split([Buffer.concat([broken, delta])]))).toEqual([
      ["opaque", "", ""],
      ["event", "contentBlockDelta", '{"delta":{"text":"häh"}}'],
    ]);
  });

  test("that are larger than the bound pass in pieces, and the next is read", () => {
    const large = eventFrame("chunk", { bytes: "a".repeat(1_000) });
    const bytes = Buffer.concat([large, delta]);
    const events = split(cut(bytes, [20, 500, 900]), 300);
    expect(read(events).at(-1)).toEqual(["event", "contentBlockDelta", '{"delta":{"text":"häh"}}']);
    expect(new Set(events.slice(0, -1).map(({ kind }) => kind))).toEqual(new Set(["opaque"]));
    expect(bytesOf(events)).toEqual(bytes);
  });

  test("that are none pass at once, with all that comes after", () => {
    const splitter = createFrameSplitter();
    const text = Buffer.from("data: this is no frame at all");
    expect(read(splitter.push(text))).toEqual([["opaque", "", ""]]);
    expect(read(splitter.push(start))).toEqual([["opaque", "", ""]]);
    expect(splitter.flush()).toEqual([]);
  });

  test("with a length that no frame has are not waited for", () => {
    for (const length of [0, 15, 0x7fffffff]) {
      const prelude = Buffer.from(start);
      prelude.writeUInt32BE(length, 0);
      expect(read(split([prelude]))).toEqual([["opaque", "", ""]]);
    }
  });

  test("that are cut off at the end of the stream pass unread", () => {
    const bytes = Buffer.concat([start, delta.subarray(0, 40)]);
    const events = split([bytes]);
    expect(read(events).map(([kind]) => kind)).toEqual(["event", "opaque"]);
    expect(bytesOf(events)).toEqual(bytes);
  });

  const frame = fc
    .record({
      headers: fc.dictionary(
        fc.constantFrom(":event-type", ":message-type", "x"),
        fc.string({ maxLength: 40 }),
      ),
      payload: fc.string({ maxLength: 300 }),
      binary: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
    })
    .map(frameOf);

  test("are the same however they are cut into chunks, and not a byte is lost", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        fc.array(fc.nat(5_000), { maxLength: 20 }),
        fc.constantFrom(undefined, 100),
        (frames, at, bound) => {
          const bytes = Buffer.concat(frames);
          const events = split(cut(bytes, at), bound);
          expect(bytesOf(events)).toEqual(bytes);
          const whole = split([bytes], bound).filter(({ kind }) => kind === "event");
          expect(read(events.filter(({ kind }) => kind === "event"))).toEqual(read(whole));
          if (bound === undefined) expect(whole).toHaveLength(frames.length);
        },
      ),
    );
  });

  test("survive damage anywhere, and not a byte is lost", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(2_000), { maxLength: 8 }),
        (frames, damage, at) => {
          const bytes = Buffer.concat(frames);
          for (const [place, value] of damage) bytes[place % bytes.length] = value;
          expect(bytesOf(split(cut(bytes, at)))).toEqual(bytes);
        },
      ),
    );
  });

  test("that come byte by byte cost no more than they are long", () => {
    const large = eventFrame("chunk", { bytes: "a".repeat(200_000) });
    const splitter = createFrameSplitter();
    const events: RawEvent[] = [];
    for (let i = 0; i < large.length; i++) events.push(...splitter.push(large.subarray(i, i + 1)));
    expect(read(events).map(([kind, event]) => [kind, event])).toEqual([["event", "chunk"]]);
  });
});
