import { describe, expect, test } from "vitest";
import { eventFrame } from "../../../test/support/aws-frames.ts";
import { createFrameSplitter } from "../../dialects/bedrock/frames.ts";
import { dialectNamed, generic } from "../../dialects/registry.ts";
import { createEventSplitter } from "../../dialects/sse.ts";
import { StreamPassage } from "./stream-passage.ts";

const openai = dialectNamed("openai") ?? generic;
const anthropic = dialectNamed("anthropic") ?? generic;

const chunk = (fields: object) => `data: ${JSON.stringify(fields)}\n\n`;
const content = (text: string) => chunk({ choices: [{ index: 0, delta: { content: text } }] });
const OPENING = chunk({ choices: [{ index: 0, delta: { role: "assistant", content: "" } }] });
const USAGE = chunk({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 5 } });
const DONE = "data: [DONE]\n\n";

/** Feeds pieces and returns what came out after each, and at the end. */
function pass(passage: StreamPassage, pieces: readonly string[]): string[] {
  const text = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString();
  const outputs = pieces.map((piece) => text(passage.push(Buffer.from(piece))));
  return [...outputs, text(passage.finish())];
}

const passageOf = (hidesUsageEvent = false) =>
  new StreamPassage(createEventSplitter(), openai.streamReader(), hidesUsageEvent);

/** A text cut into pieces of this length. */
const cut = (text: string, length: number) =>
  text.match(new RegExp(`[^]{1,${length}}`, "g")) as string[];

describe.each([false, true])("hiding usage: %s", (hides) => {
  test("the opening is held until the first content, then all goes at once", () => {
    const passage = passageOf(hides);
    expect(pass(passage, [OPENING, ": ping\n\n", content("a"), content("b"), DONE])).toEqual([
      "",
      "",
      `${OPENING}: ping\n\n${content("a")}`,
      content("b"),
      DONE,
      "",
    ]);
    expect(passage.isOpen).toBe(true);
  });

  test("a stream without content is let out at its end", () => {
    const passage = passageOf(hides);
    expect(pass(passage, [OPENING, DONE])).toEqual(["", "", OPENING + DONE]);
    expect(passage.isOpen).toBe(false);
  });

  test.each([1, 2, 3, 7, 50])("no byte is lost or moved in pieces of %i", (length) => {
    const whole = `\ufeff: hi\r\n\r\n${OPENING}${content("ü模")}event: x\rdata: 1\r\r${DONE}rest`;
    const outputs = pass(passageOf(hides), cut(whole, length));
    expect(outputs.join("")).toBe(whole);
  });

  test("an opening that does not end is let through at 64 KiB", () => {
    const passage = passageOf(hides);
    const ping = `: ${"p".repeat(997)}\n`;
    const pieces = Array.from({ length: 70 }, () => `${ping}\n`);
    const outputs = pass(passage, pieces);
    const first = outputs.findIndex((output) => output !== "");
    expect(first).toBeGreaterThanOrEqual(64);
    expect(first).toBeLessThan(67);
    expect(outputs.join("")).toBe(pieces.join(""));
  });

  test("an error before content is told, and held", () => {
    const passage = passageOf(hides);
    const error = chunk({ error: { message: "overloaded", type: "server_error" } });
    expect(Buffer.concat([...passage.push(Buffer.from(OPENING + error))])).toHaveLength(0);
    expect(passage.isOpen).toBe(false);
    expect(passage.verdict).not.toBe(null);
    expect(Buffer.concat([...passage.finish()]).toString()).toBe(OPENING + error);
  });

  test("an error after content passes", () => {
    const passage = passageOf(hides);
    const error = chunk({ error: { message: "x", type: "server_error" } });
    expect(pass(passage, [content("a"), error])).toEqual([content("a"), error, ""]);
    expect(passage.verdict?.class).toBe("transient");
  });

  test("usage is read either way", () => {
    const passage = passageOf(hides);
    pass(passage, [content("a"), USAGE, DONE]);
    expect(passage.usage()).toEqual({ inputTokens: 3, outputTokens: 5, cachedInputTokens: 0 });
  });
});

describe("the usage event", () => {
  test("passes if the client asked for it", () => {
    expect(pass(passageOf(false), [content("a"), USAGE, DONE])).toContain(USAGE);
  });

  test.each([1, 5, 1_000])("is taken out, and nothing else, in pieces of %i", (length) => {
    const alike = content('"choices":[],"usage":1');
    const noUsage = chunk({ choices: [], prompt_filter_results: [], usage: null });
    const whole = OPENING + noUsage + content("a") + alike + USAGE + DONE;
    const outputs = pass(passageOf(true), cut(whole, length));
    expect(outputs.join("")).toBe(OPENING + noUsage + content("a") + alike + DONE);
  });

  test("is taken out also where it is the last and unfinished", () => {
    expect(pass(passageOf(true), [content("a"), USAGE.trimEnd()]).join("")).toBe(content("a"));
  });

  test("is taken out of a stream that held nothing else", () => {
    expect(pass(passageOf(true), [OPENING, USAGE, DONE]).join("")).toBe(OPENING + DONE);
  });
});

test("output that was cut off is counted by its text", () => {
  const passage = new StreamPassage(createEventSplitter(), anthropic.streamReader(), false);
  const delta = (text: string) =>
    `event: content_block_delta\n${chunk({
      type: "content_block_delta",
      delta: { type: "text_delta", text },
    })}`;
  pass(passage, [delta("four"), delta("five!")]);
  expect(passage.outputTokensSeen).toBe(3);
  expect(passageOf().outputTokensSeen).toBe(0);
});

test("binary frames are held and read like events; what is no frame passes at once", () => {
  const bedrock = dialectNamed("bedrock") ?? generic;
  const open = () => new StreamPassage(createFrameSplitter(), bedrock.streamReader(), false);
  const [opening, content] = [
    eventFrame("messageStart", { role: "assistant" }),
    eventFrame("contentBlockDelta", { delta: { text: "Hello" } }),
  ];
  const frames = open();
  expect(frames.push(opening)).toEqual([]);
  expect(frames.push(content)).toEqual([opening, content]);
  const text = open();
  const bytes = Buffer.from("this is no frame");
  expect([text.push(bytes), text.isOpen]).toEqual([[bytes], true]);
});
