/** Fleet: gateways in processes of their own, before one provider, by one Redis; any of it may be hurt. */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { Agent } from "undici";
import type { OpenPolicy } from "../../src/demo/drive/policy.ts";
import { runTask } from "../../src/demo/drive/through-sluice.ts";
import { Child } from "../../src/demo/provider/child.ts";
import { UPSTREAM } from "../../src/demo/provider/gateway-config.ts";
import type { MockOrders } from "../../src/demo/provider/mock-process.ts";
import type { Load } from "../../src/workload/load.ts";
import { RedisServer } from "../../test/support/redis/redis-server.ts";
import { TcpProxy } from "../../test/support/redis/tcp-proxy.ts";
import type { FleetGatewayOrders } from "./gateway-process.ts";
import { judge, type Verdict } from "./judge.ts";

export interface Instance {
  readonly child: Child<FleetGatewayOrders>;
  readonly url: string;
  readonly pid: number;
}

const KEY = `{sluice:${UPSTREAM}}`;
/** More than calls need: it is held, and seldom binds. */
const SLOTS = 40;
const LOG_PIECE = 20_000;

export interface FleetOptions {
  readonly load: Load;
  readonly seed: number;
  readonly instances: number;
  readonly isDurable: boolean;
}

export class Fleet {
  readonly redis: RedisServer;
  /** Between the first gateway and Redis. */
  readonly proxy: TcpProxy;
  readonly gateways: (Instance | null)[] = [];
  /** Log lines of Redis lives before the present one. */
  readonly #log: string[] = [];
  readonly #mock: Child<MockOrders>;
  readonly #agent = new Agent({ pipelining: 1 });
  readonly #options: FleetOptions;
  /** Tasks that failed at a gateway that lives. */
  lostElsewhere = 0;
  #baseUrl = "";
  #next = 0;

  private constructor(options: FleetOptions, redis: RedisServer, proxy: TcpProxy) {
    this.#options = options;
    this.redis = redis;
    this.proxy = proxy;
    const mock = new URL("../../src/demo/provider/mock-process.ts", import.meta.url);
    this.#mock = new Child<MockOrders>("the mock provider", mock);
  }

  static async open(options: FleetOptions): Promise<Fleet> {
    const redis = await RedisServer.start({ isDurable: options.isDurable });
    const fleet = new Fleet(options, redis, await TcpProxy.start(redis.port));
    const limits = fleet.#limits;
    fleet.#baseUrl = await fleet.#mock.ask("start", { limits, seed: options.seed });
    for (let i = 0; i < options.instances; i++) await fleet.start(i);
    return fleet;
  }

  get #limits() {
    return { ...this.#options.load.limits, max_parallel_requests: SLOTS };
  }

  get slots(): number {
    return SLOTS;
  }

  async start(i: number): Promise<void> {
    const module = new URL("./gateway-process.ts", import.meta.url);
    const child = new Child<FleetGatewayOrders>(`gateway ${i}`, module);
    const started = await child.ask("start", {
      baseUrl: this.#baseUrl,
      limits: this.#limits,
      tenants: this.#options.load.tenants,
      redis: i === 0 ? this.proxy.url : this.redis.url,
    });
    this.gateways[i] = { child, ...started };
  }

  /** As a crash: it has no time for anything. */
  async kill(i: number): Promise<number> {
    const gateway = this.gateways[i];
    this.gateways[i] = null;
    if (gateway === null) return 0;
    process.kill(gateway.pid, "SIGKILL");
    await gateway.child.close();
    return gateway.pid;
  }

  /** For the load: each task goes to the next gateway that lives. */
  get policy(): OpenPolicy {
    return {
      run: async (task, arrivedAt, witness) => {
        const gateway = this.#nextAlive();
        const target = { agent: this.#agent, baseUrl: `${gateway.url}/v1` };
        const result = await runTask(target, task, arrivedAt, witness);
        if (result.outcome.kind === "failed" && this.alive.includes(gateway)) this.lostElsewhere++;
        return result;
      },
      providerStats: () => this.#mock.ask("stats", null),
      inversions: async () => (await this.verdict()).inversions,
      close: () => this.close(),
    };
  }

  #nextAlive(): Instance {
    for (;;) {
      const gateway = this.gateways[this.#next++ % this.gateways.length];
      if (gateway !== null) return gateway;
    }
  }

  get alive(): readonly Instance[] {
    return this.gateways.filter((gateway) => gateway !== null);
  }

  states() {
    return Promise.all(this.alive.map(({ child }) => child.ask("state", null as never)));
  }

  /** Grants that Redis still has, by instance. */
  async grants(): Promise<ReadonlyMap<string, number>> {
    return await this.#withRedis(async (redis) => {
      const keys = await redis.keys(`${KEY}:*:grants:*`);
      const counts = await Promise.all(keys.map((key) => redis.hlen(key)));
      const names = keys.map((key) => key.slice(key.indexOf(":grants:") + 1));
      return new Map(names.map((name, i) => [name, counts[i]]));
    });
  }

  /** Before the Redis process is ended that would lose it. */
  async keepLog(): Promise<void> {
    await this.#withRedis(async (redis) => {
      const key = `${KEY}:log`;
      for (let from = 0; ; from += LOG_PIECE) {
        const lines = await redis.lrange(key, from, from + LOG_PIECE - 1);
        this.#log.push(...lines);
        if (lines.length < LOG_PIECE) break;
      }
      await redis.del(key);
    });
  }

  /** Redis ends at once, with what it has if that is kept nowhere. */
  async killRedis(): Promise<void> {
    if (!this.#options.isDurable) {
      await this.keepLog();
      this.#log.push(JSON.stringify(["lost"]));
    }
    await this.redis.kill();
  }

  async verdict(): Promise<Verdict> {
    await this.keepLog();
    return judge(this.#log);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
    await Promise.all(this.alive.map(({ child }) => child.close()));
    await this.#mock.close();
    await this.proxy.stop();
    await this.redis.stop();
  }

  async #withRedis<T>(act: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.redis.url, { maxRetriesPerRequest: 2 });
    redis.on("error", () => {});
    try {
      return await act(redis);
    } finally {
      redis.disconnect();
    }
  }
}

/** Milliseconds until it is true; null: not within the time. */
export async function timeUntil(
  isTrue: () => Promise<boolean>,
  withinMs: number,
): Promise<number | null> {
  const from = performance.now();
  while (performance.now() - from < withinMs) {
    if (await isTrue().catch(() => false)) return performance.now() - from;
    await sleep(25);
  }
  return null;
}
