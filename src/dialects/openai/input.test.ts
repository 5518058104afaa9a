/** What OpenAI counts of an input: its tokenizer's tokens and what the API puts around them. */

import o200k from "tiktoken/encoders/o200k_base.json" with { type: "json" };
import { Tiktoken } from "tiktoken/lite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeText, TEXT_SORTS } from "../../../test/support/texts/texts.ts";
import type { JsonObject } from "../../core/dialect.ts";
import { loadEncoding } from "../../tokens/bpe/encodings.ts";
import { openai } from "../openai.ts";
import { openAiImageTokens } from "./image-tokens.ts";

const tiktoken = new Tiktoken(o200k.bpe_ranks, o200k.special_tokens, o200k.pat_str);
const count = (text: string) => tiktoken.encode(text, [], []).length;

beforeAll(async () => void (await loadEncoding("o200k_base")));
afterAll(() => tiktoken.free());

function inputOf(body: JsonObject, path = "/chat/completions"): number {
  const view = {
    method: "POST",
    path,
    headers: {},
    body: { model: "gpt-5", ...body },
    bodyBytes: 0,
  };
  return openai.forecast(view, openai.operation(view)).expected.inputTokens;
}

describe("messages", () => {
  test.each(TEXT_SORTS)("of %s are exactly the tokenizer's tokens, 4 a message and 3", (sort) => {
    const contents = [1, 2, 3].map((seed) => makeText(sort, 2_000, seed));
    const messages = contents.map((content) => ({ role: "user", content }));
    const tokens = contents.reduce((sum, text) => sum + count(text), 0);
    expect(inputOf({ messages })).toBe(tokens + 3 * 4 + 3);
  });

  test("in parts count as their parts, and a name one more", () => {
    const content = [
      { type: "text", text: "Hello there." },
      { type: "text", text: "How are you?" },
    ];
    const tokens = count("Hello there.") + count("How are you?") + count("ada");
    expect(inputOf({ messages: [{ role: "user", name: "ada", content }] })).toBe(
      tokens + 1 + 4 + 3,
    );
  });
});

describe("tools", () => {
  /** The example of OpenAI's cookbook, for which it tells 101 tokens with its messages, by gpt-4o. */
  const WEATHER = {
    type: "function",
    function: {
      name: "get_current_weather",
      description: "Get the current weather in a given location",
      parameters: {
        type: "object",
        properties: {
          location: {
            type: "string",
            description: "The city and state, e.g. San Francisco, CA",
          },
          unit: {
            type: "string",
            description: "The unit of temperature to return",
            enum: ["celsius", "fahrenheit"],
          },
        },
        required: ["location"],
      },
    },
  };

  test("count as the cookbook counts them", () => {
    const messages = [
      {
        role: "system",
        content: "You are a helpful assistant that can answer to questions about the weather.",
      },
      { role: "user", content: "What's the weather like in Pittsburgh today?" },
    ];
    expect(Math.abs(inputOf({ messages, tools: [WEATHER] }) - 101)).toBeLessThanOrEqual(3);
  });

  test("of the responses API count alike", () => {
    const messages = [{ role: "user", content: "Hi" }];
    const tools = [{ type: "function", ...WEATHER.function }];
    expect(inputOf({ input: messages, tools }, "/responses")).toBe(
      inputOf({ messages, tools: [WEATHER] }),
    );
  });

  test.each([[[{}]], [[null]], [[{ type: "web_search" }]], [{}], ["tools"]])(
    "that are odd do no harm: %j",
    (tools) => {
      expect(inputOf({ messages: [], tools })).toBeLessThan(30);
    },
  );
});

describe("images", () => {
  test.each([
    ["gpt-4o", { width: 1_024, height: 1_024 }, "high", 765],
    ["gpt-4o", { width: 2_048, height: 4_096 }, "high", 1_105],
    ["gpt-4o", { width: 4_096, height: 8_192 }, "low", 85],
    ["gpt-5", { width: 512, height: 512 }, "auto", 210],
    ["o3", { width: 1_024, height: 1_024 }, undefined, 675],
    ["gpt-4o-mini", { width: 1_024, height: 1_024 }, "high", 25_501],
    ["gpt-4.1-mini", { width: 1_024, height: 1_024 }, "high", 1_659],
    ["gpt-5-nano", { width: 4_000, height: 4_000 }, "high", 3_779],
    [null, null, undefined, 765],
  ] as const)("%s, %j, %s count as OpenAI's page says", (model, size, detail, tokens) => {
    expect(openAiImageTokens(model, size, detail)).toBe(tokens);
  });
});
