import { describe, expect, test } from "vitest";
import type { CallEnd, JsonObject, RequestView } from "../core/dialect.ts";
import { OK_VERDICT, type Verdict } from "../core/verdict/verdict.ts";
import { anthropic } from "./anthropic.ts";

const request = (path: string, body: JsonObject | null = null): RequestView => ({
  method: "POST",
  path,
  headers: {},
  body,
  bodyBytes: 0,
});

function forecast(body: JsonObject) {
  const view = request("/v1/messages", body);
  return anthropic.forecast(view, anthropic.operation(view));
}

const WORDS = "some words of a question ".repeat(40);
const ask = (content: unknown, rest: JsonObject = {}) => ({
  model: "claude",
  max_tokens: 1_000,
  messages: [{ role: "user", content }],
  ...rest,
});

describe("Anthropic's operations", () => {
  test.each([
    { path: "/v1/messages", kind: "generate", retrySafe: true },
    { path: "/messages", kind: "generate", retrySafe: true },
    { path: "/v1/messages/count_tokens", kind: "other", retrySafe: true },
  ])("POST $path is $kind, safe to repeat: $retrySafe", ({ path, kind, retrySafe }) => {
    const operation = anthropic.operation(request(path, { model: "claude", stream: true }));
    expect(operation).toEqual({ kind, model: "claude", stream: true, retrySafe });
  });

  test("a batch runs models that nobody has read, whatever it names beside them", () => {
    const operation = anthropic.operation(request("/v1/messages/batches", { model: "claude" }));
    expect(operation).toMatchObject({ kind: "other", model: null, runsModel: true });
  });
});

describe("Anthropic's forecast", () => {
  const input = (body: JsonObject) => forecast(body).expected.inputTokens;
  const plain = input(ask(WORDS));

  test("charges input on the safe side, and the output that is likely, not the most that is allowed", () => {
    const { charged, expected } = forecast(ask(WORDS));
    expect(charged.inputTokens).toBeGreaterThan(expected.inputTokens);
    expect(charged.outputTokens).toBe(256);
    expect(charged.tokens).toBe(charged.inputTokens + charged.outputTokens);
    expect(forecast(ask(WORDS, { max_tokens: 30 })).charged.outputTokens).toBe(30);
  });

  test.each([
    { name: "the system prompt", body: ask(WORDS, { system: WORDS }), atLeast: 2 * plain - 10 },
    {
      name: "a system prompt of blocks",
      body: ask(WORDS, { system: [{ type: "text", text: WORDS }] }),
      atLeast: 2 * plain - 10,
    },
    {
      name: "text blocks",
      body: ask([
        { type: "text", text: WORDS },
        { type: "text", text: WORDS },
      ]),
      atLeast: 2 * plain - 10,
    },
    {
      name: "tools, and the prompt that comes with them",
      body: ask(WORDS, { tools: [{ name: "f", description: WORDS }] }),
      atLeast: 2 * plain + 300,
    },
    {
      name: "images",
      body: ask([{ type: "image", source: { type: "base64", data: "AAAA" } }]),
      atLeast: 1_600,
    },
    {
      name: "documents",
      body: ask([{ type: "document", source: { type: "base64", data: "A".repeat(150_000) } }]),
      atLeast: 6_000,
    },
    {
      name: "the result of a tool",
      body: ask([{ type: "tool_result", content: [{ type: "text", text: WORDS }] }]),
      atLeast: plain,
    },
    {
      name: "the input of a tool",
      body: ask([{ type: "tool_use", input: { q: WORDS } }]),
      atLeast: plain,
    },
  ])("counts $name", ({ body, atLeast }) => {
    expect(input(body)).toBeGreaterThanOrEqual(atLeast);
  });

  test("leaves out the thinking of earlier turns, which the provider drops", () => {
    expect(input(ask([{ type: "thinking", thinking: WORDS }]))).toBeLessThan(20);
  });

  test("of counting tokens is one request", () => {
    const view = request("/v1/messages/count_tokens", ask(WORDS));
    const { charged } = anthropic.forecast(view, anthropic.operation(view));
    expect(charged).toMatchObject({ requests: 1, tokens: 0, inputTokens: 0 });
  });
});

describe("Anthropic's settlement", () => {
  const before = forecast(ask(WORDS));
  const inputTokens = before.charged.inputTokens;
  const usage = { inputTokens: 900, outputTokens: 40, cachedInputTokens: 600 };
  const answered = (verdictClass: Verdict["class"], told: typeof usage | null = null): CallEnd => ({
    kind: "answered",
    verdict: { ...OK_VERDICT, class: verdictClass },
    usage: told,
  });

  test.each<{ name: string; end: CallEnd; demand: object }>([
    {
      name: "never sent: nothing",
      end: { kind: "never-sent" },
      demand: { requests: 0, inputTokens: 0, outputTokens: 0 },
    },
    {
      name: "answered: what was used, without reads from the cache",
      end: answered("ok", usage),
      demand: { requests: 1, inputTokens: 300, outputTokens: 40, tokens: 340 },
    },
    {
      name: "answered without usage: as forecast",
      end: answered("ok"),
      demand: { ...before.charged },
    },
    {
      name: "refused: a request",
      end: answered("quota"),
      demand: { requests: 1, inputTokens: 0, outputTokens: 0, tokens: 0 },
    },
    {
      name: "overloaded: a request",
      end: answered("overload"),
      demand: { requests: 1, tokens: 0 },
    },
    {
      name: "failed after it began: what was used",
      end: answered("overload", usage),
      demand: { inputTokens: 300, outputTokens: 40 },
    },
    {
      name: "timed out: the input may have been read",
      end: answered("timeout"),
      demand: { inputTokens, outputTokens: 0 },
    },
    {
      name: "cut off early: input as forecast, output as seen",
      end: { kind: "cut-off", usage: null, outputTokensSeen: 12 },
      demand: { inputTokens, outputTokens: 12 },
    },
    {
      name: "cut off later: the larger of told and seen",
      end: { kind: "cut-off", usage, outputTokensSeen: 55 },
      demand: { inputTokens: 300, outputTokens: 55 },
    },
  ])("$name", ({ end, demand }) => {
    expect(anthropic.settle(before, end)).toMatchObject(demand);
  });
});

test("Anthropic's usage adds what was read from and written to the cache", () => {
  const usage = {
    input_tokens: 10,
    cache_read_input_tokens: 70,
    cache_creation_input_tokens: 20,
    output_tokens: 5,
  };
  expect(anthropic.usage({ usage })).toEqual({
    inputTokens: 100,
    outputTokens: 5,
    cachedInputTokens: 70,
  });
  expect(anthropic.usage({ input_tokens: 14 })).toBeNull();
});
