/** Mock verdicts: Sluice's dialects judge what the mock's dialects answer; neither shares code with the other. */
import { describe, expect, test } from "vitest";
import type { Verdict, VerdictClass } from "../../src/core/verdict/verdict.ts";
import { dialectNamed } from "../../src/dialects/registry.ts";
import {
  DIALECT_NAMES,
  type DialectName,
  type Dimension,
  INSTANT,
  type MockOptions,
  startMock,
} from "../../src/mock/index.ts";
import { askMock, MOCK_REQUESTS } from "../support/mock-requests.ts";

async function verdictOn(dialect: DialectName, answering: Promise<Response>): Promise<Verdict> {
  const answer = await answering;
  const headers = Object.fromEntries(answer.headers);
  const body = await answer.text();
  const judge = dialectNamed(dialect);
  if (judge === null) throw new Error(`Sluice knows no ${dialect}`);
  return judge.verdict({ status: answer.status, headers, body, receivedAtMs: Date.now() });
}

/** Nothing is limited, but by what a test gives. */
function start(dialect: DialectName, options: Partial<MockOptions> = {}) {
  return startMock({ dialect, latency: INSTANT, limits: {}, models: {}, ...options });
}

/** What a failure means at every provider, and where one of them says it in another way. */
const FAULTS: readonly (readonly [
  fault: string,
  meaning: VerdictClass,
  elsewhere?: Readonly<Partial<Record<DialectName, VerdictClass>>>,
])[] = [
  ["overload", "overload"],
  // An account that AWS does not let in; and Mailchimp and Salesforce keep 403 for limits.
  ["billing", "billing", { bedrock: "auth" }],
  ["status:400", "invalid_request"],
  ["status:401", "auth"],
  ["status:403", "auth", { mailchimp: "quota", salesforce: "quota" }],
  ["status:404", "not_found"],
  ["status:429", "quota"],
  ["status:500", "transient"],
  ["status:502", "transient"],
  ["status:503", "overload"],
  ["status:504", "timeout", { bedrock: "transient" }],
  ["error-in-stream:0", "transient"],
];
const RETRYABLE: readonly VerdictClass[] = ["overload", "quota", "transient", "timeout"];

describe.each(DIALECT_NAMES)("%s", (dialect) => {
  test("an answer is no failure", async () => {
    await using mock = await start(dialect);
    expect((await verdictOn(dialect, askMock(mock, dialect))).class).toBe("ok");
  });

  test("each fault means what it is", async () => {
    await using mock = await start(dialect);
    for (const [fault, usual, elsewhere = {}] of FAULTS) {
      const asked = askMock(mock, dialect, "whole", { "x-mock-fault": fault });
      const verdict = await verdictOn(dialect, asked);
      const meaning = elsewhere[dialect] ?? usual;
      const told = { fault, class: verdict.class, retryable: verdict.retryable };
      expect(told).toEqual({ fault, class: meaning, retryable: RETRYABLE.includes(meaning) });
    }
  });

  test("what is not there and who is not known are told apart", async () => {
    await using mock = await start(dialect, { apiKeys: ["right"] });
    const stranger = askMock(mock, dialect, "whole", { authorization: "Bearer wrong" });
    expect((await verdictOn(dialect, stranger)).class).toBe("auth");
    await using open = await start(dialect);
    expect((await verdictOn(dialect, askMock(open, dialect, "unknown"))).class).toBe("not_found");
  });
});

// Bedrock's frames are binary; its SDK reads them in bedrock-sdk.test.ts.
const STREAMING = DIALECT_NAMES.filter((name) => name !== "bedrock" && MOCK_REQUESTS[name].stream);

test.each(STREAMING)("%s: an error in a stream can be tried again", async (dialect) => {
  await using mock = await start(dialect);
  const asked = askMock(mock, dialect, "stream", { "x-mock-fault": "error-in-stream:2" });
  const verdict = await verdictOn(dialect, asked);
  expect(["transient", "overload"]).toContain(verdict.class);
  expect(verdict.retryable).toBe(true);
});

type Told = "waits" | "waits-not";

/** An exhausted limit: the dimension that Sluice reads, and whether the provider tells a wait. */
const LIMITS: readonly (readonly [
  dialect: DialectName,
  limit: Dimension,
  dimension: Verdict["dimension"],
  wait: Told,
])[] = [
  ["openai", "rpm", "requests", "waits"],
  ["openai", "tpd", "tokens_per_day", "waits"],
  ["anthropic", "rpm", "requests", "waits"],
  ["anthropic", "itpm", "input_tokens", "waits"],
  ["azure-openai", "max_parallel_requests", "concurrency", "waits-not"],
  ["gemini", "rpm", "requests", "waits"],
  ["gemini", "tpm", "input_tokens", "waits"],
  // The wait beside a daily limit is that of the minute: not to be believed.
  ["gemini", "rpd", "requests_per_day", "waits-not"],
  ["bedrock", "rpm", "requests", "waits-not"],
  ["bedrock", "tpm", "tokens", "waits-not"],
  ["bedrock", "tpd", "tokens_per_day", "waits-not"],
  ["bedrock", "max_parallel_requests", "concurrency", "waits-not"],
  ["groq", "rpm", "requests", "waits"],
  ["groq", "rpd", "requests_per_day", "waits"],
  ["groq", "tpm", "tokens", "waits"],
  ["groq", "tpd", "tokens_per_day", "waits"],
  ["openrouter", "rpm", "requests", "waits"],
  ["openrouter", "rpd", "requests_per_day", "waits"],
  ["hubspot", "rp10s", "requests", "waits-not"],
  ["hubspot", "rpd", "requests_per_day", "waits-not"],
  ["salesforce", "rpd", "requests_per_day", "waits-not"],
  ["mailchimp", "max_parallel_requests", "concurrency", "waits-not"],
  ["ga4", "tpd", "tokens_per_day", "waits-not"],
  ["ga4", "tph", "tokens", "waits-not"],
  ["ga4", "project_tph", "tokens", "waits-not"],
  ["ga4", "max_parallel_requests", "concurrency", "waits-not"],
  ["shopify", "points", "requests", "waits"],
];

/** Little more than the typical request takes, so that it does not come back while a test runs. */
const TOKENS: Readonly<Partial<Record<DialectName, number>>> = {
  openai: 50,
  anthropic: 2,
  gemini: 2,
  bedrock: 52,
  groq: 52,
  ga4: 3,
  shopify: 20,
};

describe("an exhausted limit", () => {
  test.each(LIMITS)("%s: %s is read as %s, and %s", async (dialect, limit, dimension, wait) => {
    const amount = /^(?:rp|max)/.test(limit) ? 1 : TOKENS[dialect];
    await using mock = await start(dialect, { limits: { [limit]: amount }, startEmpty: true });
    const holding = limit === "max_parallel_requests" ? hold(mock, dialect) : null;
    if (holding) await expect.poll(() => mock.levels()[limit]).toBe(0);
    const verdict = await verdictOn(dialect, askMock(mock, dialect));
    expect(verdict).toMatchObject({ class: "quota", dimension, retryable: true });
    expect(verdict.retryAfterMs === null ? "waits-not" : "waits").toBe(wait);
    expect(mock.stats()).toMatchObject({ ok: 0, refused429: 1, refusedBy: { [limit]: 1 } });
    await mock.close();
    await holding;
  });

  // Its windows turn by the clock: one may begin between two requests.
  test.each([
    ["rpm", 1, "requests"],
    ["tpm", 60, "tokens"],
  ] as const)("azure-openai: %s is read, and waited for", async (limit, amount, dimension) => {
    await using mock = await start("azure-openai", { limits: { [limit]: amount } });
    let verdict = await verdictOn("azure-openai", askMock(mock, "azure-openai"));
    for (let i = 0; i < 3 && verdict.class === "ok"; i++) {
      verdict = await verdictOn("azure-openai", askMock(mock, "azure-openai"));
    }
    expect(verdict).toMatchObject({ class: "quota", dimension, retryable: true });
    expect(verdict.retryAfterMs).toBeGreaterThan(0);
    expect(verdict.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  test("Shopify's REST, and HubSpot's searches, have limits of their own", async () => {
    await using shop = await start("shopify", { limits: { rest_calls: 20 }, startEmpty: true });
    const rest = fetch(`${shop.url}/admin/api/2025-07/products.json`);
    expect(await verdictOn("shopify", rest)).toMatchObject({ class: "quota", retryAfterMs: 1_000 });
    const models = { search: { rps: 1 } };
    await using hub = await start("hubspot", { models, startEmpty: true });
    const path = "/crm/v3/objects/contacts/search";
    const search = fetch(hub.url + path, { method: "POST", body: "{}" });
    expect(await verdictOn("hubspot", search)).toMatchObject({
      class: "quota",
      dimension: "requests",
    });
  });

  test.each([
    ["groq", "tpm", 413],
    ["bedrock", "tpm", 400],
    ["openai", "tpm", 429],
  ] as const)("%s: what is larger than %s never passes (%d)", async (dialect, limit, status) => {
    await using mock = await start(dialect, { limits: { [limit]: 40 } });
    const answer = await askMock(mock, dialect);
    expect(answer.status).toBe(status);
    const verdict = await verdictOn(dialect, Promise.resolve(answer));
    expect(verdict).toMatchObject({ class: "quota", retryable: false, retryAfterMs: null });
  });
});

test("Azure tells what can never fit to come again in a day", async () => {
  await using mock = await start("azure-openai", { limits: { tpm: 40 } });
  const verdict = await verdictOn("azure-openai", askMock(mock, "azure-openai"));
  expect(verdict).toMatchObject({ class: "quota", dimension: "tokens", retryAfterMs: 86_400_000 });
});

/** A request that takes a slot and does not end. */
function hold(mock: { readonly url: string }, dialect: DialectName): Promise<unknown> {
  return askMock(mock, dialect, "whole", { "x-mock-fault": "hang" }).catch(() => null);
}
