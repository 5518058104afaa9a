import { describe, expect, test } from "vitest";
import { recogniseTask } from "../../core/route/task-rules/task-rules.ts";
import { taskViewOf } from "./task-view.ts";

const view = (body: Record<string, unknown>) => taskViewOf(body, "chat", 10);

describe("the view of a request", () => {
  test("in OpenAI's chat format", () => {
    const body = {
      model: "gpt-5",
      max_completion_tokens: 50,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
        {
          role: "user",
          content: [
            { type: "text", text: "Tag this:" },
            { type: "text", text: "abc" },
          ],
        },
      ],
      tools: [{ type: "function", function: { name: "look_up" } }],
      response_format: { type: "json_schema", json_schema: {} },
      reasoning_effort: "high",
    };
    expect(view(body)).toEqual({
      taskType: "chat",
      inputTokens: 10,
      maxOutputTokens: 50,
      system: "Be brief.",
      prompt: "Tag this:\n\nabc",
      messages: 3,
      tools: ["look_up"],
      output: "schema",
      asksToThink: true,
      hasMedia: false,
    });
  });

  test("in Anthropic's format", () => {
    const body = {
      max_tokens: 100,
      system: [{ type: "text", text: "Be brief." }],
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: {} },
            { type: "text", text: "?" },
          ],
        },
      ],
      tools: [{ name: "look_up" }, { type: "bash_20250124", name: "bash" }],
      thinking: { type: "adaptive" },
    };
    expect(view(body)).toMatchObject({
      maxOutputTokens: 100,
      system: "Be brief.",
      prompt: "?",
      tools: ["look_up", "bash"],
      output: "text",
      asksToThink: false,
      hasMedia: true,
    });
  });

  test("of OpenAI's responses", () => {
    const body = {
      input: "Translate to French: Hello",
      instructions: "Be brief.",
      max_output_tokens: 9,
    };
    expect(view(body)).toMatchObject({
      prompt: body.input,
      system: "Be brief.",
      maxOutputTokens: 9,
    });
  });

  test.each([{}, { messages: "x" }, { messages: [null, 1] }, { input: [[]], tools: [1] }])(
    "of %j is such that it does not suit",
    (body) => {
      expect(recogniseTask(view(body))).toMatchObject({ suits: false, rule: "unknown" });
    },
  );
});
