import { describe, expect, test } from "vitest";
import type { Usage } from "../../core/demand.ts";
import { dialectNamed } from "../registry.ts";

const { streamReader } = dialectNamed("bedrock")!;

function readAll(...events: readonly (readonly [event: string, data: unknown])[]) {
  const reader = streamReader();
  const meanings = events.map(([event, data]) => reader.read(event, JSON.stringify(data)));
  return { meanings, kinds: meanings.map(({ kind }) => kind), usage: reader.usage() };
}

function chunk(event: object): readonly [string, object] {
  return ["chunk", { bytes: Buffer.from(JSON.stringify(event)).toString("base64"), p: "abc" }];
}

const METRICS = {
  "amazon-bedrock-invocationMetrics": {
    inputTokenCount: 12,
    outputTokenCount: 7,
    invocationLatency: 900,
    firstByteLatency: 200,
  },
};
const USAGE: Usage = { inputTokens: 12, outputTokens: 7, cachedInputTokens: 0 };

describe("chunks of invoke-with-response-stream", () => {
  test("of Claude are its own events; what Bedrock counted is the usage", () => {
    const { kinds, usage } = readAll(
      chunk({ type: "message_start", message: { usage: { input_tokens: 11, output_tokens: 1 } } }),
      chunk({ type: "content_block_start", content_block: { type: "text", text: "" } }),
      chunk({ type: "content_block_delta", delta: { type: "text_delta", text: "Hello" } }),
      chunk({ type: "message_delta", usage: { output_tokens: 6 } }),
      chunk({ type: "message_stop", ...METRICS }),
    );
    expect(kinds).toEqual(["bookkeeping", "bookkeeping", "content", "bookkeeping", "end"]);
    expect(usage).toEqual(USAGE);
  });

  test("of Claude tell their usage before the end", () => {
    const { usage } = readAll(
      chunk({ type: "message_start", message: { usage: { input_tokens: 11, output_tokens: 1 } } }),
    );
    expect(usage).toMatchObject({ inputTokens: 11 });
  });

  test("may hold what was read from the cache", () => {
    const metrics = { inputTokenCount: 2, outputTokenCount: 7, cacheReadInputTokenCount: 10 };
    const { usage } = readAll(chunk({ "amazon-bedrock-invocationMetrics": metrics }));
    expect(usage).toEqual({ ...USAGE, cachedInputTokens: 10 });
  });

  test.each<[model: string, event: object, length: number | null]>([
    ["Llama", { generation: "Hello", stop_reason: null }, 5],
    ["Llama, nothing yet", { generation: "", generation_token_count: 0 }, null],
    ["Titan", { outputText: "Hello", index: 0 }, 5],
    ["Mistral", { outputs: [{ text: "Hello" }] }, 5],
    ["those like OpenAI", { choices: [{ delta: { content: "Hello" } }] }, 5],
    ["Nova", { contentBlockDelta: { delta: { text: "Hello" } } }, 5],
    ["Nova, its beginning", { messageStart: { role: "assistant" } }, null],
    ["an unknown one, which may be content", { something: "new" }, 0],
  ])("of %s", (_, event, textLength) => {
    const meaning = textLength === null ? { kind: "bookkeeping" } : { kind: "content", textLength };
    expect(readAll(chunk(event)).meanings).toEqual([meaning]);
  });

  test("of Nova tell their usage as Converse does", () => {
    expect(
      readAll(chunk({ metadata: { usage: { inputTokens: 12, outputTokens: 7 } } })).usage,
    ).toEqual(USAGE);
  });

  test("that are no JSON may be content", () => {
    expect(readAll(["chunk", { bytes: "%%%" }], ["chunk", {}]).kinds).toEqual([
      "content",
      "content",
    ]);
  });
});

test.each([
  ["throttlingException", { class: "quota", retryable: true }],
  ["modelStreamErrorException", { class: "transient", retryable: true }],
  ["internalServerException", { class: "transient", retryable: true }],
  ["serviceUnavailableException", { class: "overload", retryable: true }],
  ["modelTimeoutException", { class: "timeout", retryable: true }],
  ["validationException", { class: "invalid_request", retryable: false }],
])("%s in a stream is a verdict", (name, verdict) => {
  const [meaning] = readAll([name, { message: "Something went wrong." }]).meanings;
  expect(meaning).toMatchObject({ kind: "error", verdict });
});
