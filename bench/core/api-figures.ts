/** API figures: acquire and release through promises, ours and the peers', with limits that never bind. */
import Bottleneck from "bottleneck";
import { RateLimiter } from "limiter";
import PQueue from "p-queue";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { createSluice } from "../../src/index.ts";

/** Calls under way at the same time. */
const IN_FLIGHT = 1_000;
const AMPLE = 1_000_000_000;

/** Runs `once` this often, IN_FLIGHT at a time; calls per second. */
async function perSecond(count: number, once: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let left = count;
  const worker = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, worker));
  return (count / (performance.now() - started)) * 1_000;
}

export async function sluiceCalls(count: number): Promise<number> {
  const sluice = await createSluice({
    config: {
      policy: { queue: { max_waiting: 1_000_000 } },
      upstreams: {
        api: {
          dialect: "generic",
          base_url: "http://127.0.0.1:9",
          limits: [{ rpm: AMPLE, tpm: AMPLE, max_parallel_requests: 1_000_000 }],
        },
      },
    },
  });
  const demand = { requests: 1, inputTokens: 10 };
  const figure = await perSecond(count, async () => {
    const slot = await sluice.acquire({ upstream: "api", demand });
    slot.release();
  });
  await sluice.close();
  return figure;
}

export async function bottleneckCalls(count: number): Promise<number> {
  const limiter = new Bottleneck({ maxConcurrent: 10_000, reservoir: AMPLE });
  const figure = await perSecond(count, () => limiter.schedule(async () => undefined));
  await limiter.disconnect();
  return figure;
}

export function pQueueCalls(count: number): Promise<number> {
  const queue = new PQueue({ concurrency: 10_000 });
  let next = 0;
  return perSecond(count, () => queue.add(async () => undefined, { priority: next++ % 3 }));
}

export function limiterCalls(count: number): Promise<number> {
  const limiter = new RateLimiter({ tokensPerInterval: AMPLE, interval: "minute" });
  return perSecond(count, () => limiter.removeTokens(1));
}

export function rateLimiterFlexibleCalls(count: number): Promise<number> {
  const limiter = new RateLimiterMemory({ points: AMPLE, duration: 60 });
  return perSecond(count, () => limiter.consume("account", 1));
}
