/** OpenAI's own SDK through the gateway: what it gets is what it would get without. */
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startTap, type Tap } from "../support/gateway-upstream.ts";

const MESSAGES = [{ role: "user" as const, content: "Please use the tool" }];
const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};
const CHAT_TOOLS = [
  { type: "function" as const, function: { name: "weather", parameters: PARAMETERS } },
];
const RESPONSE_TOOLS = [
  { type: "function" as const, name: "weather", parameters: PARAMETERS, strict: false },
];

let mock: MockServer;
let tap: Tap;
let gateway: TestGateway;

beforeAll(async () => {
  mock = await startMock({ dialect: "openai", latency: INSTANT });
  tap = await startTap(mock.url);
  gateway = await startTestGateway({
    upstreams: {
      openai: {
        dialect: "openai",
        base_url: `${tap.url}/v1`,
        api_key: "sk-ours",
        limits: [{ rpm: 10_000, tpm: "10M" }],
      },
    },
  });
});

afterAll(async () => {
  await gateway.close();
  await tap[Symbol.asyncDispose]();
  await mock.close();
});

function lastTapped() {
  const last = tap.tapped.at(-1);
  if (!last) throw new Error("nothing was sent upstream");
  return { ...last, json: JSON.parse(last.body.toString() || "null"), text: String(last.answer) };
}

describe.each(["/v1", "/openai/v1"])("through %s", (path) => {
  const client = (options: object = {}) =>
    new OpenAI({ baseURL: gateway.url + path, apiKey: "sk-mine", maxRetries: 0, ...options });

  test("chat completions answer as upstream did, and the request's bytes pass unchanged", async () => {
    const body = { model: "gpt-5", messages: MESSAGES, seed: 7, logit_bias: { "50256": -100 } };
    const raw = await client().chat.completions.create(body).asResponse();
    expect(await raw.text()).toBe(lastTapped().text);
    expect(lastTapped().body.toString()).toBe(JSON.stringify(body));
    expect(lastTapped().headers.authorization).toBe("Bearer sk-ours");
  });

  test("chat streams that ask for usage pass byte for byte", async () => {
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    const body = { model: "gpt-5", messages: MESSAGES, ...options };
    const raw = await client().chat.completions.create(body).asResponse();
    const received = await raw.text();
    expect(received).toBe(lastTapped().text);
    expect(received).toContain('"choices":[],');
    expect(lastTapped().body.toString()).toBe(JSON.stringify(body));
  });

  test("chat streams that do not ask for usage lose nothing but the event that Sluice asked for", async () => {
    const body = { model: "gpt-5", messages: MESSAGES, stream: true } as const;
    const raw = await client().chat.completions.create(body).asResponse();
    const { text, json } = lastTapped();
    const received = await raw.text();
    expect(json).toEqual({ ...body, stream_options: { include_usage: true } });
    const events = lastTapped().text.split(/(?<=\n\n)/);
    expect(events.filter((event) => event.includes('"choices":[],'))).toHaveLength(1);
    expect(received).toBe(events.filter((event) => !event.includes('"choices":[],')).join(""));
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("a refusal of usage is kept from the client and its other stream options stay", async () => {
    const options = { include_usage: false, include_obfuscation: false };
    const body = { model: "gpt-5", messages: MESSAGES, stream: true, stream_options: options };
    const raw = await client()
      .chat.completions.create(body as OpenAI.ChatCompletionCreateParams)
      .asResponse();
    expect(await raw.text()).not.toContain('"choices":[]');
    expect(lastTapped().json.stream_options).toEqual({ ...options, include_usage: true });
  });

  test("tools are called, in one piece and as a stream", async () => {
    const request = { model: "gpt-5", messages: MESSAGES, tools: CHAT_TOOLS };
    const whole = await client().chat.completions.create(request);
    const [call] = whole.choices[0].message.tool_calls ?? [];
    expect(call).toMatchObject({ type: "function", function: { name: "weather" } });
    const final = await client().chat.completions.stream(request).finalChatCompletion();
    const [streamed] = final.choices[0].message.tool_calls ?? [];
    expect(streamed).toMatchObject({ type: "function", function: { name: "weather" } });
    if (streamed.type !== "function") return;
    expect(JSON.parse(streamed.function.arguments)).toHaveProperty("city");
    expect(final.choices[0].finish_reason).toBe("tool_calls");
  });

  test("responses answer in one piece and as a stream, byte for byte", async () => {
    const request = { model: "gpt-5", input: "Hello" };
    const whole = await client().responses.create(request);
    expect(whole.output_text).not.toBe("");
    const raw = await client()
      .responses.create({ ...request, stream: true })
      .asResponse();
    expect(await raw.text()).toBe(lastTapped().text);
    expect(lastTapped().json).toEqual({ ...request, stream: true });
    const types: string[] = [];
    const stream = await client().responses.create({ ...request, stream: true });
    for await (const event of stream) types.push(event.type);
    expect(types[0]).toBe("response.created");
    expect(types.at(-1)).toBe("response.completed");
  });

  test("responses call tools, in one piece and as a stream", async () => {
    const request = { model: "gpt-5", input: "Please use the tool", tools: RESPONSE_TOOLS };
    const whole = await client().responses.create(request);
    expect(whole.output[0]).toMatchObject({ type: "function_call", name: "weather" });
    const final = await client().responses.stream(request).finalResponse();
    expect(final.output[0]).toMatchObject({ type: "function_call", name: "weather" });
  });

  test("embeddings are the same vectors", async () => {
    const request = { model: "text-embedding-3-small", input: ["one", "two"], dimensions: 8 };
    const direct = new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: "sk-mine", maxRetries: 0 });
    const [through, without] = await Promise.all([
      client().embeddings.create(request),
      direct.embeddings.create(request),
    ]);
    expect(through.data).toEqual(without.data);
    expect(through.data).toHaveLength(2);
  });

  test("models are listed and found", async () => {
    const listed = await client().models.list();
    expect(listed.data.length).toBeGreaterThan(0);
    const [{ id }] = listed.data;
    expect(await client().models.retrieve(id)).toMatchObject({ id, object: "model" });
  });

  test("the provider's own refusals keep their body and their type", async () => {
    const bad = client().chat.completions.create({ model: "gpt-5", messages: [] });
    const badRequest = await bad.catch((error: unknown) => error);
    expect(badRequest).toBeInstanceOf(BadRequestError);
    expect((badRequest as BadRequestError).error).toEqual(JSON.parse(lastTapped().text).error);
    const missing = client().chat.completions.create({ model: "missing", messages: MESSAGES });
    const notFound = await missing.catch((error: unknown) => error);
    expect(notFound).toBeInstanceOf(NotFoundError);
    expect(notFound).toMatchObject({ code: "model_not_found", param: null });
  });
});

describe("Sluice's own refusals are the SDK's typed errors", () => {
  async function refusedBy(
    config: { readonly limits?: object[]; readonly tenants?: object; readonly dialect?: string },
    options: { readonly apiKey?: string; readonly headers?: Record<string, string> } = {},
    body: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {},
  ) {
    await using gateway = await startTestGateway({
      upstreams: {
        it: {
          dialect: config.dialect ?? "openai",
          base_url: tap.url,
          api_key: "sk-ours",
          limits: config.limits ?? [{ rpm: 100 }],
        },
      },
      tenants: config.tenants ?? {},
    });
    const client = new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: options.apiKey ?? "any",
      maxRetries: 3,
    });
    const request = { model: "gpt-5", messages: MESSAGES, ...body };
    const before = tap.tapped.length;
    const answer = client.chat.completions.create(request, { headers: options.headers });
    const error = await answer.catch((found: unknown) => found);
    expect(tap.tapped).toHaveLength(before);
    return error as InstanceType<typeof OpenAI.APIError>;
  }
  const KEYS = { acme: { keys: [keyHash("sk-acme")], models: ["gpt-4*"] } };

  test("no key: AuthenticationError", async () => {
    const error = await refusedBy({ tenants: KEYS }, { apiKey: "sk-wrong" });
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ code: "unauthorized", type: "authentication_error" });
    expect(error.headers?.get("x-should-retry")).toBe("false");
  });

  test("a model that is not allowed: PermissionDeniedError", async () => {
    const error = await refusedBy({ tenants: KEYS }, { apiKey: "sk-acme" });
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error).toMatchObject({ code: "forbidden" });
  });

  test("nothing that speaks the format: NotFoundError", async () => {
    const error = await refusedBy({ dialect: "anthropic" });
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toMatchObject({ code: "model_not_found", param: "model" });
  });

  test("a claim that cannot be read: BadRequestError", async () => {
    const error = await refusedBy({}, { headers: { "x-sluice-latency": "soonish" } });
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.message).toContain("soonish");
  });

  test("larger than its limit: 413 at once, not to be repeated", async () => {
    const error = await refusedBy({ limits: [{ tpm: 100 }] }, {}, { max_tokens: 101 });
    expect(error).toMatchObject({ status: 413, code: "demand_exceeds_limit" });
    expect(error.headers?.get("x-should-retry")).toBe("false");
    expect(error.error).toMatchObject({ details: { meter: "tokens of account", limit: 100 } });
  });

  test("no room within the max wait: RateLimitError that says when", async () => {
    const limits = [{ requests: { amount: 1, per: "1h" } }];
    await using gateway = await startTestGateway(
      {
        upstreams: {
          it: { dialect: "openai", base_url: `${tap.url}/v1`, api_key: "k", limits },
        },
      },
      { initialLevel: 0 },
    );
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "any", maxRetries: 3 });
    const answer = client.chat.completions.create({ model: "gpt-5", messages: MESSAGES });
    const error = await answer.catch((found: unknown) => found as RateLimitError);
    expect(error).toBeInstanceOf(RateLimitError);
    if (!(error instanceof RateLimitError)) return;
    expect(error.code).toBe("max_wait_exceeded");
    const waitMs = Number(error.headers.get("retry-after-ms"));
    expect(waitMs).toBeGreaterThan(3_590_000);
    expect(waitMs).toBeLessThanOrEqual(3_600_000);
    expect(error.headers.get("retry-after")).toBe(String(Math.ceil(waitMs / 1_000)));
    expect(error.headers.get("x-should-retry")).toBe("false");
    expect(error.error).toMatchObject({
      type: "rate_limit_error",
      details: { meter: "requests of account", limit: 1, retry_after_ms: waitMs },
    });
  });
});
