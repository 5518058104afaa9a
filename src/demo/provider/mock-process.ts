/** Mock process: the provider of a run, alone in its process. */
import { type MockServer, type MockStats, startMock } from "../../mock/index.ts";
import type { ProviderLimits } from "../../workload/load.ts";
import { obey } from "./child.ts";

export interface MockOrder {
  readonly limits: ProviderLimits;
  readonly seed: number;
}

/** Answers that are quick, so that few run at the same time and the machine measures waits, not itself. */
const LATENCY = { firstTokenMs: 100, firstTokenJitter: 0.35, tokensPerSecond: 500 };

let mock: MockServer;

const orders = {
  async start({ limits, seed }: MockOrder): Promise<string> {
    mock = await startMock({
      dialect: "openai",
      limits,
      startEmpty: true,
      latency: LATENCY,
      seed,
    });
    return mock.url;
  },
  stats: (_nothing: null): MockStats => mock.stats(),
};

export type MockOrders = typeof orders;

obey(orders);
