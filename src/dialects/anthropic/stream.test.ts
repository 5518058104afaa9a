import { describe, expect, test } from "vitest";
import { anthropic } from "../anthropic.ts";

const read = (data: object) => anthropic.streamReader().read("", JSON.stringify(data));
const delta = (fields: object) => ({ type: "content_block_delta", index: 0, delta: fields });
const block = (fields: object) => ({
  type: "content_block_start",
  index: 0,
  content_block: fields,
});

describe("Anthropic's events", () => {
  test.each([
    { name: "text", data: delta({ type: "text_delta", text: "Hello" }), textLength: 5 },
    {
      name: "a tool's input",
      data: delta({ type: "input_json_delta", partial_json: '{"a"' }),
      textLength: 4,
    },
    { name: "thinking", data: delta({ type: "thinking_delta", thinking: "hm" }), textLength: 2 },
    {
      name: "a signature",
      data: delta({ type: "signature_delta", signature: "abc" }),
      textLength: 0,
    },
    {
      name: "a tool's call",
      data: block({ type: "tool_use", name: "f", input: {} }),
      textLength: 0,
    },
    {
      name: "a block that begins with text",
      data: block({ type: "text", text: "Hi" }),
      textLength: 2,
    },
  ])("carry content: $name", ({ data, textLength }) => {
    expect(read(data)).toEqual({ kind: "content", textLength });
  });

  test.each([
    { type: "ping" },
    { type: "message_start", message: { usage: {} } },
    block({ type: "text", text: "" }),
    block({ type: "thinking", thinking: "" }),
    delta({ type: "input_json_delta", partial_json: "" }),
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" } },
    { type: "something_new" },
  ])("are bookkeeping: $type", (data) => {
    expect(read(data)).toEqual({ kind: "bookkeeping" });
  });

  test("end with message_stop", () => {
    expect(read({ type: "message_stop" })).toEqual({ kind: "end" });
  });

  test.each([
    ["overloaded_error", "overload", true],
    ["rate_limit_error", "quota", true],
    ["api_error", "transient", true],
    ["invalid_request_error", "invalid_request", false],
  ])("can be an error: %s is %s", (type, verdictClass, retryable) => {
    const event = read({ type: "error", error: { type, message: "x" } });
    expect(event).toMatchObject({ kind: "error", verdict: { class: verdictClass, retryable } });
  });

  test("tell input at the start and output as it grows", () => {
    const reader = anthropic.streamReader();
    const tell = (data: object) => reader.read("", JSON.stringify(data));
    expect(reader.usage()).toBeNull();
    tell({
      type: "message_start",
      message: {
        usage: {
          input_tokens: 10,
          cache_read_input_tokens: 70,
          cache_creation_input_tokens: 20,
          output_tokens: 1,
        },
      },
    });
    expect(reader.usage()).toEqual({ inputTokens: 100, outputTokens: 1, cachedInputTokens: 70 });
    tell({ type: "message_delta", usage: { output_tokens: 42 } });
    expect(reader.usage()).toEqual({ inputTokens: 100, outputTokens: 42, cachedInputTokens: 70 });
  });
});
