/** A mock and a gateway before it, for an SDK to be tried on both. */
import { afterAll, beforeAll } from "vitest";
import { type DialectName, INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import type { TestGateway } from "./gateway.ts";
import { startGatewayBefore } from "./mock-load.ts";
import { MOCK_REQUESTS } from "./mock-requests.ts";

export const KEY = "key";
export const TEXT = "Hello, you there";
const PLENTY = [{ rpm: 60_000 }];

export interface Pair {
  readonly mock: MockServer;
  /** The API's root, of the mock itself and of the gateway before it. */
  readonly roots: Readonly<Record<Way, string>>;
}
export type Way = "directly" | "through the gateway";
export const WAYS: readonly Way[] = ["directly", "through the gateway"];

/** A mock without limits, and a gateway that passes on what is below its own name. */
export function pairOf(dialect: DialectName, base = MOCK_REQUESTS[dialect].base): Pair {
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

export async function all<T>(stream: AsyncIterable<T> | undefined): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream ?? []) events.push(event);
  return events;
}

/** The error of a call that must fail. */
export async function errorOf(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => new Error("it did not fail"),
    (error: Error) => error,
  );
}
