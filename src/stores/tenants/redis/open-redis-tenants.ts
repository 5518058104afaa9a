/** Open Redis tenants: the tenant store and the leases of one Redis, over one connection that is made when it is needed. */
import { setTimeout as sleep } from "node:timers/promises";
import { type CommandConnection, connect } from "../../redis/connection.ts";
import { LateTenantStore } from "../late-tenant-store.ts";
import type { TenantStore } from "../tenant-store.ts";
import { type KeySpace, TenantKeys } from "./keys.ts";
import { RedisLeases } from "./redis-leases.ts";
import { RedisTenantStore } from "./redis-tenant-store.ts";
import { RedisUses } from "./redis-uses.ts";
import { tellingConnection } from "./telling-connection.ts";

/** For so long a Redis that starts at the same time is waited for. */
const OPENING_MS = 5_000;
const PAUSE_MS = 50;

export interface RedisPlace extends KeySpace {
  /** As `connect` takes it. */
  readonly url: string;
}

/** Tenants that all instances with this Redis share. */
export function tenantsInRedis(place: RedisPlace): LateTenantStore {
  const tenants = new RedisTenants(place);
  return new LateTenantStore({
    place: tenants.name,
    exists: () => true,
    open: () => tenants.open(),
    leases: tenants.leases,
  });
}

class RedisTenants {
  readonly name: string;
  readonly leases: RedisLeases;
  readonly #place: RedisPlace;
  readonly #keys: TenantKeys;
  #made: { readonly connection: CommandConnection; readonly uses: RedisUses } | null = null;

  constructor(place: RedisPlace) {
    const { protocol, host } = new URL(place.url);
    this.name = `store.url ${protocol}//${host}`; // without its password
    this.#place = place;
    this.#keys = new TenantKeys(place);
    this.leases = new RedisLeases({
      connection: () => this.#means.connection,
      uses: () => this.#means.uses,
      keys: this.#keys,
    });
  }

  async open(): Promise<TenantStore> {
    const { connection, uses } = this.#means;
    const store = new RedisTenantStore({ connection, uses, keys: this.#keys, place: this.name });
    try {
      await answering(connection);
      await store.open();
      return store;
    } catch (error) {
      connection.close();
      this.#made = null;
      throw error;
    }
  }

  get #means() {
    if (this.#made === null) {
      const connection = tellingConnection(connect(this.#place.url), this.name);
      this.#made = { connection, uses: new RedisUses(connection, this.#keys) };
    }
    return this.#made;
  }
}

/** @throws Error with the reason why it could not be reached. */
async function answering(connection: CommandConnection): Promise<void> {
  const end = performance.now() + OPENING_MS;
  for (;;) {
    try {
      await connection.call("PING");
      return;
    } catch (error) {
      if (performance.now() > end) {
        // Whoever opens it says where it should be.
        throw new Error(connection.trouble ?? "it does not answer", { cause: error });
      }
      await sleep(PAUSE_MS);
    }
  }
}
