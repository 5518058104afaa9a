import { describe, expect, test } from "vitest";
import { NO_DEMAND } from "../core/demand.ts";
import type { CallEnd, JsonObject, RequestView } from "../core/dialect.ts";
import { OK_VERDICT, type Verdict } from "../core/verdict/verdict.ts";
import { openai } from "./openai.ts";

const request = (path: string, body: JsonObject | null = null, method = "POST"): RequestView => ({
  method,
  path,
  headers: {},
  body,
  bodyBytes: 0,
});

function forecast(path: string, body: JsonObject | null, guess?: number) {
  const view = request(path, body);
  return openai.forecast(view, openai.operation(view), guess);
}

const chat = (characters: number, rest: JsonObject = {}) => ({
  model: "gpt-5",
  messages: [{ role: "user", content: "x".repeat(characters) }],
  ...rest,
});

describe("OpenAI's operations", () => {
  test.each([
    { path: "/chat/completions", kind: "generate", retrySafe: true },
    { path: "/v1/chat/completions/", kind: "generate", retrySafe: true },
    { path: "/completions", kind: "generate", retrySafe: true },
    { path: "/responses", kind: "generate", retrySafe: true },
    { path: "/responses/resp_1/cancel", kind: "other", retrySafe: false },
    { path: "/responses/input_tokens", kind: "other", retrySafe: true },
    { path: "/embeddings", kind: "embed", retrySafe: true },
    { path: "/moderations", kind: "other", retrySafe: true },
    { path: "/files", kind: "other", retrySafe: false },
  ])("POST $path is $kind, safe to repeat: $retrySafe", ({ path, kind, retrySafe }) => {
    expect(openai.operation(request(path, { model: "m" }))).toMatchObject({
      kind,
      retrySafe,
      model: "m",
    });
  });

  test("reads are safe, and generate nothing", () => {
    expect(openai.operation(request("/responses", null, "get"))).toEqual({
      kind: "other",
      model: null,
      stream: false,
      retrySafe: true,
    });
  });

  test("that add to a conversation are not repeated", () => {
    expect(openai.operation(request("/responses", { conversation: "c1" })).retrySafe).toBe(false);
  });

  test.each(["/batches", "/images/edits", "/audio/transcriptions", "/realtime/client_secrets"])(
    "POST %s generates no text, but runs a model",
    (path) => {
      const read = openai.operation(request(path, null));
      expect(read).toMatchObject({ kind: "other", model: null, runsModel: true });
    },
  );

  test("are what a deployment's path says, not what the body says", () => {
    const path = "/openai/deployments/gpt-x/chat/completions";
    const operation = openai.operation(request(path, { model: "cheap" }));
    expect(operation).toMatchObject({ model: "gpt-x", isModelInPath: true });
  });

  test("take the model from a deployment's path, and no name of absurd length", () => {
    expect(openai.operation(request("/openai/deployments/gpt-x/chat/completions", {})).model).toBe(
      "gpt-x",
    );
    expect(
      openai.operation(request("/chat/completions", { model: "m".repeat(300) })).model,
    ).toBeNull();
    expect(
      openai.operation(request("/chat/completions", { model: 7, stream: "yes" })),
    ).toMatchObject({ model: null, stream: false });
  });
});

describe("OpenAI's charge at admission", () => {
  test.each([
    { name: "max_tokens above the estimate", body: chat(400, { max_tokens: 500 }), tokens: 500 },
    {
      name: "the estimate above max_tokens",
      body: chat(4_001, { max_tokens: 500 }),
      tokens: 1_001,
    },
    { name: "the estimate alone", body: chat(401), tokens: 101 },
    { name: "max_completion_tokens", body: chat(4, { max_completion_tokens: 70 }), tokens: 70 },
    { name: "each of n choices", body: chat(4, { max_tokens: 50, n: 3 }), tokens: 150 },
    { name: "max_tokens that is no number", body: chat(40, { max_tokens: "500" }), tokens: 10 },
    { name: "max_tokens below zero", body: chat(40, { max_tokens: -5 }), tokens: 10 },
    {
      name: "max_tokens beyond reason",
      body: chat(40, { max_tokens: 1e308, n: 1e9 }),
      tokens: 10_000_000,
    },
    {
      name: "text parts, but no images",
      body: {
        messages: [
          {
            content: [
              { type: "text", text: "x".repeat(40) },
              { type: "image_url", image_url: { url: "y".repeat(900) } },
            ],
          },
        ],
      },
      tokens: 10,
    },
    { name: "tools as JSON", body: chat(0, { tools: [{ a: "x".repeat(30) }] }), tokens: 10 },
    {
      name: "nothing but content and tools",
      body: chat(40, { metadata: { note: "y".repeat(400) }, user: "z".repeat(400) }),
      tokens: 10,
    },
  ])("counts $name", ({ body, tokens }) => {
    expect(forecast("/chat/completions", body).charged).toMatchObject({ requests: 1, tokens });
  });

  test.each([
    {
      name: "instructions and input",
      body: { instructions: "x".repeat(20), input: "y".repeat(20) },
      tokens: 10,
    },
    {
      name: "items of input",
      body: {
        input: [
          { role: "user", content: [{ type: "input_text", text: "x".repeat(40) }] },
          { type: "function_call_output", output: "y".repeat(40) },
        ],
      },
      tokens: 20,
    },
    { name: "max_output_tokens", body: { input: "hi", max_output_tokens: 300 }, tokens: 300 },
  ])("counts a response's $name", ({ body, tokens }) => {
    expect(forecast("/responses", body).charged.tokens).toBe(tokens);
  });

  test.each([
    { name: "a text", input: "x".repeat(40), tokens: 10 },
    { name: "texts", input: ["x".repeat(20), "y".repeat(20)], tokens: 10 },
    { name: "token ids", input: [1, 2, 3], tokens: 3 },
    { name: "lists of token ids", input: [[1, 2], [3]], tokens: 3 },
  ])("of an embedding is its input: $name", ({ input, tokens }) => {
    const { charged, expected } = forecast("/embeddings", { model: "e", input });
    expect(charged.tokens).toBe(tokens);
    expect(expected.outputTokens).toBe(0);
  });

  test("of anything else is one request", () => {
    expect(forecast("/files", chat(400)).charged).toEqual({ ...NO_DEMAND, requests: 1 });
    expect(forecast("/chat/completions", null).charged).toEqual({ ...NO_DEMAND, requests: 1 });
  });
});

describe("OpenAI's expected usage", () => {
  test("is the learned output, at most what is allowed, for each choice", () => {
    expect(forecast("/chat/completions", chat(4)).expected.outputTokens).toBe(256);
    expect(
      forecast("/chat/completions", chat(4, { max_tokens: 50, n: 2 })).expected.outputTokens,
    ).toBe(100);
    expect(forecast("/chat/completions", chat(4), 900).expected.outputTokens).toBe(900);
    expect(forecast("/chat/completions", chat(4), Number.NaN).expected.outputTokens).toBe(256);
  });

  test("counts images and the arguments of earlier calls, which the charge leaves out", () => {
    const plain = forecast("/chat/completions", chat(40));
    const calls = [{ function: { name: "f", arguments: "some words ".repeat(100) } }];
    const withCalls = forecast("/chat/completions", {
      model: "gpt-5",
      messages: [...chat(40).messages, { role: "assistant", content: null, tool_calls: calls }],
    });
    expect(withCalls.charged.tokens).toBe(plain.charged.tokens);
    expect(withCalls.expected.inputTokens).toBeGreaterThan(plain.expected.inputTokens + 150);
  });
});

describe("OpenAI's settlement", () => {
  const charged = forecast("/chat/completions", chat(400, { max_tokens: 500 }));
  const usage = { inputTokens: 90, outputTokens: 7, cachedInputTokens: 0 };
  const answered = (verdictClass: Verdict["class"]): CallEnd => ({
    kind: "answered",
    verdict: { ...OK_VERDICT, class: verdictClass },
    usage: null,
  });

  test.each([
    {
      name: "never sent: nothing",
      end: { kind: "never-sent" },
      demand: { requests: 0, tokens: 0 },
    },
    {
      name: "answered: max_tokens is not given back",
      end: { ...answered("ok"), usage },
      demand: { requests: 1, tokens: 500 },
    },
    {
      name: "refused: the request counts, its tokens do not",
      end: answered("quota"),
      demand: { requests: 1, tokens: 0 },
    },
    {
      name: "failed: all counts",
      end: answered("transient"),
      demand: { requests: 1, tokens: 500 },
    },
    {
      name: "cut off: all counts",
      end: { kind: "cut-off", usage: null, outputTokensSeen: 3 },
      demand: { requests: 1, tokens: 500 },
    },
  ] as const)("$name", ({ end, demand }) => {
    expect(openai.settle(charged, end as CallEnd)).toMatchObject(demand);
  });
});

test("OpenAI's usage includes the cached part of the input", () => {
  expect(
    openai.usage({
      usage: {
        prompt_tokens: 9,
        completion_tokens: 4,
        prompt_tokens_details: { cached_tokens: 6 },
      },
    }),
  ).toEqual({ inputTokens: 9, outputTokens: 4, cachedInputTokens: 6 });
  expect(
    openai.usage({
      usage: { input_tokens: 9, output_tokens: 4, input_tokens_details: { cached_tokens: 99 } },
    }),
  ).toEqual({ inputTokens: 9, outputTokens: 4, cachedInputTokens: 9 });
  expect(openai.usage({ usage: { prompt_tokens: 9, total_tokens: 9 } })).toEqual({
    inputTokens: 9,
    outputTokens: 0,
    cachedInputTokens: 0,
  });
  expect(openai.usage({ usage: { prompt_tokens: "9", completion_tokens: -1 } })).toBeNull();
  expect(openai.usage("nothing")).toBeNull();
});
