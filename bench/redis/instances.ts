/** Instances: what each instance costs its Redis by being there, and what a step costs by how many there are. */
import { Redis } from "ioredis";
import { keysOf } from "../../src/stores/redis/connection.ts";
import { decodeReply, encodeRequest, type StepReply } from "../../src/stores/redis/messages.ts";
import { readScript } from "../../src/stores/redis/script.ts";
import type { Operation } from "../../src/stores/store.ts";
import { RedisServer } from "../../test/support/redis/redis-server.ts";
import type { Figure } from "../figure.ts";
import { demandNumber, OPTIONS, SIX_METERS } from "./loaded-store.ts";

const COUNTS = [1, 10, 100, 1_000];
const STEPS = 4_000;
/** Answered in one go: the way between is nothing that Redis pays for. */
const PIPELINE = 20;
/** As they are for four tiers and three latency classes. */
const BANDS = ["critical", "premium", "standard", "free"].flatMap((tier) =>
  ["real-time", "near-real-time", "batch"].map((latency) => ({ tier, latency })),
);
const BANDED = { ...OPTIONS, bands: BANDS, layout: "twelve" };

export async function benchInstances(): Promise<readonly Figure[]> {
  const server = await RedisServer.start();
  try {
    const figures: Figure[] = [];
    for (const count of COUNTS) figures.push(...(await withInstances(server.url, count)));
    return figures;
  } finally {
    await server.stop();
  }
}

async function withInstances(url: string, count: number): Promise<readonly Figure[]> {
  const fleet = await Fleet.join(url, count);
  const heartbeat = await fleet.cost(false, () => []);
  const whole = await fleet.cost(true, () => []);
  const asked = await fleet.cost(false, (i) => [enqueue(i)]);
  fleet.close();
  const at = (name: string, value: number, unit: string): Figure => {
    return { name: `instances.${name}_${count}`, value, unit, peer: false };
  };
  return [
    at("heartbeat_us", heartbeat.micros, "us of Redis"),
    at("whole_report_us", whole.micros, "us of Redis"),
    at("enqueue_us", asked.micros, "us of Redis"),
    at("request_bytes", heartbeat.bytesUp, "bytes"),
    at("reply_bytes", heartbeat.bytesDown, "bytes"),
    at("whole_reply_bytes", whole.bytesDown, "bytes"),
  ];
}

interface Cost {
  readonly micros: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** So many instances of one account, which step in turn. */
class Fleet {
  readonly #redis: Redis;
  readonly #script = readScript();
  readonly #key: string;
  readonly #numbers: number[];
  #bytesUp = 0;
  #bytesDown = 0;

  private constructor(redis: Redis, count: number) {
    this.#redis = redis;
    this.#key = `{bench:${count}}`;
    this.#numbers = new Array<number>(count).fill(0);
  }

  static async join(url: string, count: number): Promise<Fleet> {
    const redis = new Redis(url);
    const fleet = new Fleet(redis, count);
    await redis.script("LOAD", fleet.#script.source);
    const path = { kind: "path", key: "all", meters: SIX_METERS, initialShare: 0 } as const;
    for (let i = 0; i < count; i++) await fleet.#step(i, [path], false);
    return fleet;
  }

  /** Of Redis's one thread, a step. */
  async cost(isWhole: boolean, operations: (i: number) => readonly Operation[]): Promise<Cost> {
    const [up, down] = [this.#bytesUp, this.#bytesDown];
    const before = await this.#cpuMicros();
    for (let i = 0; i < STEPS; i += PIPELINE) {
      const places = Array.from(
        { length: Math.min(PIPELINE, this.#numbers.length) },
        (_, k) => i + k,
      );
      await Promise.all(
        places.map((n) => this.#step(n % this.#numbers.length, operations(n), isWhole)),
      );
    }
    const steps = Math.ceil(STEPS / PIPELINE) * Math.min(PIPELINE, this.#numbers.length);
    const micros = ((await this.#cpuMicros()) - before) / steps;
    const bytesUp = (this.#bytesUp - up) / steps;
    return { micros, bytesUp, bytesDown: (this.#bytesDown - down) / steps };
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #cpuMicros(): Promise<number> {
    const info = await this.#redis.info("cpu");
    const seconds = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
    return 1e6 * (seconds("used_cpu_user") + seconds("used_cpu_sys"));
  }

  async #step(i: number, operations: readonly Operation[], isWhole: boolean): Promise<StepReply> {
    const number = ++this.#numbers[i];
    const told = { instance: `instance-${i}.0`, number, elapsed: null, report: 0, isNewest: false };
    const request = { ...told, isWhole, operations, options: BANDED, now: null };
    const bytes = encodeRequest(request);
    const { sha } = this.#script;
    const reply = await this.#redis.callBuffer("EVALSHA", sha, ...keysOf(this.#key), bytes);
    this.#bytesUp += bytes.length;
    this.#bytesDown += (reply as Buffer).length;
    return decodeReply(reply as Buffer);
  }
}

function enqueue(i: number): Operation {
  return {
    ...{ kind: "enqueue", tenant: `tenant-${i % 500}`, weight: 1, hasOwnMeters: false, path: 0 },
    ...{ band: i % BANDS.length, demand: demandNumber(i), patience: 60_000_000 },
    ...{ dueIn: null, isChainStep: false },
  };
}
