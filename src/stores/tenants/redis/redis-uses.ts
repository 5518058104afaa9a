/** Redis uses: what tenants have used, each in a record of its own. */
import { decode, encode } from "@msgpack/msgpack";
import type { Span } from "../../../core/quota/quota-kind.ts";
import type { CommandConnection } from "../../redis/connection.ts";
import type { SpanTotals } from "../tenant-leases.ts";
import type { StoredUse } from "../tenant-store.ts";
import type { TenantKeys } from "./keys.ts";
import { script } from "./scripts.ts";

const MICROS_PER_MS = 1_000;
/** Records asked for at once. */
const PAGE = 500;

export class RedisUses {
  readonly #connection: CommandConnection;
  readonly #keys: TenantKeys;
  /** Tenants that are in the list of those whose use is counted. */
  readonly #listed = new Set<string>();

  constructor(connection: CommandConnection, keys: TenantKeys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /** In every window that is known, also such as have ended. */
  async of(tenant: string): Promise<readonly StoredUse[]> {
    const reply = await this.#connection.run(script("read-use"), [this.#keys.tenant(tenant)], []);
    const [day, month] = decode(reply as Uint8Array) as (SpanTotals | false)[];
    return [...usesIn(tenant, "day", day), ...usesIn(tenant, "month", month)];
  }

  async all(): Promise<readonly StoredUse[]> {
    const found: StoredUse[] = [];
    let cursor = "0";
    do {
      const page = await this.#connection.call("SSCAN", this.#keys.used, cursor, "COUNT", PAGE);
      const [next, ids] = page as [string, string[]];
      for (const uses of await Promise.all(ids.map((id) => this.of(id)))) found.push(...uses);
      cursor = next;
    } while (cursor !== "0");
    return found;
  }

  async add(uses: readonly StoredUse[]): Promise<void> {
    const byTenant = Map.groupBy(uses, ({ tenant }) => tenant);
    await Promise.all([...byTenant].map(([tenant, own]) => this.#add(tenant, own)));
  }

  /** Its use is counted from now on, so that it is found when all are asked for. */
  async list(tenant: string): Promise<void> {
    if (this.#listed.has(tenant)) return;
    await this.#connection.call("SADD", this.#keys.used, tenant);
    this.#listed.add(tenant);
  }

  async erase(tenant: string): Promise<void> {
    await this.#connection.run(script("begin-again"), [this.#keys.tenant(tenant)], ["erase"]);
    this.#listed.delete(tenant);
    await this.#connection.call("SREM", this.#keys.used, tenant);
  }

  async reset(tenant: string, span: string, counts: string): Promise<void> {
    await this.#connection.run(script("begin-again"), [this.#keys.tenant(tenant)], [span, counts]);
  }

  async #add(tenant: string, uses: readonly StoredUse[]): Promise<void> {
    await this.list(tenant);
    const rows = uses.map(({ tenant: _, endsAt, ...use }) => ({
      ...use,
      endsAt: endsAt * MICROS_PER_MS,
    }));
    const asked = Buffer.from(encode(rows));
    await this.#connection.run(script("add-use"), [this.#keys.tenant(tenant)], [asked]);
  }
}

function usesIn(tenant: string, span: Span, totals: SpanTotals | false | undefined): StoredUse[] {
  if (!totals) return [];
  const { endsAt, requests, tokens, usdMicros } = totals;
  return [{ tenant, span, endsAt: endsAt / MICROS_PER_MS, requests, tokens, usdMicros }];
}
