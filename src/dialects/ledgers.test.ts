import { describe, expect, test } from "vitest";
import { NO_DEMAND, type Usage } from "../core/demand.ts";
import type { CallEnd, JsonObject } from "../core/dialect.ts";
import { OK_VERDICT, type Verdict } from "../core/verdict/verdict.ts";
import { dialectNamed } from "./registry.ts";

const TEXT = "Somebody asks for something. ".repeat(14);
const MESSAGES = [{ role: "user", content: TEXT }];
const LIMITED: Verdict = { class: "quota", dimension: null, retryable: true, retryAfterMs: null };
const FAILED: Verdict = {
  class: "transient",
  dimension: null,
  retryable: true,
  retryAfterMs: null,
};

function planOf(name: string, path: string, body: JsonObject | null, guess?: number) {
  const dialect = dialectNamed(name)!;
  const request = { method: "POST", path, headers: {}, body, bodyBytes: 0 };
  const operation = dialect.operation(request);
  const forecast = dialect.forecast(request, operation, guess);
  const settle = (end: CallEnd) => dialect.settle(forecast, end);
  const used = (usage: Usage) => settle({ kind: "answered", verdict: OK_VERDICT, usage });
  return { operation, forecast, settle, used, charged: forecast.charged };
}

const chat = (rest: JsonObject = {}) => ({ model: "m1", messages: MESSAGES, ...rest });
const USAGE: Usage = { inputTokens: 100, outputTokens: 30, cachedInputTokens: 60 };

describe("what is taken before sending", () => {
  test.each([
    ["azure-openai", "prompt and max_tokens", { max_tokens: 500 }, 500],
    ["azure-openai", "for each of best_of", { max_tokens: 500, best_of: 2 }, 1_000],
    ["azure-openai", "a guess without max_tokens", {}, 40],
    ["groq", "prompt and max_completion_tokens", { max_completion_tokens: 500 }, 500],
    ["cerebras", "16,384 without max_tokens", {}, 16_384],
    ["cerebras", "max_tokens below that", { max_completion_tokens: 200 }, 200],
    ["cerebras", "no more than that", { max_tokens: 60_000 }, 16_384],
    ["mistral", "what will probably be generated", { max_tokens: 500 }, 40],
    ["vllm", "no more than max_tokens", { max_tokens: 10 }, 10],
  ])("%s: the input with a reserve, and %s", (name, _, rest, outputTokens) => {
    const { charged, forecast } = planOf(name, "/chat/completions", chat(rest), 40);
    expect(charged).toMatchObject({ requests: 1, outputTokens });
    expect(charged.tokens).toBe(charged.inputTokens + outputTokens);
    expect(charged.inputTokens).toBeGreaterThan(forecast.expected.inputTokens);
  });

  test("gemini counts input alone", () => {
    const { operation, charged } = planOf(
      "gemini",
      "/models/gemini-x:generateContent",
      { contents: [{ parts: [{ text: TEXT }] }], generationConfig: { maxOutputTokens: 700 } },
      40,
    );
    expect(operation).toEqual({
      kind: "generate",
      model: "gemini-x",
      isModelInPath: true,
      stream: false,
      retrySafe: true,
    });
    expect(charged).toMatchObject({ requests: 1, tokens: charged.inputTokens, outputTokens: 40 });
    expect(charged.inputTokens).toBeGreaterThan(50);
  });

  test("bedrock takes input and max_tokens in one pool", () => {
    const body = { messages: [{ content: [{ text: TEXT }] }], inferenceConfig: { maxTokens: 700 } };
    const path = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream";
    const { operation, charged } = planOf("bedrock", path, body, 40);
    expect(operation).toMatchObject({
      kind: "generate",
      model: "anthropic.claude-sonnet-4-5-20250929-v1:0",
      stream: true,
    });
    expect(charged).toMatchObject({ tokens: charged.inputTokens + 700, outputTokens: 700 });
  });

  test("cohere counts calls; its text stands under other names", () => {
    const { operation, charged } = planOf("cohere", "/v1/chat", { model: "c", message: TEXT });
    expect(operation.kind).toBe("generate");
    expect(charged.requests).toBe(1);
    expect(charged.tokens).toBeGreaterThan(50);
  });

  test.each(["hubspot", "salesforce", "shopify", "stripe", "github", "ga4", "meta"])(
    "%s counts requests",
    (name) => {
      const { units, ...charged } = planOf(name, "/things", { any: "thing" }).charged;
      expect({ ...charged, units: {} }).toEqual({ ...NO_DEMAND, requests: 1 });
    },
  );

  const inputs = [{}, {}, {}];
  test.each<[name: string, path: string, body: JsonObject, units: object]>([
    ["hubspot", "/crm/v3/objects/contacts/batch/upsert", { inputs }, { records: 3 }],
    ["hubspot", "/crm/v3/objects/contacts", { properties: {} }, { records: 1 }],
    ["salesforce", "/services/data/v66.0/composite/sobjects", { records: inputs }, { records: 3 }],
    ["salesforce", "/services/data/v66.0/composite", { compositeRequest: inputs }, { records: 3 }],
    ["mailchimp", "/3.0/lists/a", { members: inputs }, { records: 3 }],
    ["mailchimp", "/3.0/batches", { operations: inputs }, { records: 3 }],
    ["marketo", "/rest/v1/leads.json", { input: inputs }, { records: 3 }],
    [
      "klaviyo",
      "/api/profile-bulk-import-jobs",
      { data: { type: "a", attributes: { profiles: { data: inputs } } } },
      { records: 3 },
    ],
    ["klaviyo", "/api/profiles", { data: { type: "profile" } }, { records: 1 }],
    ["google-ads", "/v22/customers/1/campaigns:mutate", { operations: inputs }, { operations: 3 }],
    [
      "google-ads",
      "/v22/customers/1/googleAds:mutate",
      { mutateOperations: inputs },
      { operations: 3 },
    ],
    ["google-ads", "/v22/customers/1/googleAds:search", { query: "SELECT" }, { operations: 1 }],
    ["github", "/graphql", { query: "mutation { a }" }, { points: 5 }],
    ["github", "/graphql", { query: "{ a }" }, { points: 1 }],
    ["github", "/repos/a/b/issues", { title: "t" }, { points: 5 }],
    ["meta", "/v25.0/act_1/ads", { name: "a" }, { points: 3, "app-usage": 0.1 }],
    [
      "meta",
      "/v25.0/",
      { batch: [{ method: "GET" }, { method: "POST" }] },
      { points: 4, "app-usage": 0.1 },
    ],
    ["shopify", "/admin/api/2026-07/graphql.json", { query: "{ shop { name } }" }, { points: 1 }],
    ["shopify", "/admin/api/2026-07/graphql.json", { id: "stored" }, { points: 10 }],
    ["shopify", "/admin/api/2026-07/products.json", {}, {}],
    [
      "ga4",
      "/v1beta/properties/7:runReport",
      {},
      { tokens: 10, "project-tokens": 10, "server-errors": 0.0001 },
    ],
    ["ga4", "/mp/collect", { events: [] }, {}],
  ])("%s: POST %s of %j takes %j", (name, path, body, units) => {
    expect(planOf(name, path, body).charged.units).toEqual(units);
  });

  test("what only reads carries no records", () => {
    const request = { method: "GET", path: "/x", headers: {}, body: null, bodyBytes: 0 };
    const { forecast, operation } = dialectNamed("hubspot")!;
    expect(forecast(request, operation(request)).charged.units).toEqual({ records: 0 });
  });

  test("each subrequest of Salesforce's batches counts as a request", () => {
    const batch = { batchRequests: inputs };
    const { charged } = planOf("salesforce", "/services/data/v66.0/composite/batch", batch);
    expect([charged.requests, charged.units]).toEqual([3, { records: 3 }]);
  });

  test.each([
    ["shopify", "/admin/api/2026-07/graphql.json", "graphql"],
    ["shopify", "/admin/api/2026-07/products.json", "rest"],
    ["ga4", "/v1beta/properties/77:runReport", "properties/77"],
    ["ga4", "/mp/collect", null],
    ["hubspot", "/crm/v3/objects/contacts", null],
  ])("%s: limits on %s count over %s", (name, path, scope) => {
    expect(planOf(name, path, {}).operation.model).toBe(scope);
  });
});

describe("what counts in the end", () => {
  const maximum = chat({ max_tokens: 500 });

  test.each([
    ["openai", 500],
    ["groq", 40 + 30],
    ["fireworks", 40 + 30],
    ["cerebras", 130],
    ["mistral", 130],
    ["deepseek", 130],
  ])("%s: %s of 100 tokens in, 60 of them cached, and 30 out", (name, tokens) => {
    expect(planOf(name, "/chat/completions", maximum).used(USAGE).tokens).toBe(tokens);
  });

  test("azure-openai keeps what it took, whatever was used", () => {
    const { used, charged } = planOf("azure-openai", "/chat/completions", maximum);
    expect(used(USAGE)).toEqual(charged);
  });

  test.each(["openai", "azure-openai", "groq", "cerebras", "gemini", "cohere", "bedrock"])(
    "%s: a refusal counts as a request, nothing when it was never sent",
    (name) => {
      const { settle } = planOf(name, "/chat/completions", maximum);
      const refused = settle({ kind: "answered", verdict: LIMITED, usage: null });
      expect(refused).toEqual({ ...NO_DEMAND, requests: 1 });
      const unauthorized: Verdict = { ...LIMITED, class: "auth" };
      expect(settle({ kind: "answered", verdict: unauthorized, usage: null })).toEqual(refused);
      expect(settle({ kind: "never-sent" })).toEqual(NO_DEMAND);
    },
  );

  test("a stream that was cut off counts its input, and the output that was seen", () => {
    const { settle, charged } = planOf("mistral", "/chat/completions", maximum);
    const end = settle({ kind: "cut-off", usage: null, outputTokensSeen: 12 });
    expect(end).toMatchObject({ tokens: charged.inputTokens + 12, outputTokens: 12 });
  });

  test("gemini counts a failed call, too, and never its output", () => {
    const body = { contents: [{ parts: [{ text: TEXT }] }] };
    const { settle, used } = planOf("gemini", "/models/g:generateContent", body);
    expect(settle({ kind: "answered", verdict: FAILED, usage: null }).requests).toBe(1);
    expect(used(USAGE)).toMatchObject({ tokens: 100, outputTokens: 30 });
  });

  test.each([
    ["anthropic.claude-sonnet-4-5-v1:0", 40 + 5 * 30],
    ["us.anthropic.claude-opus-4-1", 40 + 5 * 30],
    ["anthropic.claude-3-7-sonnet", 40 + 5 * 30],
    ["anthropic.claude-3-5-sonnet", 40 + 30],
    ["amazon.nova-pro-v1:0", 40 + 30],
  ])("bedrock burns output of %s at its rate", (model, tokens) => {
    const path = `/model/${encodeURIComponent(model)}/converse`;
    expect(planOf("bedrock", path, { messages: [] }).used(USAGE).tokens).toBe(tokens);
  });

  test("a call that Salesforce refuses does not count, one that HubSpot refuses does", () => {
    const end: CallEnd = { kind: "answered", verdict: LIMITED, usage: null };
    expect(planOf("salesforce", "/query", null).settle(end).requests).toBe(0);
    expect(planOf("hubspot", "/crm", null).settle(end).requests).toBe(1);
  });
});

describe("usage", () => {
  const usageOf = (name: string, body: unknown) => dialectNamed(name)!.usage(body);

  test.each([
    [
      "deepseek",
      { usage: { prompt_tokens: 9, completion_tokens: 2, prompt_cache_hit_tokens: 5 } },
      [9, 2, 5],
    ],
    [
      "gemini",
      {
        usageMetadata: {
          promptTokenCount: 9,
          candidatesTokenCount: 2,
          thoughtsTokenCount: 4,
          cachedContentTokenCount: 5,
        },
      },
      [9, 6, 5],
    ],
    ["gemini", { usage: { prompt_tokens: 9, completion_tokens: 2 } }, [9, 2, 0]],
    [
      "vertex",
      { usage: { input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 2 } },
      [9, 2, 5],
    ],
    [
      "bedrock",
      {
        usage: {
          inputTokens: 3,
          cacheReadInputTokens: 5,
          cacheWriteInputTokens: 1,
          outputTokens: 2,
        },
      },
      [9, 2, 5],
    ],
    [
      "bedrock",
      { usage: { input_tokens: 4, cache_read_input_tokens: 5, output_tokens: 2 } },
      [9, 2, 5],
    ],
    [
      "cohere",
      {
        usage: { billed_units: { input_tokens: 1 }, tokens: { input_tokens: 9, output_tokens: 2 } },
      },
      [9, 2, 0],
    ],
    ["cohere", { meta: { billed_units: { input_tokens: 9, output_tokens: 2 } } }, [9, 2, 0]],
  ])("%s tells it in %j", (name, body, [inputTokens, outputTokens, cachedInputTokens]) => {
    expect(usageOf(name, body)).toEqual({ inputTokens, outputTokens, cachedInputTokens });
  });

  test.each([
    [
      "shopify",
      { extensions: { cost: { requestedQueryCost: 12, actualQueryCost: 10 } } },
      { points: 10 },
    ],
    ["shopify", { cost: { requestedQueryCost: 12, actualQueryCost: null } }, { points: 12 }],
    [
      "ga4",
      { propertyQuota: { tokensPerDay: { consumed: 11, remaining: 9 } } },
      { tokens: 11, "project-tokens": 11, "server-errors": 0 },
    ],
  ])("%s tells units of its own in %j", (name, body, units) => {
    const usage = usageOf(name, body);
    expect(usage?.units).toEqual(units);
    const end: CallEnd = { kind: "answered", verdict: OK_VERDICT, usage };
    expect(planOf(name, "/x", null).settle(end)).toEqual({ ...NO_DEMAND, requests: 1, units });
  });

  test.each(["shopify", "ga4", "hubspot", "gemini", "bedrock", "cohere"])(
    "%s may tell none",
    (name) => {
      for (const body of [null, [], {}, { cost: 1 }, { usage: [] }, { propertyQuota: {} }]) {
        expect(usageOf(name, body)).toBeNull();
      }
    },
  );
});

describe("streams", () => {
  function kindsOf(name: string, events: readonly (readonly [string, unknown])[]) {
    const reader = dialectNamed(name)!.streamReader();
    const kinds = events.map(([event, data]) => reader.read(event, JSON.stringify(data)).kind);
    return { kinds, usage: reader.usage() };
  }

  test("gemini: content, and usage that grows", () => {
    const piece = (text: string, out: number) => ({
      candidates: [{ content: { parts: [{ text }] } }],
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: out },
    });
    expect(
      kindsOf("gemini", [
        ["", piece("a", 1)],
        ["", piece("", 4)],
        ["", { candidates: [{ finishReason: "STOP" }] }],
        ["", { error: { code: 503, status: "UNAVAILABLE", message: "Overloaded." } }],
      ]),
    ).toEqual({
      kinds: ["content", "bookkeeping", "bookkeeping", "error"],
      usage: { inputTokens: 9, outputTokens: 4, cachedInputTokens: 0 },
    });
  });

  test("vertex: Claude's own events", () => {
    const { kinds, usage } = kindsOf("vertex", [
      ["message_start", { type: "message_start", message: { usage: { input_tokens: 9 } } }],
      [
        "content_block_delta",
        { type: "content_block_delta", delta: { type: "text_delta", text: "a" } },
      ],
      ["message_delta", { type: "message_delta", usage: { output_tokens: 2 } }],
      ["message_stop", { type: "message_stop" }],
    ]);
    expect(kinds).toEqual(["bookkeeping", "content", "bookkeeping", "end"]);
    expect(usage).toEqual({ inputTokens: 9, outputTokens: 2, cachedInputTokens: 0 });
  });

  test("bedrock: frames by their type", () => {
    const { kinds, usage } = kindsOf("bedrock", [
      ["messageStart", { role: "assistant" }],
      ["contentBlockDelta", { delta: { text: "a" } }],
      ["messageStop", { stopReason: "end_turn" }],
      ["metadata", { usage: { inputTokens: 9, outputTokens: 2 } }],
      ["throttlingException", { message: "Too many tokens, please wait." }],
    ]);
    expect(kinds).toEqual(["bookkeeping", "content", "end", "bookkeeping", "error"]);
    expect(usage).toEqual({ inputTokens: 9, outputTokens: 2, cachedInputTokens: 0 });
  });

  test("cohere: v2's events and v1's", () => {
    const tokens = { tokens: { input_tokens: 9, output_tokens: 2 } };
    const v2 = kindsOf("cohere", [
      ["message-start", { type: "message-start" }],
      ["content-delta", { type: "content-delta", delta: { message: { content: { text: "ab" } } } }],
      ["message-end", { type: "message-end", delta: { finish_reason: "COMPLETE", usage: tokens } }],
    ]);
    expect(v2.kinds).toEqual(["bookkeeping", "content", "end"]);
    expect(v2.usage).toEqual({ inputTokens: 9, outputTokens: 2, cachedInputTokens: 0 });
    const v1 = kindsOf("cohere", [
      ["", { event_type: "text-generation", text: "ab" }],
      ["", { event_type: "stream-end", finish_reason: "ERROR", response: { meta: tokens } }],
    ]);
    expect(v1.kinds).toEqual(["content", "error"]);
  });
});

test.each([
  ["hubspot", "/crm/v3/objects/contacts/batch/upsert", true],
  ["hubspot", "/crm/v3/objects/contacts", false],
  ["ga4", "/v1beta/properties/1:runReport", true],
  ["ga4", "/mp/collect", false],
  ["google-ads", "/v22/customers/1/googleAds:searchStream", true],
  ["google-ads", "/v22/customers/1/campaigns:mutate", false],
  ["notion", "/v1/databases/d/query", true],
  ["notion", "/v1/pages", false],
  ["stripe", "/v1/charges", false],
  ["slack", "/api/conversations.history", true],
  ["slack", "/api/chat.postMessage", false],
])("%s: POST %s may be repeated: %s", (name, path, retrySafe) => {
  expect(planOf(name, path, {}).operation.retrySafe).toBe(retrySafe);
});
