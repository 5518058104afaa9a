import { describe, expect, test } from "vitest";
import type { Call } from "./call.ts";
import { charactersIn } from "./count-characters.ts";
import { draftAnswer } from "./draft.ts";
import { type Pace, produce } from "./produce.ts";
import { createRandom } from "./random.ts";
import { sampleOf } from "./sample-schema.ts";
import { sliceTokens, tokensIn, writeText } from "./text.ts";

const CALL: Call = {
  kind: "call",
  model: "gpt-5",
  isStream: false,
  inputTokens: 10,
  maxOutputTokens: null,
  hasOutput: true,
  tool: null,
  cost: null,
  writer: () => {
    throw new Error("not asked for");
  },
};

function draft(call: Partial<Call>, wantedTokens: number | null = null, seed = 1) {
  const length = { medianTokens: 120, spread: 0.8 };
  const random = createRandom(seed);
  return draftAnswer(
    { ...CALL, ...call },
    { id: "0", random, length, wantedTokens, cachedTokens: 0 },
  );
}

describe("the length of an answer", () => {
  test("is what the request wants, and its text has just as many tokens", () => {
    const answer = draft({}, 33);
    expect(answer).toMatchObject({ outputTokens: 33, isCut: false });
    expect(tokensIn(answer.text.length)).toBe(33);
  });

  test("is cut at the request's own limit", () => {
    expect(draft({ maxOutputTokens: 7 }, 33)).toMatchObject({ outputTokens: 7, isCut: true });
    expect(draft({ maxOutputTokens: 33 }, 33)).toMatchObject({ outputTokens: 33, isCut: false });
  });

  test("else is drawn, the same for the same seed", () => {
    expect(draft({}, null, 5)).toEqual(draft({}, null, 5));
    const lengths = Array.from({ length: 400 }, (_, seed) => draft({}, null, seed).outputTokens);
    const median = lengths.sort((a, b) => a - b)[200];
    expect(median).toBeGreaterThan(90);
    expect(median).toBeLessThan(160);
  });

  test("is that of its arguments when a tool is called", () => {
    const tool = { name: "f", arguments: '{"city":"mock"}' };
    expect(draft({ tool }, 500)).toMatchObject({
      outputTokens: 4,
      text: tool.arguments,
      toolName: "f",
    });
  });

  test("is nothing for embeddings", () => {
    expect(draft({ hasOutput: false }, 500)).toMatchObject({
      outputTokens: 0,
      text: "",
      isCut: false,
    });
  });

  test("may be longer than the stock of words", () => {
    expect(tokensIn(writeText(20_000, 0.9).length)).toBe(20_000);
  });

  test("slices of a text join to the whole", () => {
    const text = '{"a":"mock","b":1}';
    expect(sliceTokens(text, 0, 2) + sliceTokens(text, 2, 5)).toBe(text);
  });
});

describe("characters of a request", () => {
  test.each([
    ["a string", "hello", 5],
    [
      "messages",
      [
        { role: "user", content: "hello" },
        { role: "user", content: "you" },
      ],
      8,
    ],
    [
      "text parts, not images",
      [
        {
          content: [
            { type: "text", text: "hi" },
            { type: "image_url", image_url: { url: "xx" } },
          ],
        },
      ],
      2,
    ],
    [
      "tool calls",
      {
        role: "assistant",
        content: null,
        tool_calls: [{ function: { name: "f", arguments: "{}" } }],
      },
      2,
    ],
    ["tool use", { type: "tool_use", name: "f", input: { a: 1 } }, 7],
    ["tool results", { type: "tool_result", content: [{ type: "text", text: "four" }] }, 4],
    ["nothing", undefined, 0],
    ["numbers", [1, 2], 0],
  ])("%s", (_, value, characters) => {
    expect(charactersIn(value)).toBe(characters);
  });

  test("does not follow endless nesting", () => {
    let nested: unknown = "deep";
    for (let i = 0; i < 100_000; i++) nested = { content: nested };
    expect(charactersIn(nested)).toBe(0);
  });
});

describe("a sample of a schema", () => {
  test.each([
    [
      {
        type: "object",
        properties: {
          city: { type: "string" },
          days: { type: "integer" },
          more: { type: "string" },
        },
        required: ["city", "days"],
      },
      { city: "mock", days: 1 },
    ],
    [{ type: "object", properties: {} }, {}],
    [{ type: "string", enum: ["c", "f"] }, "c"],
    [{ type: "number", minimum: 3 }, 3],
    [{ type: ["boolean", "null"] }, true],
    [{ type: "array", items: { type: "number" } }, [1]],
    [{ const: 5 }, 5],
    [
      {
        type: "object",
        required: ["a"],
        properties: { a: { type: "object", required: ["b"], properties: { b: { default: 2 } } } },
      },
      { a: { b: 2 } },
    ],
    [{ properties: { x: { type: "null" } }, required: ["x"] }, { x: null }],
    [undefined, "mock"],
  ])("%o", (schema, sample) => {
    expect(sampleOf(schema)).toEqual(sample);
  });
});

describe("the pace of an answer", () => {
  async function chunksOf(
    tokens: number,
    pace: Partial<Pace>,
    closesAfter = Number.POSITIVE_INFINITY,
  ) {
    const chunks: number[] = [];
    const reader = {
      get isOpen() {
        return chunks.length < closesAfter;
      },
      sleep: () => Promise.resolve(), // as if time had passed
    };
    await produce(
      reader,
      tokens,
      { firstTokenMs: 0, tokensPerSecond: 0, chunkMs: 20, ...pace },
      (from, to) => {
        expect(from).toBe(chunks.reduce((sum, chunk) => sum + chunk, 0));
        chunks.push(to - from);
        return undefined;
      },
    );
    return chunks;
  }

  test.each([
    {
      tokensPerSecond: 50,
      tokens: 4,
      chunks: [1, 1, 1, 1],
      why: "a slow model sends token by token",
    },
    {
      tokensPerSecond: 200,
      tokens: 10,
      chunks: [1, 4, 4, 1],
      why: "a fast one several at a time, after the first",
    },
    {
      tokensPerSecond: 0,
      tokens: 16,
      chunks: [2, 2, 2, 2, 2, 2, 2, 2],
      why: "unpaced it is still a stream",
    },
    { tokensPerSecond: 50, tokens: 0, chunks: [], why: "there is nothing to send" },
  ])("$tokensPerSecond per second: $why", async ({ tokensPerSecond, tokens, chunks }) => {
    expect(await chunksOf(tokens, { tokensPerSecond })).toEqual(chunks);
  });

  test("production ends when the reader goes", async () => {
    expect(await chunksOf(100, { tokensPerSecond: 50 }, 3)).toEqual([1, 1, 1]);
  });

  test("waits for the first token, then for each chunk's last token", async () => {
    const sleeps: number[] = [];
    const reader = {
      isOpen: true,
      sleep(ms: number) {
        sleeps.push(ms);
        return Promise.resolve();
      },
    };
    await produce(
      reader,
      3,
      { firstTokenMs: 60_000, tokensPerSecond: 0.01, chunkMs: 20 },
      () => undefined,
    );
    const [first, ...rest] = sleeps.map((ms) => Math.round(ms / 10_000));
    expect(first).toBe(6);
    expect(rest).toEqual([6, 16, 26]); // nothing really slept, so each is measured from the start
  });
});
