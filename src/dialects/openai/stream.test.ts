import { describe, expect, test } from "vitest";
import { openai } from "../openai.ts";

const read = (data: unknown, event = "") =>
  openai.streamReader().read(event, typeof data === "string" ? data : JSON.stringify(data));
const delta = (fields: object) => ({ choices: [{ index: 0, delta: fields, finish_reason: null }] });
const call = { function: { name: "f", arguments: '{"a"' } };

describe("chat chunks", () => {
  test.each([
    { name: "text", data: delta({ content: "Hello" }), textLength: 5 },
    { name: "text of a completion", data: { choices: [{ text: "abc" }] }, textLength: 3 },
    { name: "a tool call", data: delta({ tool_calls: [call] }), textLength: 4 },
    { name: "an old function call", data: delta({ function_call: call.function }), textLength: 4 },
    { name: "a refusal", data: delta({ refusal: "No" }), textLength: 2 },
    { name: "reasoning", data: delta({ reasoning_content: "hm", content: null }), textLength: 2 },
    {
      name: "a list of parts",
      data: delta({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
      textLength: 2,
    },
    {
      name: "all choices",
      data: { choices: [...delta({ content: "ab" }).choices, ...delta({ content: "c" }).choices] },
      textLength: 3,
    },
    {
      name: "what is not JSON, as nobody knows what a user would miss",
      data: "plain",
      textLength: 5,
    },
  ])("carry content: $name", ({ data, textLength }) => {
    expect(read(data)).toEqual({ kind: "content", textLength });
  });

  test.each([
    { name: "the role alone", data: delta({ role: "assistant", content: "" }) },
    { name: "the end of a choice", data: { choices: [{ delta: {}, finish_reason: "stop" }] } },
    { name: "usage", data: { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } } },
    { name: "a filter's results", data: { choices: [], prompt_filter_results: [{}] } },
    { name: "a comment", data: "" },
  ])("are bookkeeping: $name", ({ data }) => {
    expect(read(data)).toEqual({ kind: "bookkeeping" });
  });

  test("end with [DONE]", () => {
    expect(read("[DONE]")).toEqual({ kind: "end" });
  });

  test("tell usage at the end, and none before", () => {
    const reader = openai.streamReader();
    reader.read("", JSON.stringify({ ...delta({ content: "a" }), usage: null }));
    expect(reader.usage()).toBeNull();
    const usage = {
      prompt_tokens: 8,
      completion_tokens: 3,
      prompt_tokens_details: { cached_tokens: 2 },
    };
    reader.read("", JSON.stringify({ choices: [], usage }));
    expect(reader.usage()).toEqual({ inputTokens: 8, outputTokens: 3, cachedInputTokens: 2 });
  });
});

describe("errors in a stream", () => {
  test.each([
    {
      name: "an object",
      data: { error: { code: "rate_limit_exceeded", message: "x" } },
      verdict: "quota",
    },
    { name: "a text", data: { error: "The model is overloaded" }, verdict: "overload" },
    { name: "a status", data: { error: { code: 401, message: "x" } }, verdict: "auth" },
    {
      name: "beside a choice",
      data: { error: { message: "gone" }, choices: [{ delta: { content: "" } }] },
      verdict: "transient",
    },
    {
      name: "by its event's name",
      event: "error",
      data: { type: "tokens", code: "rate_limit_exceeded", message: "x" },
      verdict: "quota",
    },
    {
      name: "by its event's name, not JSON",
      event: "error",
      data: "overloaded",
      verdict: "overload",
    },
    {
      name: "a typed event",
      data: { type: "error", code: "server_error", message: "x" },
      verdict: "transient",
    },
    {
      name: "a failed response",
      data: {
        type: "response.failed",
        response: { error: { code: "rate_limit_exceeded", message: "x" } },
      },
      verdict: "quota",
    },
    {
      name: "the request's fault",
      data: { error: { type: "invalid_request_error", message: "x" } },
      verdict: "invalid_request",
    },
    {
      name: "a finish reason",
      data: { choices: [{ delta: {}, finish_reason: "error" }] },
      verdict: "transient",
    },
  ])("have a verdict: $name", ({ data, event, verdict }) => {
    expect(read(data, event)).toMatchObject({ kind: "error", verdict: { class: verdict } });
  });
});

describe("events of a response", () => {
  test.each([
    { name: "response.output_text.delta", data: { delta: "Hi" }, textLength: 2 },
    { name: "response.function_call_arguments.delta", data: { delta: "{" }, textLength: 1 },
    { name: "response.refusal.delta", data: { delta: "No" }, textLength: 2 },
    {
      name: "response.output_item.added",
      data: { item: { type: "function_call" } },
      textLength: 0,
    },
    { name: "response.output_text.done", data: { text: "Hi" }, textLength: 0 },
  ])("carry content: $name", ({ name, data, textLength }) => {
    expect(read({ type: name, ...data }, name)).toEqual({ kind: "content", textLength });
  });

  test.each([
    "response.created",
    "response.in_progress",
    "response.content_part.added",
    "response.output_item.added",
  ])("are bookkeeping: %s", (type) => {
    expect(read({ type, item: { type: "message" }, response: { error: null } }, type)).toEqual({
      kind: "bookkeeping",
    });
  });

  test.each(["response.completed", "response.incomplete"])(
    "end with %s, which tells usage",
    (type) => {
      const reader = openai.streamReader();
      const response = { error: null, usage: { input_tokens: 5, output_tokens: 2 } };
      expect(reader.read(type, JSON.stringify({ type, response }))).toEqual({ kind: "end" });
      expect(reader.usage()).toEqual({ inputTokens: 5, outputTokens: 2, cachedInputTokens: 0 });
    },
  );
});
