/** Shared store: the Redis through which instances share their accounts, and how it is for all of them. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { StoreConfig } from "../config/config.ts";
import { type Connection, connect } from "../stores/redis/connection.ts";
import { shortHash } from "../stores/redis/short-hash.ts";
import type { AccountShare, ShareState } from "./account/shared/account-share.ts";

export type RedisConfig = Extract<StoreConfig, { kind: "redis" }>;

/** The store of instances that share limits has gone silent, is down, or is back. */
export interface StoreEvent {
  readonly state: ShareState;
}

export class SharedStore {
  readonly #config: RedisConfig;
  readonly #connection: Connection;
  readonly #onChange: (event: StoreEvent) => void;
  readonly #instance = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  /** Of accounts that it does not serve now. */
  readonly #states = new Map<string, ShareState>();
  #state: ShareState = "shared";

  /** `onChange` is called when the worst state of its accounts has changed. */
  constructor(
    config: RedisConfig,
    onChange: (event: StoreEvent) => void,
    open: (url: string) => Connection = (url) => connect(url),
  ) {
    this.#config = config;
    this.#connection = open(config.url);
    this.#onChange = onChange;
  }

  /** The worst of its accounts. */
  get state(): ShareState {
    return this.#state;
  }

  get isHealthy(): boolean {
    return this.#state === "shared";
  }

  /** `credential`: of an account that a client brought along; null: the upstream's own. */
  shareOf(upstream: string, credential: string | null): AccountShare {
    const { onFailure, onLeaseLoss } = this.#config;
    const key = this.#keyOf(upstream, credential);
    return {
      ...{ connection: this.#connection, key, instance: this.#instance },
      ...{ onFailure, onLeaseLoss },
      onState: (state) => this.#note(key, state),
    };
  }

  close(): void {
    this.#connection.close();
  }

  #keyOf(upstream: string, credential: string | null): string {
    const { prefix, domain } = this.#config;
    const account = credential === null ? upstream : `${upstream}:${shortHash(credential)}`;
    return domain === "single" ? `{${prefix}}:${account}` : `{${prefix}:${account}}`;
  }

  #note(key: string, state: ShareState): void {
    if (state === "shared") this.#states.delete(key);
    else this.#states.set(key, state);
    const states = [...this.#states.values()];
    const worst = states.includes("down") ? "down" : states.length > 0 ? "silent" : "shared";
    if (worst === this.#state) return;
    this.#state = worst;
    this.#onChange({ state: worst });
  }
}
