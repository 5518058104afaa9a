/**
 * Channels: messages between instances. Those of an account go in a cluster through its own shard
 * where its servers can (7.0 and newer); plain ones go to every node.
 */
import { Cluster, type Redis } from "ioredis";

const AGAIN_MS = 500;

export interface ChannelHandler {
  onMessage(message: string): void;
  /** It lies in the shard of the key that its name is made of, as a cluster's script publishes there. */
  readonly isSharded: boolean;
}

export class Channels {
  #listener: Redis | Cluster | null = null;
  readonly #handlers = new Map<string, ChannelHandler>();
  #again: NodeJS.Timeout | undefined;

  /** Over this client from now on. */
  attach(listener: Redis | Cluster): void {
    this.#listener = listener;
    const hand = (channel: string, message: string) =>
      this.#handlers.get(channel)?.onMessage(message);
    listener.on("message", hand);
    listener.on("smessage", hand);
    // Without it a heartbeat fetches what no message tells.
    listener.on("error", () => {});
    listener.on("ready", () => this.#subscribeAll());
  }

  /** How the step script is to send them; see `lua/mail.lua`. */
  get way(): readonly string[] {
    return this.#listener instanceof Cluster ? ["sharded"] : [];
  }

  /** Calls the handler for each message, also after a reconnect; returns how to end that. */
  listen(channel: string, handler: ChannelHandler): () => void {
    this.#handlers.set(channel, handler);
    void this.#subscribe(channel, handler);
    return () => {
      this.#handlers.delete(channel);
      this.#unsubscribe(channel, handler).catch(() => {});
    };
  }

  close(): void {
    this.#handlers.clear();
    clearTimeout(this.#again);
  }

  #subscribeAll(): void {
    for (const [channel, handler] of this.#handlers) void this.#subscribe(channel, handler);
  }

  async #subscribe(channel: string, { isSharded }: ChannelHandler): Promise<void> {
    try {
      if (isSharded && this.#listener instanceof Cluster) {
        await subscribeInShard(this.#listener, channel);
      } else await this.#listener?.subscribe(channel);
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

  async #unsubscribe(channel: string, { isSharded }: ChannelHandler): Promise<void> {
    await this.#listener?.unsubscribe(channel);
    if (isSharded && this.#listener instanceof Cluster) await this.#listener.sunsubscribe(channel);
  }
}

async function subscribeInShard(cluster: Cluster, channel: string): Promise<void> {
  try {
    await cluster.ssubscribe(channel);
  } catch (error) {
    const isTooOld = error instanceof Error && error.message.includes("unknown command");
    if (!isTooOld) throw error;
    await cluster.subscribe(channel);
  }
}
