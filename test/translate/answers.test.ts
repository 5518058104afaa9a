/** Answers, streams and errors: what a client of one format gets from a provider of the other. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/dialect.ts";
import type { ServerEvent, Translated } from "../../src/translate/translation.ts";
import { translatorBetween } from "../../src/translate/translators.ts";
import {
  anthropicEvents,
  completionOf,
  messageOf,
  openAiChunks,
  translatedEvents,
} from "../support/translated-streams.ts";

const OPENAI_CLIENT = translatorBetween("openai-chat", "anthropic-messages")!;
const ANTHROPIC_CLIENT = translatorBetween("anthropic-messages", "openai-chat")!;
const CONTEXT = { createdAtSeconds: 1_700_000_000, includesUsage: true };

const MESSAGE = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-5",
  content: [
    { type: "thinking", thinking: "hm", signature: "s" },
    { type: "text", text: "It is " },
    { type: "text", text: "raining." },
    { type: "tool_use", id: "t1", name: "look_up", input: { q: "umbrella" } },
    { type: "tool_use", id: "t2", name: "ask", input: {} },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: {
    input_tokens: 10,
    cache_read_input_tokens: 30,
    cache_creation_input_tokens: 5,
    output_tokens: 20,
    output_tokens_details: { thinking_tokens: 7 },
  },
};

const COMPLETION = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_700_000_000,
  model: "gpt-5",
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: "It is raining.",
        refusal: null,
        tool_calls: [
          {
            id: "t1",
            type: "function",
            function: { name: "look_up", arguments: '{"q":"umbrella"}' },
          },
          { id: "t2", type: "function", function: { name: "ask", arguments: "{}" } },
        ],
      },
      logprobs: null,
      finish_reason: "tool_calls",
    },
  ],
  usage: {
    prompt_tokens: 45,
    completion_tokens: 20,
    total_tokens: 65,
    prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 5 },
    completion_tokens_details: { reasoning_tokens: 7 },
  },
};

function bodyOf(translated: Translated): JsonObject {
  if (translated.kind === "translated") return translated.body;
  throw new Error(JSON.stringify(translated.untranslatable));
}

const openAiAnswer = (message: JsonObject) => bodyOf(OPENAI_CLIENT.answer(message, CONTEXT));
const anthropicAnswer = (completion: JsonObject) =>
  bodyOf(ANTHROPIC_CLIENT.answer(completion, CONTEXT));

describe("a whole answer", () => {
  test("of Anthropic is a chat completion, without what was thought", () => {
    const expected = { ...COMPLETION, id: "msg_1", model: "claude-sonnet-4-5" };
    expect(openAiAnswer(MESSAGE)).toEqual(expected);
  });

  test("of OpenAI is a message, whose input tokens are those that no cache had", () => {
    expect(anthropicAnswer(COMPLETION)).toMatchObject({
      id: "chatcmpl-1",
      type: "message",
      role: "assistant",
      content: [
        { type: "text", text: "It is raining." },
        { type: "tool_use", id: "t1", name: "look_up", input: { q: "umbrella" } },
        { type: "tool_use", id: "t2", name: "ask", input: {} },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: MESSAGE.usage,
    });
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["tool_use", "tool_calls"],
    ["refusal", "content_filter"],
  ])("that ends with %s ends with %s for OpenAI's clients", (stop_reason, finish_reason) => {
    expect(openAiAnswer({ ...MESSAGE, stop_reason })).toMatchObject({
      choices: [{ finish_reason }],
    });
  });

  test.each([
    ["stop", "end_turn"],
    ["length", "max_tokens"],
    ["content_filter", "refusal"],
  ])("that ends with %s ends with %s for Anthropic's clients", (finish_reason, stop_reason) => {
    const message = { role: "assistant", content: "Hi" };
    const completion = { ...COMPLETION, choices: [{ index: 0, message, finish_reason }] };
    expect(anthropicAnswer(completion)).toMatchObject({ stop_reason });
  });

  test("with a refusal says so in both", () => {
    const message = { role: "assistant", content: null, refusal: "I will not." };
    const completion = { ...COMPLETION, choices: [{ index: 0, message, finish_reason: "stop" }] };
    expect(anthropicAnswer(completion)).toMatchObject({
      content: [{ type: "text", text: "I will not." }],
      stop_reason: "refusal",
    });
    const stop_details = { type: "refusal", category: null, explanation: "No." };
    const refused = { ...MESSAGE, content: [], stop_reason: "refusal", stop_details };
    expect(openAiAnswer(refused)).toMatchObject({
      choices: [{ message: { content: null, refusal: "No." }, finish_reason: "content_filter" }],
    });
  });

  test("whose call was cut off by the limit of tokens has an empty input, as Anthropic's own", () => {
    const cut = structuredClone(COMPLETION);
    cut.choices[0].message.tool_calls[0].function.arguments = '{"q":"umb';
    cut.choices[0].finish_reason = "length";
    expect(anthropicAnswer(cut)).toMatchObject({
      content: [{ type: "text" }, { id: "t1", input: {} }, { id: "t2" }],
      stop_reason: "max_tokens",
    });
  });

  test.each([
    ["no choice", { ...COMPLETION, choices: [] }],
    ["arguments that are no JSON", withCall({ function: { name: "f", arguments: "{" } })],
    ["a custom call", withCall({ type: "custom", custom: { name: "f", input: "x" } })],
    ["a call in the old form", withMessage({ function_call: { name: "f", arguments: "{}" } })],
    ["a part that is no text", withMessage({ content: [{ type: "image_url" }] })],
    ["an error", withMessage({ content: "Hel" }, "error")],
  ])("with %s is not translated", (_name, completion) => {
    expect(ANTHROPIC_CLIENT.answer(completion, CONTEXT).kind).toBe("untranslatable");
  });

  test.each([
    ["no message", { type: "error", content: [] }],
    ["a block from a tool at Anthropic", { ...MESSAGE, content: [{ type: "server_tool_use" }] }],
  ])("with %s is not translated", (_name, message) => {
    expect(OPENAI_CLIENT.answer(message, CONTEXT).kind).toBe("untranslatable");
  });

  test("of a server that gives parts has their texts", () => {
    const thought = { type: "thinking", thinking: [{ type: "text", text: "hm" }] };
    const parts = [thought, { type: "text", text: "It " }, { type: "text", text: "rains." }];
    expect(anthropicAnswer(withMessage({ content: parts }))).toMatchObject({
      content: [{ type: "text", text: "It rains." }],
    });
  });

  test("of a server that leaves out the arguments of a call has an empty input", () => {
    expect(anthropicAnswer(withCall({ id: "t1", function: { name: "f" } }))).toMatchObject({
      content: [{ type: "tool_use", id: "t1", input: {} }],
    });
  });

  test("of Anthropic with a block without a text says nothing for it", () => {
    const content = [{ type: "text" }, { type: "text", text: "Hi" }];
    expect(openAiAnswer({ ...MESSAGE, content })).toMatchObject({
      choices: [{ message: { content: "Hi" } }],
    });
  });

  test("of a server that gives calls no ids has some of its own", () => {
    const { content } = anthropicAnswer(withCall({ function: { name: "f", arguments: "{}" } }));
    expect(content).toMatchObject([{ type: "tool_use", id: "call_chatcmpl-1_0" }]);
  });
});

function withMessage(fields: object, finish_reason = "stop"): JsonObject {
  const message = { role: "assistant", content: null, ...fields };
  return { ...COMPLETION, choices: [{ index: 0, message, finish_reason }] };
}

function withCall(call: object): JsonObject {
  return withMessage({ tool_calls: [call] }, "tool_calls");
}

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 });
const input = fc.dictionary(
  words,
  fc.oneof(words, fc.integer(), fc.array(words, { maxLength: 3 })),
  {
    maxKeys: 3,
  },
);
const tokens = fc.integer({ min: 0, max: 9_999 });

const anyMessage = fc.record({
  id: fc.constant("msg_1"),
  type: fc.constant("message"),
  role: fc.constant("assistant"),
  model: fc.constant("claude"),
  content: fc.array(
    fc.oneof(
      fc.record({ type: fc.constant("text"), text: words }),
      fc.record({ type: fc.constant("thinking"), thinking: words, signature: words }),
      fc.record({ type: fc.constant("tool_use"), id: words, name: words, input }),
    ),
    { maxLength: 5 },
  ),
  stop_reason: fc.constantFrom("end_turn", "max_tokens", "tool_use", "stop_sequence", "refusal"),
  stop_sequence: fc.constant(null),
  usage: fc.record({
    input_tokens: tokens,
    cache_read_input_tokens: tokens,
    cache_creation_input_tokens: tokens,
    output_tokens: tokens,
    output_tokens_details: fc.record({ thinking_tokens: tokens }),
  }),
});

const anyCompletion = fc.record({
  id: fc.constant("chatcmpl-1"),
  object: fc.constant("chat.completion"),
  created: fc.constant(1),
  model: fc.constant("gpt"),
  choices: fc.tuple(
    fc.record({
      index: fc.constant(0),
      message: fc.record({
        role: fc.constant("assistant"),
        content: fc.option(words),
        refusal: fc.option(words),
        tool_calls: fc.array(
          fc.record({
            id: words,
            type: fc.constant("function"),
            function: fc.record({
              name: words,
              arguments: input.map((value) => JSON.stringify(value)),
            }),
          }),
          { maxLength: 4 },
        ),
      }),
      finish_reason: fc.constantFrom("stop", "length", "tool_calls", "content_filter"),
    }),
  ),
  usage: fc.record({
    prompt_tokens: tokens,
    completion_tokens: tokens,
    prompt_tokens_details: fc.record({ cached_tokens: tokens, cache_write_tokens: tokens }),
    completion_tokens_details: fc.record({ reasoning_tokens: tokens }),
  }),
});

describe("a stream, put together,", () => {
  test("of Anthropic is what the whole answer would have been for OpenAI's clients", () => {
    fc.assert(
      fc.property(anyMessage, lengths, (message, cuts) => {
        const events = translatedEvents(
          OPENAI_CLIENT.stream(CONTEXT),
          anthropicEvents(message, cuts),
        );
        expect(completionOf(events)).toEqual(openAiAnswer(message));
      }),
      { numRuns: 500 },
    );
  });

  test("of OpenAI is what the whole answer would have been for Anthropic's clients", () => {
    fc.assert(
      fc.property(anyCompletion, lengths, (completion, cuts) => {
        const events = translatedEvents(
          ANTHROPIC_CLIENT.stream(CONTEXT),
          openAiChunks(completion, cuts),
        );
        expect(messageOf(events)).toEqual(anthropicAnswer(completion));
      }),
      { numRuns: 500 },
    );
  });
});

describe("a stream", () => {
  const lastOf = (events: readonly ServerEvent[]) => events.at(-1)?.data ?? "";

  test("tells OpenAI's clients no usage that they did not ask for", () => {
    const context = { createdAtSeconds: 1 };
    const events = translatedEvents(OPENAI_CLIENT.stream(context), anthropicEvents(MESSAGE, [3]));
    expect(events.some(({ data }) => data.includes('"usage"'))).toBe(false);
    expect(lastOf(events)).toBe("[DONE]");
  });

  test.each([0, 1, 4, 9])(
    "that is cut after %s events of Anthropic ends with an error",
    (count) => {
      const events = anthropicEvents(MESSAGE, [3]).slice(0, count);
      const translated = translatedEvents(OPENAI_CLIENT.stream(CONTEXT), events);
      expect(JSON.parse(lastOf(translated))).toMatchObject({ error: { type: "server_error" } });
    },
  );

  test.each([0, 1, 4, 8])("that is cut after %s chunks of OpenAI ends with an error", (count) => {
    const chunks = openAiChunks(COMPLETION, [3]).slice(0, count);
    const translated = translatedEvents(ANTHROPIC_CLIENT.stream(CONTEXT), chunks);
    expect(translated.at(-1)?.event).toBe("error");
    expect(JSON.parse(lastOf(translated))).toMatchObject({ error: { type: "api_error" } });
  });

  test("that ends without [DONE] after its reason is complete", () => {
    const chunks = openAiChunks(COMPLETION, [3]).slice(0, -1);
    const translated = translatedEvents(ANTHROPIC_CLIENT.stream(CONTEXT), chunks);
    expect(messageOf(translated)).toEqual(anthropicAnswer(COMPLETION));
  });

  test("that tells usage before its reason to stop goes on until it has one", () => {
    const events = anthropicEvents(MESSAGE, [3]);
    const early = { type: "message_delta", delta: {}, usage: { output_tokens: 1 } };
    events.splice(4, 0, { event: "message_delta", data: JSON.stringify(early) });
    const translated = translatedEvents(OPENAI_CLIENT.stream(CONTEXT), events);
    expect(completionOf(translated)).toEqual(openAiAnswer(MESSAGE));
    expect(translated.filter(({ data }) => data.includes('"finish_reason":"')).length).toBe(1);
  });

  test("of Azure takes id and model from where they are told", () => {
    const first = { id: "", model: "", choices: [], prompt_filter_results: [], usage: null };
    const chunks = [{ event: null, data: JSON.stringify(first) }, ...openAiChunks(COMPLETION, [3])];
    const translated = translatedEvents(ANTHROPIC_CLIENT.stream(CONTEXT), chunks);
    expect(messageOf(translated)).toEqual(anthropicAnswer(COMPLETION));
  });

  test("whose calls all have the index 0 tells them apart by their ids", () => {
    const call = (id: string, fields: object) => ({ index: 0, id, function: fields });
    const calls = [
      call("a", { name: "f", arguments: '{"n":1}' }),
      call("b", { name: "f", arguments: '{"n"' }),
      { index: 0, function: { arguments: ":2" } },
      call("b", { arguments: "}" }),
    ];
    const chunks = calls.map((one) => ({ event: null, data: chunk({ tool_calls: [one] }) }));
    const end = { event: null, data: chunk({}, "tool_calls") };
    const translated = translatedEvents(ANTHROPIC_CLIENT.stream(CONTEXT), [...chunks, end]);
    expect(messageOf(translated)).toMatchObject({
      content: [
        { id: "a", input: { n: 1 } },
        { id: "b", input: { n: 2 } },
      ],
      stop_reason: "tool_use",
    });
  });

  test("in which the provider tells an error passes it on and is over", () => {
    const overloaded = {
      type: "error",
      error: { type: "overloaded_error", message: "Overloaded" },
    };
    const openAi = OPENAI_CLIENT.stream(CONTEXT);
    const told = openAi.push("error", JSON.stringify(overloaded));
    expect(JSON.parse(lastOf(told))).toMatchObject({ error: { code: "overloaded" } });
    expect([...openAi.push("ping", "{}"), ...openAi.end()]).toEqual([]);
    const anthropic = ANTHROPIC_CLIENT.stream(CONTEXT);
    const limited = { error: { message: "Slow down", code: "rate_limit_exceeded" } };
    const [event] = anthropic.push("", JSON.stringify(limited));
    expect(event.event).toBe("error");
    expect(JSON.parse(event.data)).toMatchObject({ error: { type: "rate_limit_error" } });
  });

  test.each([
    ["no JSON", "{"],
    ["a call without a name", chunk({ tool_calls: [{ index: 0, function: {} }] })],
    ["a part that is no text", chunk({ content: [{ type: "image_url" }] })],
    ["an error as its reason to finish", chunk({}, "error")],
  ])("with %s becomes an error, not a hole", (_name, data) => {
    const [last] = ANTHROPIC_CLIENT.stream(CONTEXT).push("", data).slice(-1);
    expect(last.event).toBe("error");
  });

  test("whose calls are mixed becomes an error, not two halves", () => {
    const stream = ANTHROPIC_CLIENT.stream(CONTEXT);
    const call = (index: number, name?: string) =>
      chunk({ tool_calls: [{ index, id: `c${index}`, function: { name, arguments: "{" } }] });
    stream.push("", call(0, "a"));
    stream.push("", call(1, "b"));
    expect(stream.push("", call(0)).at(-1)?.event).toBe("error");
  });

  test("may bring a call's input at once, without deltas", () => {
    const stream = OPENAI_CLIENT.stream(CONTEXT);
    const push = (event: JsonObject) => stream.push("", JSON.stringify(event));
    push({ type: "message_start", message: MESSAGE });
    const block = { type: "tool_use", id: "t", name: "f", input: { a: 1 } };
    push({ type: "content_block_start", content_block: block });
    const [{ data }] = push({ type: "content_block_stop" });
    expect(data).toContain(JSON.stringify({ arguments: '{"a":1}' }));
  });
});

function chunk(delta: object, finish_reason: string | null = null): string {
  return JSON.stringify({ id: "x", choices: [{ index: 0, delta, finish_reason }] });
}

describe("an error", () => {
  const anthropicError = (type: string, message = "m") => ({
    type: "error",
    error: { type, message },
  });

  test.each([
    [429, anthropicError("rate_limit_error"), 429, "rate_limit_exceeded"],
    [529, anthropicError("overloaded_error"), 503, "overloaded"],
    [502, anthropicError("api_error"), 502, null],
    [
      400,
      anthropicError("invalid_request_error", "prompt is too long: 9 tokens > 8"),
      400,
      "context_length_exceeded",
    ],
    [
      400,
      anthropicError("invalid_request_error", "Your credit balance is too low"),
      429,
      "insufficient_quota",
    ],
    [401, anthropicError("authentication_error"), 401, "invalid_api_key"],
    [502, null, 502, null],
  ])("%s %j becomes %s %s for OpenAI's clients", (status, body, expected, code) => {
    const translated = OPENAI_CLIENT.error(status, body);
    expect(translated.status).toBe(expected);
    expect(translated.body).toMatchObject({ error: { code, message: expect.any(String) } });
  });

  test.each([
    [429, { error: { code: "rate_limit_exceeded", message: "m" } }, 429, "rate_limit_error"],
    [429, { error: { code: "insufficient_quota", message: "m" } }, 402, "billing_error"],
    [503, { error: { message: "m" } }, 529, "overloaded_error"],
    [
      400,
      { error: { code: "context_length_exceeded", message: "m" } },
      400,
      "invalid_request_error",
    ],
    [418, null, 418, "invalid_request_error"],
    [500, null, 500, "api_error"],
  ])("%s %j becomes %s %s for Anthropic's clients", (status, body, expected, type) => {
    const translated = ANTHROPIC_CLIENT.error(status, body);
    expect(translated.status).toBe(expected);
    expect(translated.body).toMatchObject({
      type: "error",
      error: { type, message: expect.any(String) },
    });
  });

  test.each([
    [{ error: "down" }, "down"],
    [{ object: "error", message: "too long", type: "BadRequestError" }, "too long"],
    [{ message: { detail: [{ msg: "extra" }] } }, '{"detail":[{"msg":"extra"}]}'],
    [{ detail: "no such model" }, "no such model"],
    [{ detail: [{ msg: "missing" }] }, '[{"msg":"missing"}]'],
    [{}, "The provider answered with status 400."],
  ])("%j tells Anthropic's clients the server's words", (body, message) => {
    expect(ANTHROPIC_CLIENT.error(400, body).body).toMatchObject({ error: { message } });
  });
});
