import { describe, expect, test } from "vitest";
import { degradableFormat } from "./degraded-answer.ts";
import { degradedText } from "./degraded-text.ts";

describe("a request can be answered with a text", () => {
  test.each([
    ["/v1/chat/completions", {}, "openai-chat"],
    ["/messages", { tool_choice: { type: "auto" } }, "anthropic-messages"],
    [
      "/v1/responses",
      { text: { format: { type: "text" } }, tool_choice: "auto" },
      "openai-responses",
    ],
    ["/embeddings", {}, null],
    ["/v1/completions", {}, null],
    ["/messages/count_tokens", {}, null],
    ["/threads/t1/messages", {}, null],
    ["/v3/surveys/1/responses", {}, null],
    ["/chat/completions", { response_format: { type: "json_object" } }, null],
    ["/chat/completions", { tool_choice: "required" }, null],
    ["/chat/completions", { n: 2 }, null],
    ["/chat/completions", { function_call: "auto", logprobs: false }, "openai-chat"],
    ["/chat/completions", { function_call: { name: "f" } }, null],
    ["/chat/completions", { logprobs: true }, null],
    ["/chat/completions", { modalities: ["text", "audio"] }, null],
    ["/messages", { output_format: { type: "json_schema" } }, null],
    ["/messages", { messages: [{ role: "assistant", content: "{" }] }, null],
    ["/messages", { messages: [{ role: "user", content: "{" }] }, "anthropic-messages"],
    ["/messages", { output_config: { format: { type: "json_schema" } } }, null],
    ["/messages", { tool_choice: { type: "any" } }, null],
    ["/responses", { text: { format: { type: "json_schema" } } }, null],
    ["/responses", { background: true }, null],
  ])("%s %j: %s", (path, body, format) => {
    expect(degradableFormat(path, body)).toBe(format);
  });
});

describe("the text tells the wait", () => {
  test.each([
    [0, "in about 5 seconds"],
    [12_000, "in about 15 seconds"],
    [60_000, "in about 60 seconds"],
    [60_001, "in about 2 minutes"],
    [5_400_000, "in about 90 minutes"],
    [5_400_001, "in about 2 hours"],
    [null, "a little later"],
    [Number.POSITIVE_INFINITY, "a little later"],
  ])("of %s ms as %s", (ms, words) => {
    expect(degradedText(ms)).toMatch(new RegExp(`try again ${words}\\.$`));
  });

  test("in the operator's own words, which may name it twice or not at all", () => {
    expect(degradedText(60_001, "{wait}, {wait}")).toBe("in about 2 minutes, in about 2 minutes");
    expect(degradedText(1, "Busy.")).toBe("Busy.");
  });
});
