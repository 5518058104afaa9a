/** Connection: one Redis, single, behind Sentinel or a cluster, that runs the step script. */
import { Redis, type RedisOptions } from "ioredis";
import { readScript, type Script } from "./script.ts";

/** What is not answered in this time is asked again. */
const ANSWER_MS = 1_000;
const LONGEST_RECONNECT_MS = 500;

export interface Connection {
  /** Runs the step script. @throws Error when it is not answered; asking again is safe */
  step(key: string, request: Buffer): Promise<Buffer>;
  /** Calls `onMessage` for each message, also after a reconnect; returns how to end that. */
  listen(channel: string, onMessage: () => void): () => void;
  /** Microseconds from asking to the answer of an empty command. */
  ping(): Promise<number>;
  close(): void;
}

/** The two clients that ioredis has are alike in what is used of them. */
interface Client {
  callBuffer(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>;
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>;
  disconnect(): void;
}

/**
 * @param url `redis://[user:password@]host:port[/db]`, `rediss://` with TLS
 */
export function connect(url: string): Connection {
  const options: RedisOptions = {
    commandTimeout: ANSWER_MS,
    connectTimeout: ANSWER_MS,
    // A step that is not answered is sent again by the session, which knows what it has said before.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(LONGEST_RECONNECT_MS, 20 * attempt),
  };
  const client = new Redis(url, options);
  const listener = new Redis(url, {
    ...options,
    enableOfflineQueue: true,
    commandTimeout: undefined,
  });
  return new RedisConnection(client, listener, readScript());
}

class RedisConnection implements Connection {
  readonly #client: Client;
  readonly #listener: Redis;
  readonly #script: Script;
  readonly #handlers = new Map<string, () => void>();

  constructor(client: Redis, listener: Redis, script: Script) {
    this.#client = client;
    this.#listener = listener;
    this.#script = script;
    // What fails is told by the step that fails.
    client.on("error", () => {});
    listener.on("error", () => {});
    listener.on("message", (channel: string) => this.#handlers.get(channel)?.());
  }

  async step(key: string, request: Buffer): Promise<Buffer> {
    const { sha, source } = this.#script;
    try {
      return (await this.#client.callBuffer("EVALSHA", sha, 1, key, request)) as Buffer;
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return (await this.#client.callBuffer("EVAL", source, 1, key, request)) as Buffer;
    }
  }

  listen(channel: string, onMessage: () => void): () => void {
    this.#handlers.set(channel, onMessage);
    const ignore = () => {}; // a heartbeat fetches what no message tells
    this.#listener.subscribe(channel).catch(ignore);
    return () => {
      this.#handlers.delete(channel);
      this.#listener.unsubscribe(channel).catch(ignore);
    };
  }

  async ping(): Promise<number> {
    const before = performance.now();
    await this.#client.call("PING");
    return (performance.now() - before) * 1_000;
  }

  close(): void {
    this.#client.disconnect();
    this.#listener.disconnect();
  }
}

/** Told by its code wherever in the message it is: Redis 7 puts another word before it. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOSCRIPT");
}
