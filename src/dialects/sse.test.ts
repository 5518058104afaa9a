import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RawEvent } from "./event-splitter.ts";
import { createEventSplitter } from "./sse.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

/** Splits `bytes` fed in pieces that end at `cuts`, flush included. */
function split(bytes: Uint8Array, cuts: readonly number[] = [], bound?: number): RawEvent[] {
  const splitter = createEventSplitter(bound);
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const events = edges.slice(1).flatMap((edge, i) => splitter.push(bytes.slice(edges[i], edge)));
  return [...events, ...splitter.flush()];
}

const read = (text: string) => split(encode(text)).map(({ event, data }) => ({ event, data }));

describe("event splitter", () => {
  test.each([
    { name: "one event", text: "data: a\n\n", events: [{ event: "", data: "a" }] },
    {
      name: "a named event",
      text: "event: ping\ndata: {}\n\n",
      events: [{ event: "ping", data: "{}" }],
    },
    { name: "CRLF", text: "event: x\r\ndata: a\r\n\r\n", events: [{ event: "x", data: "a" }] },
    {
      name: "CR",
      text: "data: a\r\rdata: b\r\r",
      events: [
        { event: "", data: "a" },
        { event: "", data: "b" },
      ],
    },
    {
      name: "several data lines",
      text: "data: a\ndata: b\n\n",
      events: [{ event: "", data: "a\nb" }],
    },
    { name: "no blank after the colon", text: "data:a\n\n", events: [{ event: "", data: "a" }] },
    { name: "only one blank is taken", text: "data:  a\n\n", events: [{ event: "", data: " a" }] },
    { name: "a field without colon", text: "data\n\n", events: [{ event: "", data: "" }] },
    {
      name: "id, retry and comments",
      text: "id: 1\nretry: 5\n: hi\ndata: a\n\n",
      events: [{ event: "", data: "a" }],
    },
    { name: "a comment alone", text: ": keep-alive\n\n", events: [{ event: "", data: "" }] },
    { name: "a byte order mark", text: "\uFEFFdata: a\n\n", events: [{ event: "", data: "a" }] },
    {
      name: "an end without blank line",
      text: "data: a\n\ndata: b",
      events: [
        { event: "", data: "a" },
        { event: "", data: "b" },
      ],
    },
    { name: "nothing", text: "", events: [] },
  ])("reads $name", ({ text, events }) => {
    expect(read(text)).toEqual(events);
  });

  test("gives an event out as soon as its blank line is there", () => {
    const splitter = createEventSplitter();
    expect(splitter.push(encode("data: a\n"))).toEqual([]);
    expect(splitter.push(encode("\n"))).toHaveLength(1);
    expect(splitter.push(encode("data: b\r\n\r"))).toEqual([]);
    expect(splitter.push(encode("\n"))).toHaveLength(1);
  });

  test("does not copy events that lie whole within a chunk", () => {
    const chunk = encode("data: a\n\ndata: b\n\n");
    for (const { bytes } of createEventSplitter().push(chunk))
      expect(bytes.buffer).toBe(chunk.buffer);
  });

  test("passes an event beyond the bound through in pieces, unread, and reads the next", () => {
    const text = `data: ${"x".repeat(50)}\n\ndata: b\n\n`;
    const events = split(encode(text), [20, 40], 16);
    expect(events.map(({ kind }) => kind)).toContain("opaque");
    expect(events.at(-1)).toMatchObject({ kind: "event", data: "b" });
    expect(events.filter(({ kind }) => kind === "opaque").every(({ data }) => data === "")).toBe(
      true,
    );
    expect(events.map(({ bytes }) => decode(bytes)).join("")).toBe(text);
  });

  const piece = fc.constantFrom(
    "data: é😀",
    "event: x",
    ":c",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\n\r\n",
    "data",
    "a",
    "\uFEFF",
  );
  const stream = fc.array(piece, { maxLength: 30 }).map((pieces) => encode(pieces.join("")));
  const cuts = fc.array(fc.nat(200), { maxLength: 12 });

  test("gives the same events however the bytes are cut", () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, at) => {
        const edges = at.map((cut) => Math.min(cut, bytes.length));
        expect(split(bytes, edges)).toEqual(split(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test("loses and changes no byte, within the bound and beyond", () => {
    fc.assert(
      fc.property(stream, cuts, fc.constantFrom(4, 1_000), (bytes, at, bound) => {
        const edges = at.map((cut) => Math.min(cut, bytes.length));
        const parts = split(bytes, edges, bound).map((event) => Buffer.from(event.bytes));
        expect(Buffer.concat(parts).equals(Buffer.from(bytes))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
