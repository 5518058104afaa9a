/** Requests: what the other format makes of them, and what makes them ineligible. */
import { describe, expect, test } from "vitest";
import type { Target } from "../../src/translate/translation.ts";
import { chatFormatOf, translatorBetween } from "../../src/translate/translators.ts";

const CLAUDE: Target = { model: "claude-sonnet-4-5" };
const NEWEST: Target = { model: "claude-sonnet-5" };
const GPT: Target = { model: "gpt-4.1" };
const HELLO = [{ role: "user", content: "Hello" }];
const TOOL = { type: "function", function: { name: "look_up", parameters: { type: "object" } } };
const PNG = "iVBORw0KGgo=";

function toAnthropic(body: Record<string, unknown>, target = CLAUDE) {
  const result = translatorBetween("openai-chat", "anthropic-messages")?.request(
    { model: "gpt-5", messages: HELLO, ...body },
    target,
  );
  return result?.kind === "translated" ? result.body : { untranslatable: result?.untranslatable };
}

function toOpenAi(body: Record<string, unknown>, target = GPT) {
  const result = translatorBetween("anthropic-messages", "openai-chat")?.request(
    { model: "claude-sonnet-4-5", max_tokens: 100, messages: HELLO, ...body },
    target,
  );
  return result?.kind === "translated" ? result.body : { untranslatable: result?.untranslatable };
}

function refused(result: { readonly untranslatable?: unknown }): string[] {
  const found = result.untranslatable ?? [];
  return (found as readonly { field: string; why: string }[]).map(({ field }) => field);
}

describe("from OpenAI to Anthropic", () => {
  test("a plain question gets the candidate's model and a default of max_tokens", () => {
    const expected = { model: "claude-sonnet-4-5", max_tokens: 16_000, messages: HELLO };
    expect(toAnthropic({})).toEqual(expected);
    const own = { ...CLAUDE, defaultMaxTokens: 500 };
    expect(toAnthropic({}, own)).toMatchObject({ max_tokens: 500 });
  });

  test.each([
    [{ max_tokens: 7 }, { max_tokens: 7 }],
    [{ max_completion_tokens: 8, max_tokens: 7 }, { max_tokens: 8 }],
    [{ stop: "END" }, { stop_sequences: ["END"] }],
    [{ stop: ["a", "b"] }, { stop_sequences: ["a", "b"] }],
    [{ user: "u1" }, { metadata: { user_id: "u1" } }],
    [{ user: "u1", safety_identifier: "s1" }, { metadata: { user_id: "s1" } }],
    [{ temperature: 0.3 }, { temperature: 0.3 }],
    [{ top_p: 0.5, temperature: 1 }, { top_p: 0.5 }],
    [{ stream: true, stream_options: { include_usage: true } }, { stream: true }],
    [{ tools: [TOOL], tool_choice: "required" }, { tool_choice: { type: "any" } }],
    [{ tools: [TOOL], tool_choice: "none" }, { tool_choice: { type: "none" } }],
    [
      { tools: [TOOL], tool_choice: { type: "function", function: { name: "look_up" } } },
      { tool_choice: { type: "tool", name: "look_up" } },
    ],
    [
      { tools: [TOOL], parallel_tool_calls: false },
      { tool_choice: { type: "auto", disable_parallel_tool_use: true } },
    ],
    [
      { reasoning_effort: "low", max_completion_tokens: 6_000 },
      { thinking: { type: "enabled", budget_tokens: 2_048 }, max_tokens: 6_000 },
    ],
    [
      { reasoning_effort: "high" },
      { thinking: { type: "enabled", budget_tokens: 16_384 }, max_tokens: 32_384 },
    ],
    [
      { reasoning_effort: "high", max_tokens: 4_000 },
      { thinking: { type: "enabled", budget_tokens: 2_000 } },
    ],
  ])("%j becomes %j", (body, expected) => {
    expect(toAnthropic(body)).toMatchObject(expected);
  });

  test("what asks for nothing is left out", () => {
    const idle = {
      n: 1,
      logprobs: false,
      logit_bias: {},
      presence_penalty: 0,
      store: false,
      seed: null,
      temperature: 1,
      top_p: 1,
      verbosity: "medium",
      modalities: ["text"],
      response_format: { type: "text" },
      metadata: { team: "a" },
      service_tier: "flex",
      prediction: { type: "content", content: "x" },
    };
    expect(toAnthropic(idle)).toEqual(toAnthropic({}));
  });

  test.each([
    [{ n: 2 }, ["n"]],
    [{ seed: 1 }, ["seed"]],
    [{ logprobs: true, top_logprobs: 3 }, ["logprobs", "top_logprobs"]],
    [{ logit_bias: { 50256: -100 } }, ["logit_bias"]],
    [
      { audio: { voice: "ash", format: "mp3" }, modalities: ["text", "audio"] },
      ["audio", "modalities"],
    ],
    [{ store: true }, ["store"]],
    [{ temperature: 1.2 }, ["temperature"]],
    [{ temperature: 0.2, top_p: 0.4 }, ["temperature", "top_p"]],
    [{ stop: "\n\n" }, ["stop"]],
    [{ response_format: { type: "json_object" } }, ["response_format"]],
    [{ web_search_options: {} }, ["web_search_options"]],
    [{ functions: [{ name: "f" }] }, ["functions"]],
    [{ reasoning_effort: "low", max_tokens: 1_000 }, ["reasoning_effort"]],
    [{ reasoning_effort: "low", tools: [TOOL], tool_choice: "required" }, ["reasoning_effort"]],
    [{ reasoning_effort: "low", temperature: 0.5 }, ["temperature"]],
    [
      { tools: [{ type: "custom", custom: { name: "sql" } }] },
      ["tools[0].type", "tools[0].custom"],
    ],
    [{ brand_new: 1 }, ["brand_new"]],
    [{ stream_options: { brand_new: 1 } }, ["stream_options.brand_new"]],
    [{ response_format: { type: "text", brand_new: 1 } }, ["response_format.brand_new"]],
    [
      { tools: [TOOL], tool_choice: { type: "auto", brand_new: 1 } },
      ["tool_choice.brand_new", "tool_choice"],
    ],
    [{ tool_choice: "required" }, ["tool_choice"]],
    [{ tool_choice: { type: "function", function: { name: "look_up" } } }, ["tool_choice"]],
    [{ max_tokens: "100" }, ["max_tokens"]],
    [{ max_completion_tokens: 0 }, ["max_completion_tokens"]],
    [
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text: 5 },
              { type: "text", text: "hi" },
            ],
          },
        ],
      },
      ["messages[0].content[0]"],
    ],
    [
      {
        messages: [
          {
            role: "system",
            content: [{ type: "image_url", image_url: { url: "https://a.b/c.png" } }],
          },
          ...HELLO,
        ],
      },
      ["messages[0].content"],
    ],
    [{ messages: "hi" }, ["messages"]],
    [{ messages: [] }, ["messages"]],
    [{ messages: [{ role: "user", content: "hi", name: "ann" }] }, ["messages[0].name"]],
    [{ messages: [{ role: "assistant", content: "hi" }, ...HELLO] }, ["messages"]],
    [{ messages: [...HELLO, { role: "assistant", content: "The answer is" }] }, ["messages"]],
    [{ messages: [...HELLO, { role: "system", content: "Be brief" }] }, ["messages[1]"]],
    [{ messages: [{ role: "user", content: " " }] }, ["messages[0].content"]],
    [
      { messages: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] },
      ["messages[0].content[0].type", "messages[0].content[0].input_audio", "messages[0].content"],
    ],
  ])("%j is not translated, because of %j", (body, fields) => {
    expect(refused(toAnthropic(body))).toEqual(fields);
  });

  test("newer models take an effort, no sampling; some cannot stop thinking", () => {
    const config = { output_config: { effort: "xhigh" }, thinking: { type: "adaptive" } };
    expect(toAnthropic({ reasoning_effort: "xhigh" }, NEWEST)).toMatchObject(config);
    expect(refused(toAnthropic({ temperature: 0 }, NEWEST))).toEqual(["temperature"]);
    const none = { reasoning_effort: "none" };
    expect(toAnthropic(none, NEWEST)).toMatchObject({ thinking: { type: "disabled" } });
    expect(refused(toAnthropic(none, { model: "claude-fable-5" }))).toEqual(["reasoning_effort"]);
    const middle = toAnthropic({ reasoning_effort: "max" }, { model: "claude-sonnet-4-6" });
    expect(middle).toMatchObject({ output_config: { effort: "high" } });
  });

  test("instructions, images, PDF and results of parallel calls find their place", () => {
    const call = (id: string) => ({
      id,
      type: "function",
      function: { name: "look_up", arguments: '{"q":"a"}' },
    });
    const url = `data:image/png;base64,${PNG}`;
    const file_data = "data:application/pdf;base64,JVBERi0=";
    const body = {
      tools: [TOOL],
      messages: [
        { role: "system", content: "Be brief." },
        { role: "developer", content: [{ type: "text", text: "Be kind." }] },
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image_url", image_url: { url, detail: "low" } },
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            { type: "file", file: { filename: "a.pdf", file_data } },
          ],
        },
        { role: "assistant", content: null, tool_calls: [call("c1"), call("c2")] },
        { role: "tool", tool_call_id: "c1", content: "one" },
        { role: "tool", tool_call_id: "c2", content: [{ type: "text", text: "two" }] },
        { role: "user", content: "And now?" },
      ],
    };
    const used = (id: string) => ({ type: "tool_use", id, name: "look_up", input: { q: "a" } });
    const pdf = { type: "base64", media_type: "application/pdf", data: "JVBERi0=" };
    expect(toAnthropic(body)).toEqual({
      model: "claude-sonnet-4-5",
      max_tokens: 16_000,
      system: [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Be kind." },
      ],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
            { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
            { type: "document", source: pdf, title: "a.pdf" },
          ],
        },
        { role: "assistant", content: [used("c1"), used("c2")] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "c1", content: "one" },
            { type: "tool_result", tool_use_id: "c2", content: [{ type: "text", text: "two" }] },
            { type: "text", text: "And now?" },
          ],
        },
      ],
      tools: [{ name: "look_up", input_schema: { type: "object" } }],
    });
    expect(refused(toAnthropic({ ...body, tools: undefined }))).toEqual(["tools"]);
    const bad = structuredClone(body);
    bad.messages[3].tool_calls![0].function.arguments = "{cut";
    expect(refused(toAnthropic(bad))).toEqual(["messages[3].tool_calls[0].function"]);
  });

  test("some of the tools being allowed, the others are not told of", () => {
    const other = { type: "function", function: { name: "other" } };
    const allowed = {
      mode: "required",
      tools: [{ type: "function", function: { name: "look_up" } }],
    };
    const choice = { type: "allowed_tools", allowed_tools: allowed };
    expect(toAnthropic({ tools: [TOOL, other], tool_choice: choice })).toMatchObject({
      tools: [{ name: "look_up" }],
      tool_choice: { type: "any" },
    });
  });

  test("a schema is kept to where all of its keywords are known", () => {
    const schema = {
      type: "object",
      properties: { n: { type: "integer" } },
      required: ["n"],
      additionalProperties: false,
    };
    const format = (json_schema: object) => ({
      response_format: { type: "json_schema", json_schema: { name: "x", ...json_schema } },
    });
    expect(toAnthropic(format({ schema, strict: true, description: "A number" }))).toMatchObject({
      output_config: {
        format: { type: "json_schema", schema: { description: "A number", ...schema } },
      },
    });
    const bounded = { ...schema, properties: { n: { type: "integer", minimum: 1 } } };
    const at = "response_format.json_schema.schema";
    expect(refused(toAnthropic(format({ schema: bounded })))).toEqual([
      `${at}.properties.n.minimum`,
    ]);
    const open = { type: "object", properties: {} };
    expect(refused(toAnthropic(format({ schema: open })))).toEqual([at]);
    expect(refused(toAnthropic(format({ schema }), { model: "claude-sonnet-4-20250514" }))).toEqual(
      ["response_format"],
    );
  });

  test.each([
    ["claude-3-haiku-20240307", 4_096],
    ["claude-3-5-sonnet-latest", 8_192],
    ["claude-3-7-sonnet-latest", 16_000],
    ["claude-sonnet-5", 16_000],
  ])("%s is allowed no more output than it gives, by default %i tokens", (model, most) => {
    expect(toAnthropic({}, { model })).toMatchObject({ max_tokens: most });
    const larger = toAnthropic({ max_tokens: 16_001 }, { model });
    if (most < 16_000) expect(refused(larger)).toEqual(["max_tokens"]);
    else expect(larger).toMatchObject({ max_tokens: 16_001 });
  });

  test("what the SDK's helpers have read of a call's arguments is no part of it", () => {
    const called = { name: "look_up", arguments: "{}", parsed_arguments: {} };
    const call = { id: "c1", type: "function", function: called };
    const messages = [...HELLO, { role: "assistant", tool_calls: [call] }];
    const result = { role: "tool", tool_call_id: "c1", content: "rain" };
    const sent = toAnthropic({ messages: [...messages, result], tools: [TOOL] });
    expect(sent).toHaveProperty("messages[1].content[0].input", {});
    const unknown = { ...call, function: { ...called, brand_new: 1 } };
    const other = [...HELLO, { role: "assistant", tool_calls: [unknown] }, result];
    expect(refused(toAnthropic({ messages: other, tools: [TOOL] }))).toEqual([
      "messages[1].tool_calls[0].function.brand_new",
    ]);
  });

  test("the list of reasons is bounded, and no shape of body throws", () => {
    const messages = Array.from({ length: 100 }, () => ({ role: "nobody" }));
    expect(refused(toAnthropic({ messages }))).toHaveLength(20);
    for (const odd of [null, 1, "x", [], [null], [1], {}, { content: {} }]) {
      const body = { messages: odd, tools: odd, tool_choice: odd, stop: odd, response_format: odd };
      expect(() => toAnthropic(body)).not.toThrow();
      expect(() =>
        toOpenAi({ ...body, system: odd, thinking: odd, output_config: odd }),
      ).not.toThrow();
    }
  });
});

describe("from Anthropic to OpenAI", () => {
  test.each([
    [{}, { model: "gpt-4.1", messages: HELLO, max_completion_tokens: 100 }],
    [{ stop_sequences: ["END"] }, { stop: ["END"] }],
    [{ metadata: { user_id: "u1" } }, { user: "u1" }],
    [
      { temperature: 0.3, top_p: 0.9 },
      { temperature: 0.3, top_p: 0.9 },
    ],
    [{ stream: true }, { stream: true, stream_options: { include_usage: true } }],
    [
      { system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }] },
      { messages: [{ role: "system", content: "Be brief." }, ...HELLO] },
    ],
  ])("%j becomes %j", (body, expected) => {
    expect(toOpenAi(body)).toMatchObject(expected);
  });

  test("servers that know only max_tokens get it", () => {
    const target = { model: "llama", maxTokensField: "max_tokens" } as const;
    expect(toOpenAi({}, target)).toEqual({ model: "llama", messages: HELLO, max_tokens: 100 });
  });

  test.each([
    [{ type: "enabled", budget_tokens: 2_000 }, {}, "low"],
    [{ type: "enabled", budget_tokens: 30_000 }, {}, "high"],
    [{ type: "adaptive" }, {}, "high"],
    [{ type: "adaptive" }, { effort: "medium" }, "medium"],
    [{ type: "disabled" }, {}, undefined],
    [undefined, { effort: "max" }, "max"],
  ])("thinking %j with %j is an effort of %s", (thinking, output_config, effort) => {
    const { reasoning_effort } = toOpenAi({ thinking, output_config }, { model: "gpt-5.2" }) as {
      reasoning_effort?: string;
    };
    expect(reasoning_effort).toBe(effort);
  });

  test.each([
    [{ top_k: 5 }, ["top_k"]],
    [{ max_tokens: 0 }, ["max_tokens"]],
    [{ container: "c1" }, ["container"]],
    [{ inference_geo: "us" }, ["inference_geo"]],
    [{ stop_sequences: ["a", "b", "c", "d", "e"] }, ["stop_sequences"]],
    [{ thinking: { type: "enabled", budget_tokens: 2_000 } }, ["thinking"]],
    [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, ["tools[0]"]],
    [{ tools: [{ name: "x", input_schema: {}, defer_loading: true }] }, ["tools[0].defer_loading"]],
    [{ messages: [...HELLO, { role: "assistant", content: "{" }] }, ["messages"]],
    [{ messages: [...HELLO, { role: "user", content: [] }] }, ["messages[1]"]],
    [{ messages: [{ role: "user", content: [{ type: "text" }] }] }, ["messages[0].content[0]"]],
    [{ metadata: { user_id: "u1", brand_new: 1 } }, ["metadata.brand_new"]],
    [{ thinking: { type: "disabled", brand_new: 1 } }, ["thinking.brand_new"]],
    [{ stop_sequences: "END" }, ["stop_sequences"]],
    [{ tool_choice: { type: "any" } }, ["tool_choice"]],
    [
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "image", source: { type: "url", url: "https://a.b/c", brand_new: 1 } },
            ],
          },
        ],
      },
      ["messages[0].content[0].source.brand_new"],
    ],
    [
      { messages: [{ role: "user", content: [{ type: "container_upload", file_id: "f" }] }] },
      ["messages[0].content[0]"],
    ],
    [
      { messages: [{ role: "user", content: [{ type: "image", source: { type: "file" } }] }] },
      ["messages[0].content[0].source"],
    ],
    [{ brand_new: 1 }, ["brand_new"]],
  ])("%j is not translated, because of %j", (body, fields) => {
    expect(refused(toOpenAi(body))).toEqual(fields);
  });

  test("of servers whose streams tell usage unasked it is not asked", () => {
    const target = { model: "llama", asksForUsage: false };
    expect(toOpenAi({ stream: true }, target)).not.toHaveProperty("stream_options");
  });

  test("1, OpenAI's default for sampling, is told to models of other vendors", () => {
    const body = { temperature: 1, top_p: 1 };
    expect(toOpenAi(body, { model: "mistral-large" })).toMatchObject(body);
    expect(toOpenAi(body)).not.toHaveProperty("temperature");
  });

  test("models that reason take no sampling and no stops", () => {
    const body = { temperature: 0.5, stop_sequences: ["x"] };
    expect(refused(toOpenAi(body, { model: "o3" }))).toEqual(["temperature", "stop_sequences"]);
  });

  test("a result's image follows the results, under the name of its call; thoughts stay behind", () => {
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } };
    const used = (id: string) => ({ type: "tool_use", id, name: "see", input: {} });
    const body = {
      tools: [{ name: "see", input_schema: { type: "object" } }],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      messages: [
        ...HELLO,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "hm", signature: "s" },
            { type: "text", text: "Let me look." },
            used("a"),
            used("b"),
          ],
        },
        {
          role: "user",
          content: [
            {
              type: "tool_result",
              tool_use_id: "a",
              content: [{ type: "text", text: "ok" }, image],
            },
            { type: "tool_result", tool_use_id: "b", content: "no eyes", is_error: true },
            { type: "text", text: "Well?" },
          ],
        },
      ],
    };
    const called = (id: string) => ({
      id,
      type: "function",
      function: { name: "see", arguments: "{}" },
    });
    expect(toOpenAi(body)).toEqual({
      model: "gpt-4.1",
      max_completion_tokens: 100,
      tools: [{ type: "function", function: { name: "see", parameters: { type: "object" } } }],
      tool_choice: "required",
      parallel_tool_calls: false,
      messages: [
        ...HELLO,
        { role: "assistant", content: "Let me look.", tool_calls: [called("a"), called("b")] },
        { role: "tool", tool_call_id: "a", content: "ok" },
        { role: "tool", tool_call_id: "b", content: "Error: no eyes" },
        {
          role: "user",
          content: [
            { type: "text", text: "Shown by the tool call a:" },
            { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
            { type: "text", text: "Well?" },
          ],
        },
      ],
    });
  });

  test("a schema is passed on where OpenAI would keep to it", () => {
    const schema = {
      type: "object",
      properties: { n: { type: "integer" } },
      required: ["n"],
      additionalProperties: false,
    };
    const format = (wanted: object) => ({
      output_config: { format: { type: "json_schema", schema: wanted } },
    });
    expect(toOpenAi(format(schema))).toMatchObject({
      response_format: { type: "json_schema", json_schema: { schema, strict: true } },
    });
    expect(refused(toOpenAi(format({ ...schema, required: [] })))).toEqual([
      "output_config.format.schema.properties.n",
    ]);
  });
});

test("only chat is translated", () => {
  expect(["/chat/completions", "/v1/messages"].map(chatFormatOf)).toEqual([
    "openai-chat",
    "anthropic-messages",
  ]);
  const others = ["/responses", "/embeddings", "/completions", "/messages/count_tokens"];
  expect(others.map(chatFormatOf)).toEqual([null, null, null, null]);
  const foreign = ["/threads/t1/messages", "/v1/threads/t1/messages", "/v18.0/7/messages"];
  expect(foreign.map(chatFormatOf)).toEqual([null, null, null]);
  expect(translatorBetween("openai-chat", "openai-chat")).toBe(null);
});
