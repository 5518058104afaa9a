/** More than a mock dialect grants, sent through a gateway for a short time, and what came of it. */
import {
  type DialectName,
  type MockOptions,
  type MockServer,
  type MockStats,
  startMock,
} from "../../src/mock/index.ts";
import { startTestGateway } from "./gateway.ts";
import { MOCK_REQUESTS, type MockRequest } from "./mock-requests.ts";

/** How one provider is overloaded. */
export interface MockLoad {
  readonly mock: Partial<MockOptions>;
  /** Of the upstream in Sluice's configuration; null: they are learned. */
  readonly limits: readonly object[] | null;
  /** Clients, about three for each that the provider grants in the time. */
  readonly clients: number;
}

export interface MockOutcome {
  readonly stats: MockStats;
  /** How many clients ended in each way: `ok`, a code of Sluice's, or what else came. */
  readonly ends: Readonly<Record<string, number>>;
}

const SENDING_MS = 1_500;
const MAX_WAIT_MS = 1_000;
/** Quick, but long enough for calls to overlap. */
const LATENCY = { firstTokenMs: 20, firstTokenJitter: 0, tokensPerSecond: 0 };

/** Every third client asks for a stream, where there are any. */
export async function overload(dialect: DialectName, load: MockLoad): Promise<MockOutcome> {
  await using mock = await startMock({ dialect, latency: LATENCY, ...load.mock });
  await using gateway = await startGatewayBefore(mock, dialect, load.limits);
  const ends: Record<string, number> = {};
  const clients = Array.from({ length: load.clients }, async (_, i) => {
    await new Promise((resolve) => setTimeout(resolve, (i * SENDING_MS) / load.clients));
    const end = await endOf(gateway.url, MOCK_REQUESTS[dialect], i % 3 === 2);
    ends[end] = (ends[end] ?? 0) + 1;
  });
  await Promise.all(clients);
  return { stats: mock.stats(), ends };
}

/** The upstream is called `it`. */
export function startGatewayBefore(
  mock: Pick<MockServer, "url">,
  dialect: DialectName,
  limits: readonly object[] | null,
  upstream: object = { api_key: "k" },
) {
  const base_url = mock.url + MOCK_REQUESTS[dialect].base;
  const it = { dialect, base_url, ...upstream, ...(limits && { limits }) };
  return startTestGateway({ policy: { holdback: 0 }, upstreams: { it } });
}

async function endOf(url: string, request: MockRequest, wantsStream: boolean): Promise<string> {
  const { path, body } = (wantsStream ? request.stream : null) ?? request;
  const headers = {
    "content-type": "application/json",
    "x-mock-output-tokens": "20",
    "x-sluice-max-wait-ms": String(MAX_WAIT_MS),
  };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${url}/it${path}`, init);
  const text = await answer.text();
  if (answer.ok) return text.includes("THROTTLED") ? "throttled" : "ok";
  return codeIn(text) ?? `${answer.status} ${text.slice(0, 80)}`;
}

/** Sluice's own refusals have a code and details. */
function codeIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text);
    return error.details === undefined ? null : error.code;
  } catch {
    return null;
  }
}
