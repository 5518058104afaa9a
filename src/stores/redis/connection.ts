/** Connection: one Redis, single, behind Sentinel or a cluster, that runs the step script. */
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { readScript, type Script } from "./script.ts";

/** What is not answered in this time is asked again. */
const ANSWER_MS = 1_000;
const LONGEST_RECONNECT_MS = 500;

export type Argument = string | number | Buffer;

export interface Connection {
  /** Runs the step script. @throws Error when it is not answered; asking again is safe */
  step(key: string, request: Buffer): Promise<Buffer>;
  /** Runs any other script. @throws Error when it is not answered */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown>;
  /** Any command; texts come back as texts. @throws Error when it is not answered */
  call(command: string, ...args: readonly Argument[]): Promise<unknown>;
  /** Calls `onMessage` for each message, also after a reconnect; returns how to end that. */
  listen(channel: string, onMessage: (message: string) => void): () => void;
  /** Why it could not be connected last; null: it could. */
  readonly trouble: string | null;
  close(): void;
}

/**
 * Connects, and goes on doing so whenever the connection is lost.
 *
 * @param url `redis://[user:password@]host:port[/db]`, `rediss://` with TLS; `?cluster` where the
 *   host is one of a cluster, `?sentinel=name` where it is a Sentinel that knows the master `name`
 */
export function connect(url: string): Connection {
  const place = new URL(url);
  const sentinel = place.searchParams.get("sentinel");
  if (place.searchParams.has("cluster")) return new RedisConnection(() => clusterAt(place));
  const { host, port, tls, db, ...account } = optionsOf(place);
  if (sentinel === null)
    return new RedisConnection(() => new Redis({ host, port, tls, db, ...account, ...STEADY }));
  const sentinels = [{ host, port }];
  const master = {
    sentinels,
    name: sentinel,
    db,
    ...account,
    tls,
    enableTLSForSentinelMode: tls !== undefined,
  };
  return new RedisConnection(() => new Redis({ ...master, ...STEADY }));
}

/** A step that is not answered is sent again by the session, which knows what it has said before. */
const STEADY: RedisOptions = {
  commandTimeout: ANSWER_MS,
  connectTimeout: ANSWER_MS,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  // Ours is done whenever the connection is ready, where its failure can be handled.
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: (attempt) => Math.min(LONGEST_RECONNECT_MS, 20 * attempt),
};

function optionsOf(place: URL): RedisOptions {
  const db = Number(place.pathname.slice(1) || 0);
  return {
    host: place.hostname,
    port: Number(place.port || 6379),
    tls: place.protocol === "rediss:" ? {} : undefined,
    db,
    username: decodeURIComponent(place.username) || undefined,
    password: decodeURIComponent(place.password) || undefined,
  };
}

function clusterAt(place: URL): Cluster {
  const { host, port, tls, username, password } = optionsOf(place);
  return new Cluster([{ host, port }], {
    redisOptions: { ...STEADY, tls, username, password },
    enableOfflineQueue: false,
    slotsRefreshTimeout: ANSWER_MS,
    clusterRetryStrategy: (attempt) => Math.min(LONGEST_RECONNECT_MS, 20 * attempt),
  });
}

class RedisConnection implements Connection {
  readonly #client: Redis | Cluster;
  readonly #listener: Redis | Cluster;
  readonly #script = readScript();
  readonly #handlers = new Map<string, (message: string) => void>();
  trouble: string | null = null;

  constructor(open: () => Redis | Cluster) {
    this.#client = open();
    this.#listener = open();
    // What fails is told by the step that fails.
    for (const client of [this.#client, this.#listener]) client.on("error", () => {});
    this.#client.on("error", ({ message }: Error) => {
      this.trouble = message;
    });
    this.#client.on("ready", () => {
      this.trouble = null;
    });
    this.#listener.on("message", (channel: string, message: string) =>
      this.#handlers.get(channel)?.(message),
    );
    this.#listener.on("ready", () => this.#subscribe([...this.#handlers.keys()]));
  }

  async step(key: string, request: Buffer): Promise<Buffer> {
    return (await this.#evaluate(this.#script, [...keysOf(key), request])) as Buffer;
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#evaluate(script, [keys.length, ...keys, ...args]);
  }

  call(command: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#client.call(command, ...args);
  }

  async #evaluate({ sha, source }: Script, args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#client.callBuffer("EVALSHA", sha, ...args);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return this.#client.callBuffer("EVAL", source, ...args);
    }
  }

  listen(channel: string, onMessage: (message: string) => void): () => void {
    this.#handlers.set(channel, onMessage);
    this.#subscribe([channel]);
    return () => {
      this.#handlers.delete(channel);
      this.#listener.unsubscribe(channel).catch(ignore);
    };
  }

  /** A heartbeat fetches what no message tells. */
  #subscribe(channels: readonly string[]): void {
    if (channels.length > 0) this.#listener.subscribe(...channels).catch(ignore);
  }

  close(): void {
    this.#client.disconnect();
    this.#listener.disconnect();
  }
}

/** What the script is told of its keys; see `lua/state.lua`. */
export function keysOf(key: string): readonly (string | number)[] {
  return [2, `${key}:state`, `${key}:guard`];
}

function ignore(): void {}

/** Told by its code wherever in the message it is: Redis 7 puts another word before it. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOSCRIPT");
}
