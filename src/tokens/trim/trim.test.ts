import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SluiceError } from "../../core/errors.ts";
import { countFixed, countMessage } from "./count-messages.ts";
import { type ChatMessage, callsTool, holdsResult, isInstruction } from "./message.ts";
import { trimMessages } from "./trim.ts";
import { trimRequest } from "./trim-request.ts";

type Message = ChatMessage & { readonly content?: unknown; readonly tool_calls?: unknown };

/** A token is a character, so that tests can be read. */
const count = (text: string) => text.length;
const said = (role: string, content: string): Message => ({ role, content });
const call = (id: string): Message => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id, type: "function", function: { name: "f", arguments: "{}" } }],
});
const result = (id: string): Message =>
  ({ role: "tool", tool_call_id: id, content: "ok" }) as Message;
const used = (id: string): Message => ({
  role: "assistant",
  content: [{ type: "tool_use", id, name: "f", input: {} }],
});
const returned = (id: string): Message => ({
  role: "user",
  content: [{ type: "tool_result", tool_use_id: id, content: "ok" }],
});

/** Places that stay when the history may have so many tokens less than it has. */
function kept(messages: readonly Message[], less: number, isPinned?: (m: Message) => boolean) {
  const all = messages.reduce((sum, message) => sum + countMessage(message, count), 0);
  const trimmed = trimMessages(messages, { maxTokens: all - less, count, isPinned });
  if (trimmed.kind === "cannot-fit") return trimmed.kind;
  return trimmed.messages.map((message) => messages.indexOf(message));
}

describe("trimmed", () => {
  const HISTORY = [
    said("system", "be brief"),
    said("user", "first"),
    said("assistant", "one"),
    said("user", "second"),
    call("a"),
    result("a"),
    said("assistant", "two"),
    said("user", "third"),
  ];

  test("nothing is lost while all fits", () => {
    const trimmed = trimMessages(HISTORY, { maxTokens: 10_000 });
    expect(trimmed).toMatchObject({ kind: "trimmed", messages: HISTORY, dropped: [] });
  });

  test("whole turns go first, oldest first; instructions and the last turn stay", () => {
    expect(kept(HISTORY, 1)).toEqual([0, 3, 4, 5, 6, 7]);
    expect(kept(HISTORY, 17)).toEqual([0, 7]);
    expect(kept(HISTORY, 60)).toBe("cannot-fit");
  });

  test.each([
    ["OpenAI's", call, result],
    ["Anthropic's", used, returned],
  ])(
    "a long turn of %s loses its oldest steps, not its question nor its last step",
    (_, ask, tell) => {
      const turn = [
        said("user", "task"),
        ask("a"),
        tell("a"),
        ask("b"),
        tell("b"),
        ask("c"),
        tell("c"),
      ];
      expect(kept(turn, 1)).toEqual([0, 3, 4, 5, 6]);
      const step = countMessage(ask("a"), count) + countMessage(tell("a"), count);
      expect(kept(turn, step + 1)).toEqual([0, 5, 6]);
      expect(kept(turn, 2 * step + 1)).toBe("cannot-fit");
    },
  );

  test("what is pinned stays, with its question, and a call with its results", () => {
    expect(kept(HISTORY, 17, ({ content }) => content === "one")).toEqual([0, 1, 2, 7]);
    expect(kept(HISTORY, 17, ({ content }) => content === "first")).toEqual([0, 1, 7]);
    expect(kept(HISTORY, 17, ({ role }) => role === "tool")).toEqual([0, 3, 4, 5, 7]);
  });

  test("it is told what was dropped, and what is left of the bound", () => {
    const trimmed = trimMessages(HISTORY, { maxTokens: 100, fixedTokens: 40, count });
    expect(trimmed).toMatchObject({
      kind: "trimmed",
      dropped: [
        { index: 1, role: "user", tokens: 9 },
        { index: 2, role: "assistant", tokens: 7 },
      ],
    });
    expect((trimmed as { tokens: number }).tokens).toBeLessThanOrEqual(100);
  });

  test.each([
    { maxTokens: Number.NaN },
    { maxTokens: -1 },
    { maxTokens: 1, fixedTokens: Number.POSITIVE_INFINITY },
  ])("a bound that is none is refused: %j", (options) => {
    expect(() => trimMessages([], options)).toThrow(SluiceError);
  });
});

describe("a request", () => {
  const body = {
    model: "m",
    system: "be brief",
    tools: [{ name: "f", input_schema: { type: "object" } }],
    messages: [said("user", "first"), said("assistant", "one"), said("user", "second")],
  };

  test("keeps system and tools, which count", () => {
    const fixed = countFixed(body, count);
    const trimmed = trimRequest(body, { maxTokens: fixed + 15, count });
    expect(trimmed).toMatchObject({ kind: "trimmed", tokens: fixed + 10 });
    expect((trimmed as { body: object }).body).toEqual({ ...body, messages: [body.messages[2]] });
  });

  test("that fits is the same object; one without messages is left alone", () => {
    const trimmed = trimRequest(body, { maxTokens: 10_000 });
    expect((trimmed as { body: object }).body).toBe(body);
    expect(trimRequest({ input: "x" }, { maxTokens: 1 })).toEqual({ kind: "no-history" });
    expect(trimRequest(body, { maxTokens: 1 })).toMatchObject({ kind: "cannot-fit" });
  });
});

describe("a message counts", () => {
  test("its texts, calls and results, but not the base64 of its images", () => {
    const image = {
      type: "image_url",
      image_url: { url: `data:image/png;base64,${"A".repeat(99_999)}` },
    };
    const picture: Message = { role: "user", content: [{ type: "text", text: "see" }, image] };
    expect(countMessage(picture, count)).toBe(4 + 3 + 1_600);
    const pdf = { type: "document", source: { type: "base64", data: "A".repeat(250_000) } };
    expect(countMessage({ role: "user", content: [pdf] } as Message, count)).toBe(4 + 9_000);
    expect(countMessage(used("id"), count)).toBe(4 + 2 + 1 + 2);
  });
});

const text = fc.string({ maxLength: 40 });
const step = fc.tuple(text, fc.integer({ min: 1, max: 3 })).map(([content, calls]) => {
  const ids = Array.from({ length: calls }, (_, i) => `c${i}`);
  const tool_calls = ids.map((id) => ({
    id,
    type: "function",
    function: { name: "f", arguments: content },
  }));
  return [{ role: "assistant", content, tool_calls }, ...ids.map(result)] as Message[];
});
const anthropicStep = fc.uuid().map((id) => [used(id), returned(id)]);
const turn = fc
  .tuple(
    text,
    fc.array(
      fc.oneof(
        step,
        anthropicStep,
        text.map((one) => [said("assistant", one)]),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([question, steps]) => [said("user", question), ...steps.flat()]);
const history = fc
  .tuple(
    fc.array(
      text.map((one) => said("system", one)),
      { maxLength: 2 },
    ),
    fc.array(turn, { maxLength: 6 }),
  )
  .map(([instructions, turns]) => [...instructions, ...turns.flat()]);

test("never above the bound; order, instructions, pairs and the last message are kept", () => {
  fc.assert(
    fc.property(
      history,
      fc.integer({ min: 0, max: 1_500 }),
      fc.nat(40),
      (messages, maxTokens, pin) => {
        const isPinned = (_: Message, index: number) => index === pin;
        const trimmed = trimMessages(messages, { maxTokens, count, isPinned });
        if (trimmed.kind === "cannot-fit") {
          expect(trimmed.tokens).toBeGreaterThan(maxTokens);
          return;
        }
        const sum = trimmed.messages.reduce((total, one) => total + countMessage(one, count), 0);
        expect(sum).toBe(trimmed.tokens);
        expect(sum).toBeLessThanOrEqual(maxTokens);
        const gone = new Set(trimmed.dropped.map(({ index }) => index));
        expect(trimmed.messages).toEqual(messages.filter((_, index) => !gone.has(index)));
        expect(messages.some((one, index) => isInstruction(one) && gone.has(index))).toBe(false);
        expect(gone.has(pin) || gone.has(messages.length - 1)).toBe(false);
        const own = trimmed.messages.filter((one) => !isInstruction(one));
        if (own.length > 0) expect([own[0].role, holdsResult(own[0])]).toEqual(["user", false]);
        for (const [index, message] of messages.entries()) {
          if (holdsResult(message)) expect(gone.has(index)).toBe(gone.has(index - 1));
          if (callsTool(message)) expect(gone.has(index)).toBe(gone.has(index + 1));
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
