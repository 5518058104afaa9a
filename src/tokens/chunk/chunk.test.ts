import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SluiceError } from "../../core/errors.ts";
import { estimateTokens } from "../trim/count-tokens.ts";
import { type ChatMessage, holdsResult } from "../trim/message.ts";
import { chunkMessages } from "./chunk-messages.ts";
import { chunkText, type TextChunk } from "./chunk-text.ts";

/** A token is a character, so that tests can be read. */
const count = (text: string) => text.length;
const texts = (chunks: readonly TextChunk[]) => chunks.map(({ text }) => text);

describe("a text is cut", () => {
  test.each([
    ["at paragraphs", "aaa aaa.\n\nbbb bbb.\n\nccc.", 20, ["aaa aaa.\n\nbbb bbb.\n\n", "ccc."]],
    ["at lines", "aaa. aaa\nbbb bbb\nccc", 10, ["aaa. aaa\n", "bbb bbb\n", "ccc"]],
    ["at sentences", "One two. Three four! Five?", 14, ["One two. ", "Three four! ", "Five?"]],
    [
      "at sentences without spaces",
      "これは文。次の文。終わり",
      5,
      ["これは文。", "次の文。", "終わり"],
    ],
    ["at words", "one two three four", 9, ["one two ", "three ", "four"]],
    ["at characters", "abcdefgh", 3, ["ab", "cd", "ef", "gh"]],
    ["not at all", "short", 5, ["short"]],
    ["into nothing", "", 5, []],
  ])("%s", (_where, text, maxTokens, expected) => {
    expect(texts(chunkText(text, { maxTokens, count }))).toEqual(expected);
  });

  test("around a block of code, however its lines are spaced", () => {
    const code = "```js\nlet a = 1;\n\nlet b = 2;\n```\n";
    const chunks = texts(
      chunkText(`Some words.\n\n${code}And more words.`, { maxTokens: 40, count }),
    );
    expect(chunks).toEqual(["Some words.\n\n", code, "And more words."]);
  });

  test("inside a block of code only at its lines, if it is too large", () => {
    const code = `~~~\n${"let value = 1. + 2;\n".repeat(4)}~~~\n`;
    for (const chunk of texts(chunkText(code, { maxTokens: 45, count }))) {
      expect(chunk.endsWith("\n")).toBe(true);
    }
  });

  test("with an overlap that is never more than was allowed", () => {
    const text = "One. Two. Three. Four. Five. Six.";
    const chunks = chunkText(text, { maxTokens: 17, overlapTokens: 6, count });
    expect(texts(chunks)).toEqual(["One. Two. Three. ", "Four. Five. Six."]);
    const more = chunkText(text, { maxTokens: 17, overlapTokens: 8, count });
    expect(texts(more)).toEqual(["One. Two. Three. ", "Three. Four. ", "Four. Five. Six."]);
  });

  test.each([
    ["a letter and its accents", "e\u0301\u0323", 4],
    ["a family", "👨‍👩‍👧‍👦", 12],
    ["a flag", "🇩🇪", 6],
    ["a syllable of Devanagari", "क्षि", 6],
  ])("not through %s, unless it does not fit by itself", (_what, character, maxTokens) => {
    const text = character.repeat(20);
    const chunks = texts(chunkText(text, { maxTokens, count }));
    expect(chunks).toEqual(Array.from({ length: 20 }, () => character));
    const cut = texts(chunkText(text, { maxTokens: 2, count }));
    expect(cut.join("")).toBe(text);
    expect(cut.every((chunk) => chunk.length <= 2)).toBe(true);
  });

  test("never through a character of two units", () => {
    const chunks = texts(chunkText("😀😀😀", { maxTokens: 3, count }));
    expect(chunks).toEqual(["😀", "😀", "😀"]);
    expect(() => chunkText("😀", { maxTokens: 1, count })).toThrow(/maxTokens .* got 1/);
  });

  test.each([
    { maxTokens: 0 },
    { maxTokens: Number.NaN },
    { maxTokens: 5, overlapTokens: 3 },
    { maxTokens: 5, overlapTokens: -1 },
  ])("only by bounds that make sense: not %j", (options) => {
    expect(() => chunkText("x", options)).toThrow(SluiceError);
    expect(() => chunkMessages([], options)).toThrow(SluiceError);
  });

  test("in time, whatever it is: no border makes the search go back and forth", () => {
    const long = 50_000;
    for (const unit of [".", "\n", " ", "`", "```\n", "a", "。", "\n ", '."']) {
      const chunks = chunkText(unit.repeat(long), { maxTokens: 8_000, overlapTokens: 4_000 });
      expect(chunks.at(-1)?.end).toBe(unit.length * long);
    }
  });
});

const piece = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.constantFrom("\n\n", "\n", ". ", "。", "```\n", "~~~\n", "word ", "😀", "  "),
);
const anyText = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
const anyCount = fc.constantFrom(count, estimateTokens);

test("nothing is lost, nothing is above the bound, and the order is kept", () => {
  const check = (
    text: string,
    maxTokens: number,
    overlap: number,
    count: (t: string) => number,
  ) => {
    const overlapTokens = Math.min(overlap, maxTokens / 2);
    const chunks = chunkText(text, { maxTokens, overlapTokens, count });
    let end = 0;
    let start = -1;
    for (const chunk of chunks) {
      expect(chunk.tokens).toBeLessThanOrEqual(maxTokens);
      expect(chunk.tokens).toBe(count(chunk.text));
      expect(chunk.text).toBe(text.slice(chunk.start, chunk.end));
      expect(chunk.start).toBeLessThanOrEqual(end);
      expect(count(text.slice(chunk.start, end))).toBeLessThanOrEqual(overlapTokens);
      expect(chunk.end).toBeGreaterThan(end);
      expect(chunk.start).toBeGreaterThan(start);
      ({ start, end } = chunk);
    }
    expect(end).toBe(text.length);
  };
  const bound = fc.integer({ min: 16, max: 120 });
  fc.assert(fc.property(anyText, bound, fc.nat(60), anyCount, check), { numRuns: 1_000 });
});

describe("a history is cut", () => {
  const said = (role: string, content: string) => ({ role, content });

  test("between messages, with its instructions in every chunk", () => {
    const messages = [
      said("system", "be brief"),
      said("user", "a".repeat(30)),
      said("assistant", "b".repeat(30)),
      said("user", "c".repeat(30)),
    ];
    const chunked = chunkMessages(messages, { maxTokens: 80, count });
    expect(chunked).toMatchObject({
      kind: "chunked",
      chunks: [
        { messages: messages.slice(0, 3), indices: [1, 2], tokens: 80 },
        { messages: [messages[0], messages[3]], indices: [3], tokens: 46 },
      ],
    });
  });

  test("inside a message only if it is too long by itself", () => {
    const messages = [said("user", "One two. Three four. Five six."), said("assistant", "Yes.")];
    const chunked = chunkMessages(messages, { maxTokens: 16, count });
    expect(chunked).toMatchObject({
      chunks: [
        { messages: [{ role: "user", content: "One two. " }], indices: [0] },
        { messages: [{ role: "user", content: "Three four. " }], indices: [0] },
        { messages: [{ role: "user", content: "Five six." }], indices: [0] },
        { messages: [messages[1]], indices: [1] },
      ],
    });
  });

  test("inside a block of text, which keeps what else it has", () => {
    const block = { type: "text", text: "one two three", cache_control: { type: "ephemeral" } };
    const { chunks } = chunkMessages([{ role: "user", content: [block] }], {
      maxTokens: 12,
      count,
    }) as Extract<ReturnType<typeof chunkMessages>, { kind: "chunked" }>;
    expect(chunks.length).toBeGreaterThan(1);
    for (const { messages } of chunks) {
      const { cache_control } = block;
      expect(messages).toMatchObject([{ content: [{ type: "text", cache_control }] }]);
    }
  });

  test("never between a call and its results", () => {
    const tool_calls = [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }];
    const messages = [
      said("user", "go"),
      { role: "assistant", content: null, tool_calls },
      { role: "tool", tool_call_id: "c", content: "x".repeat(50) },
    ] as ChatMessage[];
    expect(chunkMessages(messages, { maxTokens: 65, count })).toMatchObject({
      kind: "chunked",
      chunks: [{ indices: [0] }, { indices: [1, 2] }],
    });
    const small = chunkMessages(messages, { maxTokens: 40, count });
    expect(small).toEqual({ kind: "cannot-fit", index: 1, tokens: 63 });
  });
});

test("a history's chunks hold all of it, in order, none above the bound", () => {
  const message = fc.oneof(
    anyText.map((content) => [{ role: "user", content }]),
    fc.nat(9).map((id) => [
      { role: "assistant", content: [{ type: "tool_use", id: `t${id}`, name: "f", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: `t${id}`, content: "ok" }] },
    ]),
  );
  const history = fc.array(message, { maxLength: 8 }).map((messages) => messages.flat());
  fc.assert(
    fc.property(history, fc.integer({ min: 30, max: 200 }), (messages, maxTokens) => {
      const chunked = chunkMessages<ChatMessage & { content: unknown }>(messages, {
        maxTokens,
        count,
      });
      if (chunked.kind === "cannot-fit") throw new Error(`message ${chunked.index} could be cut`);
      for (const { tokens, messages: own } of chunked.chunks) {
        expect(tokens).toBeLessThanOrEqual(maxTokens);
        expect(own.length === 0 || holdsResult(own[0])).toBe(false);
      }
      const all = chunked.chunks.flatMap(({ messages: own }) => own);
      const texts = (list: readonly { content: unknown }[]) =>
        list
          .map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content)))
          .join("");
      expect(texts(all)).toBe(texts(messages));
      const places = chunked.chunks.flatMap(({ indices }) => indices);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});
