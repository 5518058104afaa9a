/** Redis benchmark: ordered grants over six meters through one Redis, with peers in the same run. */
import { Redis } from "ioredis";
import { RedisServer } from "../../test/support/redis/redis-server.ts";
import { type Figure, median } from "../figure.ts";
import { acquireSettle, admissionLatency } from "./latency.ts";
import { LoadedStore } from "./loaded-store.ts";
import { bottleneckJobs, bullmqJobs, emptyScripts, rateLimiterCalls } from "./peers.ts";

const ROUNDS = 3;
const GRANTS = 6_400;
const TENANTS = 10_000;
const MANY = Number(process.env["WAITERS"] ?? 1_000_000);

export async function benchRedis(): Promise<readonly Figure[]> {
  const server = await RedisServer.start();
  try {
    return await measured(server);
  } finally {
    await server.stop();
  }
}

async function measured(server: RedisServer): Promise<readonly Figure[]> {
  const { url, port } = server;
  const few = await LoadedStore.load(url, { waiting: 1_000, tenants: 1_000 });
  const before = await usedMemory(url);
  const many = await LoadedStore.load(url, { waiting: MANY, tenants: TENANTS });
  const bytes = ((await usedMemory(url)) - before) / MANY;
  const round = async () => {
    await few.add(GRANTS);
    const cpuBefore = await usedCpu(url);
    const drained = await many.drain(GRANTS);
    const cpu = (await usedCpu(url)) - cpuBefore;
    return {
      cpuPerGrant: cpu / GRANTS,
      few: await few.drain(GRANTS),
      many: drained,
      roundsFew: await few.rounds(GRANTS),
      roundsMany: await many.rounds(GRANTS),
      enqueues: await many.add(GRANTS),
      acquireSettle: await acquireSettle(url, GRANTS, 256),
      latency: await admissionLatency(url, 1_000),
      empty: await emptyScripts(url, 20_000),
      bottleneck: await bottleneckJobs(port, 4_000, 1),
      bottleneckOfSix: await bottleneckJobs(port, 2_000, 6),
      limiter: await rateLimiterCalls(url, 20_000),
      bullmq: await bullmqJobs(port, 4_000),
    };
  };
  const rounds: Awaited<ReturnType<typeof round>>[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round());
  few.close();
  many.close();
  const of = (pick: (round: (typeof rounds)[number]) => number) => median(rounds.map(pick));
  const grants = of((round) => round.many);
  return [
    own("redis.ordered_grants", grants, "grants/s"),
    own(
      "redis.ordered_grants_1k",
      of((round) => round.few),
      "grants/s",
    ),
    // Of Redis's one thread: what it could do if nothing else ran on its core.
    own(
      "redis.cpu_us_per_grant",
      of(({ cpuPerGrant }) => cpuPerGrant),
      "us",
    ),
    own(
      "redis.slowdown_1m",
      of((round) => round.few / round.many),
      "ratio",
    ),
    own(
      "redis.enqueue",
      of((round) => round.enqueues),
      "requests/s",
    ),
    own(
      "redis.enqueue_grant_settle",
      of((round) => round.roundsMany),
      "rounds/s",
    ),
    own(
      "redis.enqueue_grant_settle_1k",
      of((round) => round.roundsFew),
      "rounds/s",
    ),
    own(
      "redis.acquire_settle",
      of((round) => round.acquireSettle),
      "rounds/s",
    ),
    own(
      "redis.admission_p50_ms",
      of(({ latency }) => latency.p50),
      "ms",
    ),
    own(
      "redis.admission_p99_ms",
      of(({ latency }) => latency.p99),
      "ms",
    ),
    peer(
      "redis.ping_p50_ms",
      of(({ latency }) => latency.pingP50),
      "ms",
    ),
    peer(
      "redis.ping_p99_ms",
      of(({ latency }) => latency.pingP99),
      "ms",
    ),
    own("redis.bytes_per_waiter", bytes, "bytes"),
    peer(
      "redis.empty_evalsha",
      of(({ empty }) => empty.serial),
      "calls/s",
    ),
    peer(
      "redis.empty_evalsha_pipelined",
      of(({ empty }) => empty.pipelined),
      "calls/s",
    ),
    peer(
      "bottleneck.redis_jobs",
      of((round) => round.bottleneck),
      "jobs/s",
    ),
    own(
      "redis.ratio_to_bottleneck",
      of((round) => round.many / round.bottleneck),
      "ratio",
    ),
    peer(
      "bottleneck.redis_jobs_six_limits",
      of((round) => round.bottleneckOfSix),
      "jobs/s",
    ),
    own(
      "redis.ratio_to_bottleneck_six_limits",
      of((round) => round.many / round.bottleneckOfSix),
      "ratio",
    ),
    peer(
      "rate-limiter-flexible.redis_one_limit",
      of((round) => round.limiter),
      "calls/s",
    ),
    peer(
      "bullmq.prioritized_jobs",
      of((round) => round.bullmq),
      "jobs/s",
    ),
    own(
      "redis.ratio_to_bullmq",
      of((round) => round.many / round.bullmq),
      "ratio",
    ),
  ];
}

/** Microseconds of processor time. */
async function usedCpu(url: string): Promise<number> {
  const redis = new Redis(url);
  const info = await redis.info("cpu");
  redis.disconnect();
  const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
  return (seconds("used_cpu_user") + seconds("used_cpu_sys")) * 1_000_000;
}

async function usedMemory(url: string): Promise<number> {
  const redis = new Redis(url);
  const info = await redis.info("memory");
  redis.disconnect();
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}

function own(name: string, value: number, unit: string): Figure {
  return { name, value, unit, peer: false };
}

function peer(name: string, value: number, unit: string): Figure {
  return { name, value, unit, peer: true };
}
