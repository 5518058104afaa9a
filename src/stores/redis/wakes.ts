/**
 * Wakes: messages that tell an instance to step. In a cluster they go through the account's own
 * shard where its servers can (7.0 and newer); plain ones would go to every node.
 */
import { Cluster, type Redis } from "ioredis";

const AGAIN_MS = 500;

export class Wakes {
  readonly #listener: Redis | Cluster;
  readonly #handlers = new Map<string, () => void>();
  #again: NodeJS.Timeout | undefined;

  constructor(listener: Redis | Cluster) {
    this.#listener = listener;
    const wake = (channel: string) => this.#handlers.get(channel)?.();
    listener.on("message", wake);
    listener.on("smessage", wake);
    listener.on("ready", () => this.#subscribeAll());
  }

  /** How the script is to send them; see `lua/mail.lua`. */
  get way(): readonly string[] {
    return this.#listener instanceof Cluster ? ["sharded"] : [];
  }

  /** Calls `onMessage` for each message, also after a reconnect; returns how to end that. */
  listen(channel: string, onMessage: () => void): () => void {
    this.#handlers.set(channel, onMessage);
    void this.#subscribe(channel);
    return () => {
      this.#handlers.delete(channel);
      this.#unsubscribe(channel).catch(() => {});
    };
  }

  close(): void {
    this.#handlers.clear();
    clearTimeout(this.#again);
  }

  #subscribeAll(): void {
    for (const channel of this.#handlers.keys()) void this.#subscribe(channel);
  }

  async #subscribe(channel: string): Promise<void> {
    try {
      if (!(this.#listener instanceof Cluster)) await this.#listener.subscribe(channel);
      else await subscribeInCluster(this.#listener, channel);
    } catch {
      // Once more with the next connection; a cluster may only not know its nodes yet.
      if (this.#listener instanceof Cluster) this.#subscribeSoon();
    }
  }

  #subscribeSoon(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#subscribeAll(), AGAIN_MS);
    this.#again.unref();
  }

  async #unsubscribe(channel: string): Promise<void> {
    await this.#listener.unsubscribe(channel);
    if (this.#listener instanceof Cluster) await this.#listener.sunsubscribe(channel);
  }
}

async function subscribeInCluster(cluster: Cluster, channel: string): Promise<void> {
  try {
    await cluster.ssubscribe(channel);
  } catch (error) {
    const isTooOld = error instanceof Error && error.message.includes("unknown command");
    if (!isTooOld) throw error;
    await cluster.subscribe(channel);
  }
}
