/** Connection: one Redis, single, behind Sentinel or a cluster, that runs the step script. */
import type { Cluster, Redis } from "ioredis";
import { Channels } from "./channels.ts";
import { LastingClient } from "./lasting-client.ts";
import { placeOf, type RedisPlace } from "./place.ts";
import { readScript, type Script } from "./script.ts";

/** An account's step script, and the messages that call for a step. */
export interface Connection {
  /** Why there is no connection, in Redis's or the system's words; null: there is one. */
  readonly trouble: string | null;
  /** Nothing listens there: it is down for all. Silence may be the network between us alone. */
  readonly isRefused: boolean;
  /** Runs the step script. @throws Error when it is not answered; asking again is safe */
  step(key: string, request: Buffer): Promise<Buffer>;
  /** Calls `onMessage` for each message, also after a reconnect; returns how to end that. */
  listen(channel: string, onMessage: () => void): () => void;
  close(): void;
}

export type Argument = string | number | Buffer;

/** Any other scripts, commands and messages of the same Redis. */
export interface CommandConnection {
  /** Why there is no connection, in Redis's or the system's words; null: there is one. */
  readonly trouble: string | null;
  /** @throws Error when it is not answered */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown>;
  /** Texts come back as texts. @throws Error when it is not answered */
  call(command: string, ...args: readonly Argument[]): Promise<unknown>;
  /** As `listen`; in a cluster its messages go through all nodes. */
  subscribe(channel: string, onMessage: (message: string) => void): () => void;
  close(): void;
}

/**
 * Connects, and goes on doing so whenever the connection is lost.
 *
 * @param url `redis://[user:password@]host:port[/db]`, `rediss://` with TLS; `?cluster` where the
 *   host is one of a cluster, `?sentinel=name` where it is a Sentinel that knows the master `name`
 * @throws SluiceError `invalid_request` if the URL or a file that it names cannot be used
 */
export function connect(url: string, script = readScript()): Connection & CommandConnection {
  return new RedisConnection(placeOf(url), script);
}

class RedisConnection implements Connection, CommandConnection {
  readonly #commands: LastingClient;
  /** A connection that listens does nothing else; a cluster's client has one beside the others. */
  readonly #listener: LastingClient;
  readonly #channels = new Channels();
  readonly #script: Script;
  #trouble: string | null = "not connected yet";

  isRefused = false;

  constructor(place: RedisPlace, script: Script) {
    this.#script = script;
    const isCluster = place.servers.kind === "cluster";
    this.#commands = new LastingClient(place, (client) => {
      this.#watch(client);
      if (isCluster) this.#channels.attach(client);
    });
    this.#listener = isCluster
      ? this.#commands
      : new LastingClient(place, (client) => this.#channels.attach(client));
  }

  #watch(client: Redis | Cluster): void {
    client.on("error", (error: Error) => {
      this.#trouble = error.message;
      this.isRefused = isRefusal(error);
    });
    client.on("ready", () => {
      this.#trouble = null;
      this.isRefused = false;
    });
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  async step(key: string, request: Buffer): Promise<Buffer> {
    const args = [...keysOf(key), request, ...this.#channels.way];
    return (await this.#evaluate(this.#script, args)) as Buffer;
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#evaluate(script, [keys.length, ...keys, ...args]);
  }

  call(command: string, ...args: readonly Argument[]): Promise<unknown> {
    return this.#commands.client.call(command, ...args);
  }

  listen(channel: string, onMessage: () => void): () => void {
    return this.#channels.listen(channel, { onMessage, isSharded: true });
  }

  subscribe(channel: string, onMessage: (message: string) => void): () => void {
    return this.#channels.listen(channel, { onMessage, isSharded: false });
  }

  async #evaluate({ sha, source }: Script, args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#commands.client.callBuffer("EVALSHA", sha, ...args);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return this.#commands.client.callBuffer("EVAL", source, ...args);
    }
  }

  close(): void {
    this.#channels.close();
    this.#commands.close();
    this.#listener.close();
  }
}

/** What the script is told of its keys; see `lua/state.lua`. */
export function keysOf(key: string): readonly (string | number)[] {
  return [2, `${key}:state`, `${key}:guard`];
}

/** A cluster tells of the last node that it has tried. */
function isRefusal(error: unknown): boolean {
  const { code, lastNodeError } = error as { code?: string; lastNodeError?: { code?: string } };
  return (lastNodeError?.code ?? code) === "ECONNREFUSED";
}

/** Told by its code wherever in the message it is: Redis 7 puts another word before it. */
function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.includes("NOSCRIPT");
}
