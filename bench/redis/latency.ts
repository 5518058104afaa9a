/** Latency: what an admission costs when nothing stands in its way, beside an empty command on the same connection. */
import { Redis } from "ioredis";
import { createSystemClock } from "../../src/runtime/system-clock.ts";
import { acquire } from "../../src/stores/redis/client/acquire.ts";
import { SharedQueue } from "../../src/stores/redis/client/shared-queue.ts";
import { connect } from "../../src/stores/redis/connection.ts";
import { quantile } from "../figure.ts";
import { demandNumber, OPTIONS, SIX_METERS } from "./loaded-store.ts";

const clock = createSystemClock();
const PATH = { key: "all", meters: SIX_METERS };
const never = new AbortController().signal;
let names = 0;

function openQueue(url: string) {
  const connection = connect(url);
  const queue = new SharedQueue({
    ...{ connection, clock, options: OPTIONS, initialShare: 1, maxWaiting: 1_000_000 },
    key: `{bench:queue-${names}}`,
    name: `bench-${names++}`,
    onFenced: () => {},
  });
  const close = () => {
    queue.close();
    connection.close();
  };
  return { queue, close };
}

async function admit(queue: SharedQueue, i: number) {
  const fixed = { weight: 1, path: PATH, deadline: null, isChainStep: false };
  const expiresAt = clock.now() + 60_000_000;
  const place = { tenant: `tenant-${i % 1_000}`, band: i % 3, demand: demandNumber(i), expiresAt };
  return acquire(queue, { ...fixed, ...place }, never);
}

/** Milliseconds: quantiles of admissions one by one, and of as many PINGs between them. */
export async function admissionLatency(url: string, count: number) {
  const { queue, close } = openQueue(url);
  const redis = new Redis(url);
  const pings: number[] = [];
  const admissions: number[] = [];
  for (let i = 0; i < count + 200; i++) {
    const beforePing = performance.now();
    await redis.ping();
    const before = performance.now();
    const entry = await admit(queue, i);
    const after = performance.now();
    queue.settle(entry, demandNumber(i));
    if (i < 200) continue; // what is compiled only now
    pings.push(before - beforePing);
    admissions.push(after - before);
  }
  redis.disconnect();
  close();
  return {
    pingP50: quantile(pings, 0.5),
    pingP99: quantile(pings, 0.99),
    p50: quantile(admissions, 0.5),
    p99: quantile(admissions, 0.99),
  };
}

/** Requests that are acquired and settled a second, so many under way at the same time. */
export async function acquireSettle(url: string, count: number, inFlight: number): Promise<number> {
  const { queue, close } = openQueue(url);
  let left = count;
  const started = performance.now();
  const worker = async () => {
    while (left-- > 0) queue.settle(await admit(queue, left), demandNumber(left));
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const perSecond = (count / (performance.now() - started)) * 1_000;
  close();
  return perSecond;
}
