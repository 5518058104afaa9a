/** Sentinels: real ones over a master and a replica, which make the replica the master when it is gone. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { findRedis } from "./ensure-redis.ts";
import { freePort, RedisServer } from "./redis-server.ts";

const NAME = "main";
const COUNT = 3;
const DOWN_MS = 500;
const START_MS = 10_000;

export class Sentinels {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly #ports: number[] = [];
  readonly #processes: ChildProcess[] = [];
  readonly #directory = mkdtempSync(join(tmpdir(), "sluice-sentinel-"));

  private constructor(master: RedisServer, replica: RedisServer) {
    this.master = master;
    this.replica = replica;
  }

  static async start(): Promise<Sentinels> {
    const master = await RedisServer.start({ args: ["--repl-diskless-sync-delay", "0"] });
    const args = ["--replicaof", "127.0.0.1", String(master.port)];
    const sentinels = new Sentinels(master, await RedisServer.start({ args }));
    for (let i = 0; i < COUNT; i++) await sentinels.#run(await freePort());
    await sentinels.#agree();
    return sentinels;
  }

  get url(): string {
    const nodes = this.#ports.slice(1).map((port) => `&node=127.0.0.1:${port}`);
    return `redis://127.0.0.1:${this.#ports[0]}?sentinel=${NAME}${nodes.join("")}`;
  }

  /** Asks for a change of roles while both are well, as for maintenance. */
  async failover(): Promise<void> {
    await this.#ask(this.#ports[0], "FAILOVER", NAME);
  }

  /** The port of the one that the Sentinels take for the master. */
  async masterPort(): Promise<number> {
    const [, port] = (await this.#ask(this.#ports[0], "GET-MASTER-ADDR-BY-NAME", NAME)) as string[];
    return Number(port);
  }

  async stop(): Promise<void> {
    for (const child of this.#processes) {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }
    await this.master.stop();
    await this.replica.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #run(port: number): Promise<void> {
    const file = join(this.#directory, `${port}.conf`);
    const lines = [
      `port ${port}`,
      "bind 127.0.0.1",
      `dir ${this.#directory}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${this.master.port} 2`,
      `sentinel down-after-milliseconds ${NAME} ${DOWN_MS}`,
      `sentinel failover-timeout ${NAME} 3000`,
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    const child = spawn(findRedis() ?? "redis-server", [file, "--sentinel"], { stdio: "ignore" });
    this.#processes.push(child);
    this.#ports.push(port);
  }

  /** Until each knows the replica and the others. */
  async #agree(): Promise<void> {
    const end = Date.now() + START_MS;
    for (const port of this.#ports) {
      while (!(await this.#isReady(port).catch(() => false))) {
        if (Date.now() > end) throw new Error(`Sentinel ${port} is not ready after ${START_MS} ms`);
        await sleep(50);
      }
    }
  }

  async #isReady(port: number): Promise<boolean> {
    const [replicas, others] = await Promise.all([
      this.#ask(port, "REPLICAS", NAME),
      this.#ask(port, "SENTINELS", NAME),
    ]);
    const counts = [replicas, others].map((list) => (list as unknown[]).length);
    return counts[0] === 1 && counts[1] === COUNT - 1;
  }

  async #ask(port: number, ...words: readonly string[]): Promise<unknown> {
    const client = new Redis({ port, host: "127.0.0.1", lazyConnect: true, retryStrategy: null });
    client.on("error", () => {});
    try {
      await client.connect();
      return await client.call("SENTINEL", ...words);
    } finally {
      client.disconnect();
    }
  }
}
