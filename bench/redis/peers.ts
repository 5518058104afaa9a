/** Peers: what others do through the same Redis; none of them orders by fairness or checks six limits. */
import Bottleneck from "bottleneck";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";

const IN_FLIGHT = 256;

/** EVALSHA of a script that does nothing, one after the other and in a pipeline: what no script can beat. */
export async function emptyScripts(url: string, count: number) {
  const redis = new Redis(url);
  const sha = String(await redis.script("LOAD", "return 1"));
  let started = performance.now();
  for (let i = 0; i < count / 10; i++) await redis.evalsha(sha, 1, "{bench}");
  const serial = (count / 10 / (performance.now() - started)) * 1_000;
  started = performance.now();
  await Promise.all(Array.from({ length: count }, () => redis.evalsha(sha, 1, "{bench}")));
  const pipelined = (count / (performance.now() - started)) * 1_000;
  redis.disconnect();
  return { serial, pipelined };
}

/** One limiter bounds a rate and what runs at once; further limits are further limiters in a chain. */
export async function bottleneckJobs(port: number, count: number, limits: number): Promise<number> {
  const limiters = Array.from({ length: limits }, (_, i) => limiterOf(port, `bench-${i}`));
  limiters.forEach((limiter, i) => {
    limiter.chain(limiters[i + 1]);
  });
  await Promise.all(limiters.map((limiter) => limiter.ready()));
  const started = performance.now();
  const job = async () => {};
  await Promise.all(
    Array.from({ length: count }, (_, i) => limiters[0].schedule({ priority: i % 3 }, job)),
  );
  const perSecond = (count / (performance.now() - started)) * 1_000;
  await Promise.all(limiters.map((limiter) => limiter.disconnect()));
  return perSecond;
}

function limiterOf(port: number, id: string): Bottleneck {
  return new Bottleneck({
    ...{ id, datastore: "ioredis", clearDatastore: true, Redis },
    clientOptions: { host: "127.0.0.1", port },
    maxConcurrent: 10_000,
    reservoir: 10_000_000,
  });
}

export async function rateLimiterCalls(url: string, count: number): Promise<number> {
  const storeClient = new Redis(url);
  const limiter = new RateLimiterRedis({ storeClient, points: 1e9, duration: 60 });
  let left = count;
  const started = performance.now();
  const worker = async () => {
    while (left-- > 0) await limiter.consume(`tenant-${left % 1_000}`);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const perSecond = (count / (performance.now() - started)) * 1_000;
  storeClient.disconnect();
  return perSecond;
}

export async function bullmqJobs(port: number, count: number): Promise<number> {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue("bench", { connection });
  const jobs = Array.from({ length: count }, (_, i) => ({
    ...{ name: "job", data: {} },
    opts: { priority: 1 + (i % 3), removeOnComplete: true },
  }));
  await queue.addBulk(jobs);
  let done = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = performance.now();
  const worker = new Worker("bench", async () => {}, { connection, concurrency: 32 });
  worker.on("completed", () => {
    if (++done === count) resolve();
  });
  await promise;
  const perSecond = (count / (performance.now() - started)) * 1_000;
  await worker.close(true);
  await queue.close();
  return perSecond;
}
