import { describe, expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";
import type { Refusal } from "../../limits/account.ts";
import { geminiFailure } from "./failures.ts";

const CONTENTS = [{ role: "user", parts: [{ text: "12345678" }] }]; // 2 tokens
const MODEL = "/v1beta/models/gemini-2.5-flash";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "gemini", latency: INSTANT, limits: { rpd: 100 }, ...options });
}

function post(mock: MockServer, path: string, body: object): Promise<Response> {
  const headers = { "x-mock-output-tokens": "16" };
  return fetch(mock.url + path, { method: "POST", body: JSON.stringify(body), headers });
}

async function generate(mock: MockServer, body: object = {}) {
  return jsonOf(post(mock, `${MODEL}:generateContent`, { contents: CONTENTS, ...body }));
}

describe("an answer", () => {
  test("has a candidate, usage, and no rate headers", async () => {
    await using mock = await start();
    const response = await post(mock, `${MODEL}:generateContent`, { contents: CONTENTS });
    expect([...response.headers.keys()].filter((name) => name.includes("rate"))).toEqual([]);
    expect(await jsonOf(response)).toMatchObject({
      candidates: [{ content: { role: "model" }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 2, candidatesTokenCount: 16, totalTokenCount: 18 },
      modelVersion: "gemini-2.5-flash",
    });
  });

  test("ends at the request's own bound, in either spelling", async () => {
    await using mock = await start();
    for (const body of [
      { generationConfig: { maxOutputTokens: 3 } },
      { generation_config: { max_output_tokens: 3 } },
    ]) {
      expect(await generate(mock, body)).toMatchObject({
        candidates: [{ finishReason: "MAX_TOKENS" }],
        usageMetadata: { candidatesTokenCount: 3 },
      });
    }
  });

  test("calls a function when asked to, and not again after its result", async () => {
    await using mock = await start();
    const parameters = {
      type: "OBJECT",
      properties: { days: { type: "INTEGER" } },
      required: ["days"],
    };
    const tools = [{ functionDeclarations: [{ name: "weather", parameters }] }];
    const contents = [{ role: "user", parts: [{ text: "Use the tool" }] }];
    const called = await generate(mock, { contents, tools });
    const [part] = called.candidates[0].content.parts;
    expect(part).toEqual({ functionCall: { name: "weather", args: { days: 1 } } });
    const result = { functionResponse: { name: "weather", response: { tool: 1 } } };
    const after = [...contents, { role: "user", parts: [result] }];
    const [text] = (await generate(mock, { contents: after, tools })).candidates[0].content.parts;
    expect(text).toHaveProperty("text");
  });
});

describe("a stream", () => {
  const path = `${MODEL}:streamGenerateContent`;

  test("is events with alt=sse, whose usage grows", async () => {
    await using mock = await start();
    const response = await post(mock, `${path}?alt=sse`, { contents: CONTENTS });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const chunks = (await response.text())
      .split("\r\n\r\n")
      .filter((event) => event !== "")
      .map((event) => JSON.parse(event.replace(/^data: /, "")));
    const counts = chunks.map(({ usageMetadata }) => usageMetadata.candidatesTokenCount);
    expect(counts).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 16]);
    expect(chunks.at(-1).candidates[0].finishReason).toBe("STOP");
  });

  test("is one array without, also when it fails", async () => {
    await using mock = await start();
    const whole = await jsonOf(post(mock, path, { contents: CONTENTS }));
    expect(whole).toHaveLength(9);
    mock.addFault({ kind: "error-in-stream", afterTokens: 4 });
    const failed = await jsonOf(post(mock, path, { contents: CONTENTS }));
    expect(failed.at(-1)).toMatchObject({ error: { code: 503, status: "UNAVAILABLE" } });
  });
});

test.each([
  [":embedContent", { content: CONTENTS[0], outputDimensionality: 4 }, "embedding"],
  [":batchEmbedContents", { requests: [{ content: CONTENTS[0] }] }, "embeddings"],
  [":countTokens", { contents: CONTENTS }, "totalTokens"],
])("%s", async (action, body, field) => {
  await using mock = await start();
  const response = await post(mock, MODEL + action, body);
  expect(Object.keys(await jsonOf(response))).toEqual([field]);
  const isFree = action === ":countTokens";
  expect(mock.stats().charged.rpd).toBe(isFree ? 0 : 1);
});

test("tokens of input count, those of output do not", async () => {
  await using mock = await start({ limits: { tpm: 1_000 } });
  await generate(mock);
  expect(mock.stats().charged).toEqual({ tpm: 2 });
});

test("a failed call counts towards the day; a refused one does not", async () => {
  await using mock = await start({ limits: { rpd: 2 } });
  mock.addFault({ kind: "status", status: 500, count: 1 });
  await generate(mock);
  await generate(mock);
  expect((await generate(mock)).error.status).toBe("RESOURCE_EXHAUSTED");
  expect(mock.stats()).toMatchObject({ charged: { rpd: 2 }, refusedBy: { rpd: 1 } });
});

test("a key is taken from the header or the query; a wrong one is an invalid argument", async () => {
  await using mock = await start({ apiKeys: ["right"] });
  const body = { contents: CONTENTS };
  expect((await post(mock, `${MODEL}:generateContent?key=right`, body)).status).toBe(200);
  const wrong = await post(mock, `${MODEL}:generateContent?key=wrong`, body);
  expect(await jsonOf(wrong)).toMatchObject({
    error: { code: 400, status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] },
  });
});

describe("refusals", () => {
  const refused = (refusal: Partial<Refusal>) => {
    const whole = { dimension: "rpm", limit: 10, used: 10, requested: 1, waitMs: 34_075 } as const;
    return JSON.parse(
      geminiFailure({ kind: "rate-limited", model: "m", refusal: { ...whole, ...refusal } }).body,
    ).error;
  };

  test("name the quota, its value, and the wait twice", () => {
    const { code, message, details } = refused({});
    expect(code).toBe(429);
    expect(message).toContain("generate_content_free_tier_requests, limit: 10, model: m");
    expect(message).toContain("Please retry in 34.075s.");
    expect(details.map((one: object) => Object.values(one)[0])).toEqual([
      "type.googleapis.com/google.rpc.QuotaFailure",
      "type.googleapis.com/google.rpc.Help",
      "type.googleapis.com/google.rpc.RetryInfo",
    ]);
    expect(details[0].violations[0]).toMatchObject({
      quotaId: "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
      quotaValue: "10",
    });
    expect(details[2].retryDelay).toBe("34.075s");
  });

  test("of the day tell a short wait beside it, as the real ones do", () => {
    const { details } = refused({ dimension: "rpd", waitMs: 7_210_000 });
    expect(details[0].violations[0].quotaId).toContain("PerDay");
    expect(details[2].retryDelay).toBe("10s");
  });

  test("of what never fits tell no wait", () => {
    const { details } = refused({ dimension: "tpm", requested: 99, waitMs: null });
    expect(details).toHaveLength(2);
    expect(details[0].violations[0].quotaId).toContain("InputTokensPerModelPerMinute");
  });
});
