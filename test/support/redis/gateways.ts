/** Gateways for tests that share one account by a Redis, and requests to them. */
import { type MockOptions, startMock } from "../../../src/mock/index.ts";
import { EXACT, type TestGateway } from "../gateway.ts";

export const LATENCY = { firstTokenMs: 30, firstTokenJitter: 0, tokensPerSecond: 0 };

export function mockOf(options: Partial<MockOptions> = {}) {
  return startMock({ dialect: "openai", latency: LATENCY, ...options });
}

export interface Parts {
  readonly limits?: readonly object[];
  readonly store?: object;
  readonly policy?: object;
  readonly tenants?: object;
  readonly retry?: object;
}

export function configOf(
  redis: string,
  base: string,
  { limits, store, policy, tenants, retry }: Parts,
) {
  return {
    server: { trust_headers: true },
    store: { kind: "redis", url: redis, ...store },
    policy: { ...EXACT, ...policy },
    ...(tenants && { tenants }),
    ...(retry && { retry }),
    upstreams: { openai: { dialect: "openai", base_url: `${base}/v1`, api_key: "k", limits } },
  };
}

export function ask(
  { url }: TestGateway,
  headers: Readonly<Record<string, string>> = {},
  body: object = {},
): Promise<Response> {
  return fetch(`${url}/openai/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({
      model: "gpt-5",
      max_completion_tokens: 20,
      messages: [{ role: "user", content: "hello" }],
      ...body,
    }),
  });
}

export const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

export async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}
