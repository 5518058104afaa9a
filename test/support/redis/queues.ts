/** Shared queues for tests: instances of one account on a real Redis, with limits that read like a limits page. */
import { demandOf } from "../../../src/core/demand.ts";
import { NO_PACE } from "../../../src/core/meter/pace.ts";
import { createSystemClock } from "../../../src/runtime/system-clock.ts";
import type { SharedPath, SharedRequest } from "../../../src/stores/redis/client/entry.ts";
import { SharedQueue } from "../../../src/stores/redis/client/shared-queue.ts";
import { connect } from "../../../src/stores/redis/connection.ts";
import type { MeterSpec } from "../../../src/stores/store.ts";

export const KEY = "{sluice:test}";

export const OPTIONS = {
  bands: ["real-time", "near-real-time", "batch"].map((latency) => ({ tier: "any", latency })),
  guarantees: [],
  holdback: 0,
  margin: 0,
  maxWaiting: 100_000,
  grantsPerPump: 64,
  maxAccounts: 20_000,
  learningMicros: 0,
  layout: "test",
};

export function meter(dimension: MeterSpec["dimension"], amount: number, perMs = 1_000): MeterSpec {
  const isSlots = dimension === "concurrency";
  return {
    key: dimension,
    kind: isSlots ? "slots" : "bucket",
    dimension,
    selector: "account",
    capacity: amount * 1_000_000,
    per: isSlots ? 0 : perMs * 1_000,
    pace: NO_PACE,
    ends: [],
  };
}

export function pathOf(...meters: readonly MeterSpec[]): SharedPath {
  return { key: meters.map(({ key }) => key).join("+"), meters };
}

const clock = createSystemClock();
let names = 0;

export interface QueueOptions {
  readonly learningMs?: number;
  readonly name?: string;
  readonly onFenced?: (isFenced: boolean) => void;
}

export function openQueue(url: string, options: QueueOptions = {}): SharedQueue & Disposable {
  const connection = connect(url);
  const queue = new SharedQueue({
    connection,
    key: KEY,
    options: { ...OPTIONS, learningMicros: (options.learningMs ?? 0) * 1_000 },
    clock,
    name: options.name ?? `test-${names++}`,
    initialShare: 1,
    maxWaiting: 100_000,
    onFenced: options.onFenced ?? (() => {}),
  });
  return Object.assign(queue, {
    [Symbol.dispose]() {
      queue.close();
      connection.close();
    },
  });
}

export function request(path: SharedPath, parts: Partial<SharedRequest> = {}): SharedRequest {
  return {
    ...{ tenant: "acme", weight: 1, band: 0, path, demand: demandOf({ requests: 1 }) },
    expiresAt: clock.now() + 30_000_000,
    deadline: null,
    isChainStep: false,
    ...parts,
  };
}

export function inMs(ms: number): number {
  return clock.now() + ms * 1_000;
}
