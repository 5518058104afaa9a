/** Core benchmark: the scheduler alone, and acquire + release through promises beside its peers. */
import { type Figure, median } from "../figure.ts";
import {
  bottleneckCalls,
  limiterCalls,
  pQueueCalls,
  rateLimiterFlexibleCalls,
  sluiceCalls,
} from "./api-figures.ts";
import { LoadedScheduler } from "./core-figures.ts";

const ROUNDS = 5;
const PAIRS = 300_000;
const CALLS = 100_000;
/** It does some hundreds a second. */
const BOTTLENECK_CALLS = 1_000;

export async function benchCore(): Promise<readonly Figure[]> {
  // In this order: a million tickets that were waiting are freed when the collector likes.
  const memory = memoryFigure();
  globalThis.gc?.();
  const api = await apiFigures();
  return [...coreFigures(), memory, ...api];
}

function coreFigures(): readonly Figure[] {
  const few = new LoadedScheduler({ waiting: 1_000, tenants: 1_000 });
  const many = new LoadedScheduler({ waiting: 1_000_000, tenants: 10_000 });
  for (const world of [few, many]) world.speed(PAIRS);
  const rounds = Array.from({ length: ROUNDS }, () => ({
    few: few.speed(PAIRS),
    many: many.speed(PAIRS),
  }));
  return [
    own("core.enqueue_grant", median(rounds.map(({ few }) => few.pairs)), "pairs/s"),
    own("core.enqueue_grant_1m", median(rounds.map(({ many }) => many.pairs)), "pairs/s"),
    own(
      "core.slowdown_1m",
      median(rounds.map(({ few: quick, many: slow }) => quick.pairs / slow.pairs)),
      "ratio",
    ),
    own("core.enqueue_grant_settle", median(rounds.map(({ few }) => few.rounds)), "rounds/s"),
  ];
}

function memoryFigure(): Figure {
  const count = 1_000_000;
  const before = used();
  const world = new LoadedScheduler({ waiting: count, tenants: 10_000 });
  const figure = own("core.bytes_per_waiter", (used() - before) / count, "bytes");
  world.speed(1); // keeps it alive until here
  return figure;
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function apiFigures(): Promise<readonly Figure[]> {
  const calls = {
    "api.acquire_release": () => sluiceCalls(CALLS),
    limiter: () => limiterCalls(CALLS),
    "rate-limiter-flexible": () => rateLimiterFlexibleCalls(CALLS),
    "p-queue": () => pQueueCalls(CALLS),
    bottleneck: () => bottleneckCalls(BOTTLENECK_CALLS),
  };
  const rounds: Record<string, number[]> = {};
  // Once unmeasured: what is compiled only now is nobody's speed.
  for (const call of Object.values(calls)) await call();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, call] of Object.entries(calls)) {
      rounds[name] ??= [];
      rounds[name].push(await call());
    }
  }
  const ours = median(rounds["api.acquire_release"]);
  return Object.entries(rounds).flatMap(([name, values]) => {
    if (name === "api.acquire_release") return [own(name, ours, "calls/s")];
    const theirs = median(values);
    return [
      { name: `${name}.acquire_release`, value: theirs, unit: "calls/s", peer: true },
      own(`api.ratio_to_${name}`, ours / theirs, "ratio"),
    ];
  });
}

function own(name: string, value: number, unit: string): Figure {
  return { name, value, unit, peer: false };
}
