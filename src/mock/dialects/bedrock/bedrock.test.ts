import { describe, expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";
import { exceptionFrame, frame } from "./event-stream.ts";
import { bedrockFailure } from "./failures.ts";

const MESSAGES = [{ role: "user", content: [{ text: "12345678" }] }]; // 2 tokens
const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "bedrock", latency: INSTANT, limits: { tpd: 100_000 }, ...options });
}

function post(mock: MockServer, model: string, action: string, body: object): Promise<Response> {
  const headers = { "x-mock-output-tokens": "20" };
  const path = `/model/${encodeURIComponent(model)}/${action}`;
  return fetch(mock.url + path, { method: "POST", body: JSON.stringify(body), headers });
}

function converse(mock: MockServer, model = CLAUDE, more: object = {}): Promise<Response> {
  const body = { messages: MESSAGES, inferenceConfig: { maxTokens: 100 }, ...more };
  return post(mock, model, "converse", body);
}

describe("an event stream's frame", () => {
  // The example of AWS's specification of the format: no header, no payload.
  test("without content is its lengths and checksums", () => {
    const bytes = frame({}, "").toString("hex");
    expect(bytes).toBe("0000001000000000" + "05c248eb" + "7d98c8ff");
  });

  test("holds its headers as strings, then the payload", () => {
    const bytes = exceptionFrame("throttlingException", "No");
    expect(bytes.readUInt32BE(0)).toBe(bytes.length);
    const headers = bytes.subarray(12, 12 + bytes.readUInt32BE(4));
    expect([headers[0], headers.subarray(1, 16).toString()]).toEqual([15, ":exception-type"]);
    expect([headers[16], headers.readUInt16BE(17)]).toEqual([7, 19]);
    expect(bytes.subarray(12 + headers.length, -4).toString()).toBe('{"message":"No"}');
  });
});

describe("tokens", () => {
  test.each([
    [CLAUDE, 2 + 20 * 5, "output of newer Claudes counts five"],
    ["anthropic.claude-3-7-sonnet-20250219-v1:0", 2 + 20 * 5, "from 3.7 on"],
    ["anthropic.claude-3-haiku-20240307-v1:0", 2 + 20, "of older ones one"],
    ["amazon.nova-pro-v1:0", 2 + 20, "of other models one"],
  ])("of %s come to %d: %s", async (model, tpd) => {
    await using mock = await start();
    expect((await converse(mock, model)).status).toBe(200);
    expect(mock.stats().charged.tpd).toBe(tpd);
  });

  test("of input and bound are taken at once", async () => {
    await using mock = await start({ limits: { tpd: 101 } });
    const refused = await converse(mock);
    expect(refused.status).toBe(400);
    expect(refused.headers.get("x-amzn-errortype")).toContain("ServiceQuotaExceededException:");
    mock.setLimits({ tpd: 102 });
    await converse(mock);
    expect(mock.stats().refusedBy).toEqual({ tpd: 2 }); // a bucket that grew holds no more than before
  });

  test("that a broken stream did not produce are given back", async () => {
    await using mock = await start({ faults: [{ kind: "error-in-stream", afterTokens: 4 }] });
    const response = await post(mock, CLAUDE, "converse-stream", { messages: MESSAGES });
    await response.arrayBuffer();
    expect(mock.stats().charged.tpd).toBe(2 + 4 * 5);
  });

  test("from the cache do not count", async () => {
    await using mock = await start();
    const metadata = { mock_cached_tokens: 1 };
    const answer = await jsonOf(converse(mock, "other", { metadata }));
    expect(answer.usage).toMatchObject({ inputTokens: 1, cacheReadInputTokens: 1 });
    expect(mock.stats().charged.tpd).toBe(21);
  });
});

test("Claude's own form: invoke takes it without a model and answers in it", async () => {
  await using mock = await start();
  const body = {
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 9,
    messages: [{ role: "user", content: "Hi" }],
  };
  const answer = await jsonOf(post(mock, CLAUDE, "invoke", body));
  expect(answer).toMatchObject({ type: "message", model: CLAUDE, stop_reason: "max_tokens" });
});

test("streams are binary", async () => {
  await using mock = await start();
  const response = await post(mock, CLAUDE, "converse-stream", { messages: MESSAGES });
  expect(response.headers.get("content-type")).toBe("application/vnd.amazon.eventstream");
  const bytes = Buffer.from(await response.arrayBuffer());
  const types: string[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    types.push(String(/:event-type...(\w+?)\r:/s.exec(bytes.toString("latin1", at))?.[1]));
  }
  expect([types[0], types.at(-1)]).toEqual(["messageStart", "metadata"]);
});

test("a tool is called, in Converse's form", async () => {
  await using mock = await start();
  const json = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] };
  const toolConfig = { tools: [{ toolSpec: { name: "f", inputSchema: { json } } }] };
  const messages = [{ role: "user", content: [{ text: "Use the tool" }] }];
  const answer = await jsonOf(converse(mock, CLAUDE, { messages, toolConfig }));
  expect(answer).toMatchObject({
    stopReason: "tool_use",
    output: { message: { content: [{ toolUse: { name: "f", input: { a: 1 } } }] } },
  });
});

test("a model that is not ready says so, one that is missing too", async () => {
  await using mock = await start();
  const loading = await converse(mock, "model-not-ready");
  expect(loading.status).toBe(429);
  expect(loading.headers.get("x-amzn-errortype")).toContain("ModelNotReadyException");
  const missing = await converse(mock, "missing");
  expect(missing.status).toBe(404);
  expect(missing.headers.get("x-amzn-requestid")).toMatch(
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  );
});

test("a signature names its key", async () => {
  await using mock = await start({ apiKeys: ["AKIAMOCK"] });
  const signed = (key: string) => {
    const scope = `Credential=${key}/20260101/us-east-1/bedrock/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=00`;
    const path = `${mock.url}/model/m/converse`;
    const body = JSON.stringify({ messages: MESSAGES });
    return fetch(path, { method: "POST", body, headers: { authorization } });
  };
  expect([(await signed("AKIAMOCK")).status, (await signed("AKIAELSE")).status]).toEqual([
    200, 403,
  ]);
});

test.each([
  ["rpm", "Too many requests, please wait before trying again."],
  ["tpm", "Too many tokens, please wait before trying again."],
  ["tpd", "Too many tokens per day, please wait before trying again."],
] as const)("a refusal for %s: %s", (dimension, message) => {
  const refusal = { dimension, limit: 10, used: 10, requested: 1, waitMs: 5_000 };
  const reply = bedrockFailure({ kind: "rate-limited", model: "m", refusal });
  expect([reply.status, JSON.parse(reply.body)]).toEqual([429, { message }]);
  expect(reply.headers["x-amzn-errortype"]).toMatch(/^ThrottlingException:http/);
  expect(reply.headers).not.toHaveProperty("retry-after");
});
