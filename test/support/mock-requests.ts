/** One typical request to each of the mock's dialects, and where its API begins. */
import type { DialectName, MockServer } from "../../src/mock/index.ts";

export interface MockRequest {
  /** Below the server's address, where an upstream's `base_url` ends. */
  readonly base: string;
  /** Below the base. */
  readonly path: string;
  readonly body: object;
  /** The same as a stream; null: there is none. */
  readonly stream: { readonly path: string; readonly body: object } | null;
  /** What makes it too large, bad or unknown. */
  readonly unknown: { readonly path: string; readonly body: object };
}

const messages = [{ role: "user", content: "12345678" }];
const CHAT = { model: "m", max_tokens: 50, messages };
const UNKNOWN_CHAT = { ...CHAT, model: "missing" };
const CONTENTS = { contents: [{ role: "user", parts: [{ text: "12345678" }] }] };
const CONVERSE = {
  messages: [{ role: "user", content: [{ text: "12345678" }] }],
  inferenceConfig: { maxTokens: 50 },
};
const REPORT = { metrics: [{ name: "activeUsers" }], dimensions: [{ name: "city" }] };

function chatAt(base: string, path: string): MockRequest {
  const stream = { path, body: { ...CHAT, stream: true } };
  return { base, path, body: CHAT, stream, unknown: { path, body: UNKNOWN_CHAT } };
}

function azureAt(deployment: string): string {
  return `/openai/deployments/${deployment}/chat/completions?api-version=2024-10-21`;
}

function bedrockAt(model: string, action: string): string {
  return `/model/${model}/${action}`;
}

export const MOCK_REQUESTS: Readonly<Record<DialectName, MockRequest>> = {
  openai: chatAt("/v1", "/chat/completions"),
  anthropic: chatAt("", "/v1/messages"),
  "azure-openai": {
    ...chatAt("", azureAt("m")),
    unknown: { path: azureAt("missing"), body: CHAT },
  },
  gemini: {
    base: "",
    path: "/v1beta/models/m:generateContent",
    body: CONTENTS,
    stream: { path: "/v1beta/models/m:streamGenerateContent?alt=sse", body: CONTENTS },
    unknown: { path: "/v1beta/models/missing:generateContent", body: CONTENTS },
  },
  bedrock: {
    base: "",
    path: bedrockAt("m", "converse"),
    body: CONVERSE,
    stream: { path: bedrockAt("m", "converse-stream"), body: CONVERSE },
    unknown: { path: bedrockAt("missing", "converse"), body: CONVERSE },
  },
  groq: chatAt("/openai/v1", "/chat/completions"),
  openrouter: chatAt("/api/v1", "/chat/completions"),
  hubspot: {
    base: "",
    path: "/crm/v3/objects/contacts/batch/read",
    body: { inputs: [{ id: "1" }] },
    stream: null,
    unknown: { path: "/crm/v3/nothing", body: {} },
  },
  salesforce: {
    base: "",
    path: "/services/data/v60.0/sobjects/Account",
    body: { Name: "mock" },
    stream: null,
    unknown: { path: "/services/nothing", body: {} },
  },
  mailchimp: {
    base: "/3.0",
    path: "/lists/a/members",
    body: { email_address: "a@example.com", status: "subscribed" },
    stream: null,
    unknown: { path: "/nothing", body: {} },
  },
  ga4: {
    base: "",
    path: "/v1beta/properties/1:runReport",
    body: REPORT,
    stream: null,
    unknown: { path: "/v1beta/nothing", body: {} },
  },
  shopify: {
    base: "/admin/api/2025-07",
    path: "/graphql.json",
    body: { query: "{ products(first: 8) { nodes { id } } }" },
    stream: null,
    unknown: { path: "/nothing", body: {} },
  },
};

/** Sends the dialect's typical request, or one of its other forms, to a mock. */
export function askMock(
  mock: Pick<MockServer, "url">,
  dialect: DialectName,
  form: "whole" | "stream" | "unknown" = "whole",
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const request = MOCK_REQUESTS[dialect];
  const { path, body } = form === "whole" ? request : (request[form] ?? request);
  return fetch(mock.url + request.base + path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-mock-output-tokens": "20", ...headers },
    body: JSON.stringify(body),
  });
}

/** The JSON of an answer, for a test to look into. */
export async function jsonOf(answer: Response | Promise<Response>) {
  return JSON.parse(await (await answer).text());
}
