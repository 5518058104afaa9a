/** Anthropic's own SDK through the gateway: what it gets is what it would get without. */
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startTap, type Tap } from "../support/gateway-upstream.ts";

const MESSAGES = [{ role: "user" as const, content: "Please use the tool" }];
const REQUEST = { model: "claude-sonnet-5", max_tokens: 64, messages: MESSAGES };
const TOOLS = [
  {
    name: "weather",
    input_schema: {
      type: "object" as const,
      properties: { city: { type: "string" } },
      required: ["city"],
    },
  },
];

let mock: MockServer;
let tap: Tap;
let gateway: TestGateway;

beforeAll(async () => {
  mock = await startMock({ dialect: "anthropic", latency: INSTANT });
  tap = await startTap(mock.url);
  const limits = [{ rpm: 10_000, itpm: "10M", otpm: "10M" }];
  gateway = await startTestGateway({
    upstreams: {
      claude: { dialect: "anthropic", base_url: tap.url, api_key: "sk-ours", limits },
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
  return { ...last, text: String(last.answer) };
}

describe.each(["", "/claude"])("through the gateway's %s/v1", (path) => {
  const client = (options: object = {}) =>
    new Anthropic({ baseURL: gateway.url + path, apiKey: "sk-mine", maxRetries: 0, ...options });

  test("messages answer as upstream did, and the request's bytes pass unchanged", async () => {
    const raw = await client().messages.create(REQUEST).asResponse();
    expect(await raw.text()).toBe(lastTapped().text);
    expect(lastTapped().body.toString()).toBe(JSON.stringify(REQUEST));
    expect(lastTapped().headers).toMatchObject({
      "x-api-key": "sk-ours",
      "anthropic-version": expect.any(String),
      "accept-encoding": "identity",
    });
  });

  test("streams pass byte for byte", async () => {
    const body = { ...REQUEST, stream: true } as const;
    const raw = await client().messages.create(body).asResponse();
    const received = await raw.text();
    expect(received).toBe(lastTapped().text);
    expect(received).toContain("event: message_start");
    expect(received).toContain("event: message_stop");
    expect(lastTapped().body.toString()).toBe(JSON.stringify(body));
  });

  test("the SDK's own stream reader finds text and usage", async () => {
    const final = await client().messages.stream(REQUEST).finalMessage();
    expect(final.content[0]).toMatchObject({ type: "text" });
    expect(final.usage.output_tokens).toBeGreaterThan(0);
  });

  test("tools are called, in one piece and as a stream", async () => {
    const request = { ...REQUEST, tools: TOOLS };
    const whole = await client().messages.create(request);
    expect(whole).toMatchObject({
      stop_reason: "tool_use",
      content: [{ type: "tool_use", name: "weather" }],
    });
    const streamed = await client().messages.stream(request).finalMessage();
    expect(streamed.content[0]).toMatchObject({ type: "tool_use", name: "weather" });
    expect(streamed.content[0]).toHaveProperty("input.city");
  });

  test("tokens are counted", async () => {
    const { model, messages } = REQUEST;
    const counted = await client().messages.countTokens({ model, messages });
    expect(counted.input_tokens).toBe(5);
  });

  test("models are listed and found", async () => {
    const listed = await client().models.list();
    expect(listed.data.length).toBeGreaterThan(0);
    const [{ id }] = listed.data;
    expect(await client().models.retrieve(id)).toMatchObject({ id, type: "model" });
  });

  test("the provider's own refusals keep their body and their type", async () => {
    const bad = client().messages.create({ ...REQUEST, messages: [] });
    const badRequest = await bad.catch((error: unknown) => error);
    expect(badRequest).toBeInstanceOf(BadRequestError);
    expect((badRequest as BadRequestError).error).toEqual(JSON.parse(lastTapped().text));
    const missing = client().messages.create({ ...REQUEST, model: "missing" });
    expect(await missing.catch((error: unknown) => error)).toBeInstanceOf(NotFoundError);
  });
});

describe("Sluice's own refusals are the SDK's typed errors, in Anthropic's form", () => {
  async function refusedBy(
    config: {
      readonly limits?: object[];
      readonly tenants?: object;
      readonly dialect?: string;
      readonly initialLevel?: number;
    },
    apiKey = "any",
    maxTokens = 64,
  ) {
    const { limits = [{ rpm: 100 }], tenants = {}, dialect = "anthropic" } = config;
    await using gateway = await startTestGateway(
      { upstreams: { it: { dialect, base_url: tap.url, api_key: "sk-ours", limits } }, tenants },
      { initialLevel: config.initialLevel },
    );
    const client = new Anthropic({ baseURL: gateway.url, apiKey, maxRetries: 3 });
    const before = tap.tapped.length;
    const answer = client.messages.create({ ...REQUEST, max_tokens: maxTokens });
    const error = await answer.catch((found: unknown) => found);
    expect(tap.tapped).toHaveLength(before);
    expect(error).toBeInstanceOf(APIError);
    return error as InstanceType<typeof APIError>;
  }
  const KEYS = { acme: { keys: [keyHash("sk-acme")], models: ["claude-haiku*"] } };

  test("no key: AuthenticationError", async () => {
    const error = await refusedBy({ tenants: KEYS }, "sk-wrong");
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error.error).toMatchObject({
      type: "error",
      error: { type: "authentication_error", code: "unauthorized" },
    });
  });

  test("a model that is not allowed: PermissionDeniedError", async () => {
    const error = await refusedBy({ tenants: KEYS }, "sk-acme");
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(error.error).toMatchObject({ error: { type: "permission_error", code: "forbidden" } });
  });

  test("nothing that speaks the format: NotFoundError", async () => {
    const error = await refusedBy({ dialect: "openai" });
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error.error).toMatchObject({ error: { code: "model_not_found" } });
  });

  test("larger than its limit: 413 at once, not to be repeated", async () => {
    const error = await refusedBy({ limits: [{ otpm: 100 }] }, "any", 101);
    expect(error.status).toBe(413);
    expect(error.headers?.get("x-should-retry")).toBe("false");
    expect(error.error).toMatchObject({
      error: {
        type: "request_too_large",
        code: "demand_exceeds_limit",
        details: { meter: "output_tokens of account", limit: 100, retry_after_ms: null },
      },
    });
  });

  test("no room within the max wait: RateLimitError that says when", async () => {
    const limits = [{ requests: { amount: 1, per: "1h" } }];
    const error = await refusedBy({ limits, initialLevel: 0 });
    expect(error).toBeInstanceOf(RateLimitError);
    expect(Number(error.headers?.get("retry-after"))).toBeGreaterThan(3_590);
    expect(error.headers?.get("x-should-retry")).toBe("false");
    expect(error.error).toMatchObject({
      error: { type: "rate_limit_error", code: "max_wait_exceeded" },
    });
  });
});
