/** SDKs of providers with OpenAI's API against the mock, directly and through the gateway. */
import Groq from "groq-sdk";
import OpenAI, { AzureOpenAI, RateLimitError } from "openai";
import { describe, expect, test } from "vitest";
import { type DialectName, INSTANT, startMock } from "../../src/mock/index.ts";
import { all, errorOf, KEY, pairOf, TEXT, WAYS } from "../support/sdk-pair.ts";

describe.each(WAYS)("groq-sdk %s", (way) => {
  const pair = pairOf("groq", ""); // it puts /openai/v1 before its paths by itself
  const messages = [{ role: "user" as const, content: TEXT }];
  const request = { model: "llama-3.3-70b-versatile", messages, max_tokens: 30 };
  const client = () => new Groq({ apiKey: KEY, baseURL: pair.roots[way], maxRetries: 0 });

  test("completes chats", async () => {
    const { usage, choices } = await client().chat.completions.create(request);
    expect(usage).toMatchObject({ prompt_tokens: 4, completion_tokens: 30, total_tokens: 34 });
    expect(choices[0].finish_reason).toBe("length");
  });

  test("streams", async () => {
    const stream = await client().chat.completions.create({ ...request, stream: true });
    const chunks = await all(stream);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(text.length).toBe(120);
    const usage = chunks.map(({ x_groq }) => x_groq?.usage).find((one) => one);
    expect(usage).toMatchObject({ completion_tokens: 30 });
  });

  test("gets errors by type", async () => {
    const error = await errorOf(client().chat.completions.create({ ...request, model: "missing" }));
    expect(error).toBeInstanceOf(Groq.NotFoundError);
  });
});

describe.each(WAYS)("AzureOpenAI %s", (way) => {
  const pair = pairOf("azure-openai");
  const messages = [{ role: "user" as const, content: TEXT }];
  const request = { model: "gpt-4o", messages, max_tokens: 30 };
  const client = () =>
    new AzureOpenAI({
      apiKey: KEY,
      endpoint: pair.roots[way],
      apiVersion: "2024-10-21",
      maxRetries: 0,
    });

  test("completes chats and embeds, by deployment", async () => {
    const { usage, model } = await client().chat.completions.create(request);
    expect([usage?.completion_tokens, model]).toEqual([30, "gpt-4o"]);
    const { data } = await client().embeddings.create({ model: "e", input: "a", dimensions: 4 });
    expect(data[0].embedding).toHaveLength(4);
    expect(pair.mock.requests().at(-1)?.path).toBe("/openai/deployments/e/embeddings");
  });

  test("streams, with what the content filter found first", async () => {
    const chunks = await all(await client().chat.completions.create({ ...request, stream: true }));
    expect(chunks[0]).toHaveProperty("prompt_filter_results");
    expect(chunks.at(-1)?.choices[0]?.finish_reason ?? "length").toBe("length");
  });

  test("gets what the content filter refuses by its code", async () => {
    const filtered = [{ role: "user" as const, content: "The content filter" }];
    const error = await errorOf(
      client().chat.completions.create({ ...request, messages: filtered }),
    );
    expect(error).toMatchObject({ status: 400, code: "content_filter" });
  });
});

describe.each(WAYS)("OpenAI's SDK with OpenRouter %s", (way) => {
  const pair = pairOf("openrouter");
  const messages = [{ role: "user" as const, content: TEXT }];
  const client = () => new OpenAI({ apiKey: KEY, baseURL: pair.roots[way], maxRetries: 0 });

  test("streams, past the comments", async () => {
    const request = { model: "a/b", messages, max_tokens: 30, stream: true } as const;
    const chunks = await all(await client().chat.completions.create(request));
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(text.length).toBe(120);
    expect(chunks.at(-1)?.usage).toMatchObject({ completion_tokens: 30 });
  });
});

describe("what limits the mock is the SDK's own error", () => {
  const start = (dialect: DialectName) =>
    startMock({ dialect, latency: INSTANT, limits: { rpd: 1 }, startEmpty: true });

  test("of Groq", async () => {
    await using mock = await start("groq");
    const client = new Groq({ apiKey: KEY, baseURL: mock.url, maxRetries: 0 });
    const messages = [{ role: "user" as const, content: TEXT }];
    const error = await errorOf(client.chat.completions.create({ model: "m", messages }));
    expect(error).toBeInstanceOf(Groq.RateLimitError);
  });

  test("of OpenRouter", async () => {
    await using mock = await start("openrouter");
    const client = new OpenAI({ apiKey: KEY, baseURL: `${mock.url}/api/v1`, maxRetries: 0 });
    const messages = [{ role: "user" as const, content: TEXT }];
    const error = await errorOf(client.chat.completions.create({ model: "m", messages }));
    expect(error).toBeInstanceOf(RateLimitError);
  });
});
