/** Redis server: a real one for tests, on a free port of this machine, without files unless asked. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type RedisOptions } from "ioredis";
import type { Certificates } from "./certificates.ts";
import { findRedis, redisMajor } from "./ensure-redis.ts";

const MISSING = "no redis-server on PATH: run `npm run setup`, or install Redis 6.2 or newer";
const START_MS = 10_000;

export interface RedisServerOptions {
  /** Write-ahead log, synced on every write: what a restart finds again. @default false */
  readonly isDurable?: boolean;
  /** @default a free one */
  readonly port?: number;
  /** Further arguments, e.g. `--replicaof 127.0.0.1 7001`. */
  readonly args?: readonly string[];
  /** Speaks nothing but TLS, and wants a client's certificate. @default none */
  readonly certificates?: Certificates;
}

export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #options: RedisServerOptions;
  #process: ChildProcess | null = null;

  private constructor(port: number, options: RedisServerOptions) {
    this.port = port;
    this.#options = options;
    this.#directory = mkdtempSync(join(tmpdir(), "sluice-redis-"));
  }

  /** @throws Error if no redis-server is found, or it does not answer. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(options.port ?? (await freePort()), options);
    await server.run();
    return server;
  }

  get url(): string {
    if (this.#options.certificates === undefined) return `redis://127.0.0.1:${this.port}`;
    const { ca, cert, key } = this.#options.certificates;
    return `rediss://127.0.0.1:${this.port}?ca=${ca}&cert=${cert}&key=${key}`;
  }

  /** Starts the process, again after `kill`, over what it has kept. */
  async run(): Promise<void> {
    const durable = this.#options.isDurable ? ["yes", "--appendfsync", "always"] : ["no"];
    const args = [
      ...[...this.#listen(), "--bind", "127.0.0.1", "--save", ""],
      ...["--dir", this.#directory, "--appendonly", ...durable],
      ...(redisMajor() >= 7 ? ["--enable-debug-command", "yes"] : []),
      ...(this.#options.args ?? []),
    ];
    const command = findRedis();
    if (command === null) throw new Error(MISSING);
    this.#process = spawn(command, args, { stdio: "ignore" });
    await this.#answer();
  }

  /** Ends the process at once, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Stands still without ending, as a machine that is overloaded does. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #listen(): readonly string[] {
    if (this.#options.certificates === undefined) return ["--port", String(this.port)];
    const { ca, cert, key } = this.#options.certificates;
    const files = ["--tls-ca-cert-file", ca, "--tls-cert-file", cert, "--tls-key-file", key];
    return ["--port", "0", "--tls-port", String(this.port), ...files, "--tls-replication", "yes"];
  }

  /** For an operator's connection to it. */
  get clientOptions(): RedisOptions {
    const address = { host: "127.0.0.1", port: this.port };
    if (this.#options.certificates === undefined) return address;
    const { ca, cert, key } = this.#options.certificates;
    const [caText, certText, keyText] = [ca, cert, key].map((path) => readFileSync(path));
    return { ...address, tls: { ca: caText, cert: certText, key: keyText } };
  }

  async #answer(): Promise<void> {
    const end = Date.now() + START_MS;
    const client = new Redis({ ...this.clientOptions, lazyConnect: true, retryStrategy: null });
    client.on("error", () => {});
    while (Date.now() < end) {
      try {
        if (client.status !== "ready") await client.connect();
        await client.ping();
        client.disconnect();
        return;
      } catch {
        await sleep(10);
      }
    }
    client.disconnect();
    throw new Error(`redis-server on port ${this.port} did not answer within ${START_MS} ms`);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
