/** Round trips: a request in its normal form comes back from the other format as it was. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/core/dialect.ts";
import type { Target, Translated } from "../../src/translate/translation.ts";
import { translatorBetween } from "../../src/translate/translators.ts";

const TO_ANTHROPIC = translatorBetween("openai-chat", "anthropic-messages")!;
const TO_OPENAI = translatorBetween("anthropic-messages", "openai-chat")!;
/** Thinks by budget and takes sampling; the other takes all that OpenAI's format has. */
const CLAUDE: Target = { model: "claude-sonnet-4-5" };
const ANY: Target = { model: "some-model" };

function bodyOf(translated: Translated): JsonObject {
  if (translated.kind === "translated") return translated.body;
  throw new Error(JSON.stringify(translated.untranslatable));
}

const words = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 30 })
  .filter((text) => text.trim() !== "");
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/);
const ids = fc.uniqueArray(name, { minLength: 1, maxLength: 3 });
const json = fc.dictionary(words, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 3 });
const base64 = fc.base64String({ minLength: 4, maxLength: 40 });
const schema = fc
  .dictionary(name, fc.constantFrom({ type: "string" }, { type: "integer" }), { maxKeys: 3 })
  .map((properties) => ({
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  }));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const sampling = fc.oneof(
  fc.constant({}),
  fc.record({ temperature: fc.integer({ min: 0, max: 9 }).map((tenths) => tenths / 10) }),
  fc.record({ top_p: fc.integer({ min: 1, max: 9 }).map((tenths) => tenths / 10) }),
);

/** One text is a string; a list holds several parts, or something else than text. */
function content<T extends JsonObject>(text: (text: string) => T, other: fc.Arbitrary<T>) {
  const parts = fc.array(fc.oneof(words.map(text), other), { minLength: 1, maxLength: 4 });
  const isList = (list: T[]) => list.length > 1 || list[0]["type"] !== "text";
  return fc.oneof(words, parts.filter(isList));
}

const openAiText = (text: string): JsonObject => ({ type: "text", text });
const openAiOther = fc.oneof(
  base64.map((data): JsonObject => {
    return { type: "image_url", image_url: { url: `data:image/png;base64,${data}` } };
  }),
  fc.record({
    type: fc.constant("image_url"),
    image_url: fc.record({ url: fc.constant("https://a.b/c") }),
  }),
  fc.tuple(base64, words).map(([data, filename]): JsonObject => {
    return { type: "file", file: { filename, file_data: `data:application/pdf;base64,${data}` } };
  }),
);
const openAiUser = content(openAiText, openAiOther).map((said) => ({
  role: "user",
  content: said,
}));
/** A step with tools: calls, all their results, and perhaps words after them. */
const openAiStep = fc
  .record({
    said: fc.option(words),
    ids,
    called: name,
    input: json,
    result: words,
    after: fc.option(openAiUser),
  })
  .map(({ said, ids, called, input, result, after }) => [
    {
      role: "assistant",
      content: said,
      tool_calls: ids.map((id) => ({
        id,
        type: "function",
        function: { name: called, arguments: JSON.stringify(input) },
      })),
    },
    ...ids.map((id) => ({ role: "tool", tool_call_id: id, content: result })),
    ...(after === null ? [] : [after]),
  ]);
const openAiTurn = fc
  .tuple(words, openAiUser)
  .map(([said, user]) => [{ role: "assistant", content: said }, user]);

const openAiTools = fc
  .record({
    tools: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).chain((names) =>
      fc.tuple(
        ...names.map((one) =>
          fc.record({
            type: fc.constant("function"),
            function: fc.record({ name: fc.constant(one), parameters: schema }),
          }),
        ),
      ),
    ),
    tool_choice: fc.constantFrom("auto", "required", "none"),
    single: fc.boolean(),
  })
  .map(({ tools, tool_choice, single }) => ({
    tools,
    tool_choice,
    ...(single && tool_choice !== "none" ? { parallel_tool_calls: false } : {}),
  }));

const openAiRequest = fc
  .record({
    system: fc.option(words),
    first: openAiUser,
    steps: fc.array(fc.oneof(openAiStep, openAiTurn), { maxLength: 4 }),
    tools: openAiTools,
    sampling,
    rest: fc.record(
      { stop: fc.array(words, { minLength: 1, maxLength: 4 }), user: words, schema },
      { requiredKeys: [] },
    ),
    max_completion_tokens: fc.integer({ min: 1, max: 99_999 }),
    stream: fc.boolean(),
  })
  .map(({ system, first, steps, tools, sampling, rest, max_completion_tokens, stream }) => {
    const { schema, ...plain } = rest;
    const json_schema = { name: "response", schema, strict: true };
    return {
      model: "some-model",
      messages: [
        ...(system === null ? [] : [{ role: "system", content: system }]),
        first,
        ...steps.flat(),
      ],
      ...tools,
      ...sampling,
      ...plain,
      ...(schema ? { response_format: { type: "json_schema", json_schema } } : {}),
      max_completion_tokens,
      ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    };
  });

test("from OpenAI to Anthropic and back", () => {
  fc.assert(
    fc.property(openAiRequest, (request) => {
      const there = bodyOf(TO_ANTHROPIC.request(request, CLAUDE));
      expect(bodyOf(TO_OPENAI.request(there, ANY))).toEqual(request);
    }),
    { numRuns: 500 },
  );
});

test.each(["low", "medium", "high"])("a reasoning effort of %s there and back", (effort) => {
  const messages = [{ role: "user", content: "Why?" }];
  const request = {
    model: "some-model",
    messages,
    max_completion_tokens: 40_000,
    reasoning_effort: effort,
  };
  const there = bodyOf(TO_ANTHROPIC.request(request, CLAUDE));
  expect(bodyOf(TO_OPENAI.request(there, ANY))).toEqual(request);
});

const block = (text: string): JsonObject => ({ type: "text", text });
const otherBlock = fc.oneof(
  base64.map((data): JsonObject => {
    return { type: "image", source: { type: "base64", media_type: "image/webp", data } };
  }),
  fc.tuple(base64, words).map(([data, title]): JsonObject => {
    return {
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data },
      title,
    };
  }),
);
const anthropicUser = content(block, otherBlock).map((said) => ({ role: "user", content: said }));
const anthropicStep = fc
  .record({
    said: maybe(words),
    ids,
    called: name,
    input: json,
    result: maybe(words),
    after: fc.array(words.map(block), { maxLength: 2 }),
  })
  .map(({ said, ids, called, input, result, after }) => [
    {
      role: "assistant",
      content: [
        ...(said === undefined ? [] : [block(said)]),
        ...ids.map((id) => ({ type: "tool_use", id, name: called, input })),
      ],
    },
    {
      role: "user",
      content: [
        ...ids.map((tool_use_id) => ({
          type: "tool_result",
          tool_use_id,
          ...(result === undefined ? {} : { content: result }),
        })),
        ...after,
      ],
    },
  ]);
const anthropicTurn = fc
  .tuple(words, anthropicUser)
  .map(([said, user]) => [{ role: "assistant", content: said }, user]);

const anthropicRequest = fc
  .record({
    system: maybe(fc.oneof(words, fc.array(words.map(block), { minLength: 2, maxLength: 3 }))),
    first: anthropicUser,
    steps: fc.array(fc.oneof(anthropicStep, anthropicTurn), { maxLength: 4 }),
    tools: fc
      .uniqueArray(name, { minLength: 1, maxLength: 3 })
      .chain((names) =>
        fc.tuple(
          ...names.map((one) =>
            fc.record({ name: fc.constant(one), description: words, input_schema: schema }),
          ),
        ),
      ),
    tool_choice: fc.constantFrom(
      { type: "auto" },
      { type: "any", disable_parallel_tool_use: true },
      { type: "tool", name: "x" },
    ),
    sampling,
    rest: fc.record(
      {
        stop_sequences: fc.array(words, { minLength: 1, maxLength: 4 }),
        metadata: fc.record({ user_id: words }),
        output_config: fc.record({
          format: fc.record({ type: fc.constant("json_schema"), schema }),
        }),
        stream: fc.constant(true),
      },
      { requiredKeys: [] },
    ),
    max_tokens: fc.integer({ min: 1, max: 99_999 }),
  })
  .map(({ system, first, steps, tools, tool_choice, sampling, rest, max_tokens }) => ({
    model: "claude-sonnet-4-5",
    max_tokens,
    ...(system === undefined ? {} : { system }),
    messages: [first, ...steps.flat()],
    tools,
    tool_choice,
    ...sampling,
    ...rest,
  }));

test("from Anthropic to OpenAI and back", () => {
  fc.assert(
    fc.property(anthropicRequest, (request) => {
      const there = bodyOf(TO_OPENAI.request(request, ANY));
      expect(bodyOf(TO_ANTHROPIC.request(there, CLAUDE))).toEqual(request);
    }),
    { numRuns: 500 },
  );
});
