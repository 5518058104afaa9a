/** Official SDKs against the mock's dialects, directly and through the gateway: what they expect is what they get. */
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { ApiError, GoogleGenAI, Type } from "@google/genai";
import { Client as HubSpot } from "@hubspot/api-client";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import Groq from "groq-sdk";
import OpenAI, { AzureOpenAI, RateLimitError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DialectName, INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import type { TestGateway } from "../support/gateway.ts";
import { startGatewayBefore } from "../support/mock-load.ts";
import { MOCK_REQUESTS } from "../support/mock-requests.ts";

const KEY = "key";
const TEXT = "Hello, you there";
const PLENTY = [{ rpm: 60_000 }];

interface Pair {
  readonly mock: MockServer;
  /** The API's root, of the mock itself and of the gateway before it. */
  readonly roots: Readonly<Record<Way, string>>;
}
type Way = "directly" | "through the gateway";
const WAYS: readonly Way[] = ["directly", "through the gateway"];

/** A mock without limits, and a gateway that passes on what is below its own name. */
function pairOf(dialect: DialectName, base = MOCK_REQUESTS[dialect].base): Pair {
  let mock: MockServer;
  let gateway: TestGateway;
  beforeAll(async () => {
    mock = await startMock({ dialect, latency: INSTANT, limits: {}, models: {} });
    const upstream = { base_url: mock.url + base, api_key: KEY };
    gateway = await startGatewayBefore(mock, dialect, PLENTY, upstream);
  });
  afterAll(async () => {
    await gateway.close();
    await mock.close();
  });
  return {
    get mock() {
      return mock;
    },
    get roots() {
      return { directly: mock.url + base, "through the gateway": `${gateway.url}/it` };
    },
  };
}

async function all<T>(stream: AsyncIterable<T> | undefined): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream ?? []) events.push(event);
  return events;
}

/** The error of a call that must fail. */
async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => new Error("it did not fail"),
    (error: Error) => error,
  );
}

describe.each(WAYS)("@google/genai %s", (way) => {
  const pair = pairOf("gemini");
  const model = "gemini-2.5-flash";
  const client = () =>
    new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: pair.roots[way] } }).models;

  test("generates, counts and embeds", async () => {
    const answer = await client().generateContent({ model, contents: TEXT });
    expect(answer.text).not.toBe("");
    expect(answer.usageMetadata).toMatchObject({ promptTokenCount: 4 });
    expect(await client().countTokens({ model, contents: TEXT })).toMatchObject({ totalTokens: 4 });
    const config = { outputDimensionality: 4 };
    const { embeddings } = await client().embedContent({ model, contents: ["a", "b"], config });
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([4, 4]);
  });

  test("streams", async () => {
    const chunks = await all(await client().generateContentStream({ model, contents: TEXT }));
    expect(chunks.length).toBeGreaterThan(2);
    const length = chunks.reduce((sum, { text = "" }) => sum + text.length, 0);
    const last = chunks.at(-1);
    expect(last?.usageMetadata?.candidatesTokenCount).toBe(length / 4);
    expect(last?.candidates?.[0].finishReason).toBe("STOP");
  });

  test("calls functions", async () => {
    const properties = { city: { type: Type.STRING } };
    const parameters = { type: Type.OBJECT, properties, required: ["city"] };
    const tools = [{ functionDeclarations: [{ name: "weather", parameters }] }];
    const contents = "Please use the tool";
    const { functionCalls } = await client().generateContent({
      model,
      contents,
      config: { tools },
    });
    expect(functionCalls).toMatchObject([{ name: "weather", args: { city: "mock" } }]);
  });

  test("tells errors with their status", async () => {
    const error = await errorOf(client().generateContent({ model: "missing", contents: TEXT }));
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).status).toBe(404);
  });
});

describe.each(WAYS)("@aws-sdk/client-bedrock-runtime %s", (way) => {
  const pair = pairOf("bedrock");
  const modelId = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  const messages = [{ role: "user" as const, content: [{ text: TEXT }] }];
  const inferenceConfig = { maxTokens: 30 };
  const claude = JSON.stringify({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 30,
    messages: [{ role: "user", content: TEXT }],
  });
  const decode = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes));
  // The SDK would speak HTTP/2 by itself; both the mock and the gateway take HTTP/1.1.
  const client = () =>
    new BedrockRuntimeClient({
      endpoint: pair.roots[way],
      region: "us-east-1",
      token: { token: KEY },
      authSchemePreference: ["httpBearerAuth"],
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    });

  test("converses", async () => {
    const command = new ConverseCommand({ modelId, messages, inferenceConfig });
    const { output, usage, stopReason } = await client().send(command);
    expect(output?.message?.content?.[0].text).not.toBe("");
    expect([usage?.inputTokens, usage?.outputTokens, stopReason]).toEqual([4, 30, "max_tokens"]);
  });

  test("converses as a stream, frame by frame with checksums", async () => {
    const command = new ConverseStreamCommand({ modelId, messages, inferenceConfig });
    const events = await all((await client().send(command)).stream);
    const names = events.map((event) => Object.keys(event)[0]);
    expect([names[0], ...names.slice(-3)]).toEqual([
      "messageStart",
      "contentBlockStop",
      "messageStop",
      "metadata",
    ]);
    expect(events.at(-1)?.metadata?.usage).toMatchObject({ inputTokens: 4, outputTokens: 30 });
  });

  test("invokes Claude in its own form, in one piece and as a stream", async () => {
    const whole = await client().send(new InvokeModelCommand({ modelId, body: claude }));
    expect(decode(whole.body)).toMatchObject({ type: "message", usage: { output_tokens: 30 } });
    const command = new InvokeModelWithResponseStreamCommand({ modelId, body: claude });
    const events = await all((await client().send(command)).body);
    const types = events.map(({ chunk }) => decode(chunk?.bytes).type);
    expect([types[0], types.at(-1)]).toEqual(["message_start", "message_stop"]);
  });

  test("gets a throttle in the middle of a stream as its own type", async () => {
    pair.mock.addFault({ kind: "error-in-stream", afterTokens: 8, count: 1 });
    const command = new ConverseStreamCommand({ modelId, messages, inferenceConfig });
    const error = await errorOf(
      client()
        .send(command)
        .then(({ stream }) => all(stream)),
    );
    expect(error).toMatchObject({ name: "ThrottlingException" });
  });

  test("gets errors by type", async () => {
    const missing = new ConverseCommand({ modelId: "missing", messages });
    expect(await errorOf(client().send(missing))).toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});

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

describe.each(WAYS)("@hubspot/api-client %s", (way) => {
  const pair = pairOf("hubspot");
  const client = () => new HubSpot({ accessToken: KEY, basePath: pair.roots[way] }).crm.contacts;

  test("reads, writes in batches, and searches", async () => {
    expect(await client().basicApi.getById("12")).toMatchObject({ id: "12" });
    const inputs = [{ id: "1", idProperty: "email", properties: { email: "a@example.com" } }];
    const { results } = await client().batchApi.upsert({ inputs });
    expect(results[0].properties).toMatchObject({ email: "a@example.com" });
    const found = await client().searchApi.doSearch({ limit: 3 });
    expect(found.results).toHaveLength(3);
  });

  test("gets errors with status and body", async () => {
    const error = await errorOf(client().basicApi.getById("missing"));
    expect(error).toMatchObject({ code: 404, body: { category: "OBJECT_NOT_FOUND" } });
  });
});

describe("what limits a mock is the SDK's own error", () => {
  const limits = { rpd: 1 };
  const start = (dialect: DialectName) =>
    startMock({ dialect, latency: INSTANT, limits, startEmpty: true });

  test("of Gemini", async () => {
    await using mock = await start("gemini");
    const client = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: mock.url } });
    const error = await errorOf(client.models.generateContent({ model: "m", contents: TEXT }));
    expect(error).toMatchObject({ name: "ApiError", status: 429 });
  });

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

  test("of HubSpot", async () => {
    await using mock = await start("hubspot");
    const client = new HubSpot({ accessToken: KEY, basePath: mock.url });
    expect(await errorOf(client.crm.contacts.basicApi.getById("1"))).toMatchObject({
      code: 429,
      body: { policyName: "DAILY" },
    });
  });
});
