/** Redis tenant store: tenants, keys, use and audit log of all instances that share one Redis. */
import { randomUUID } from "node:crypto";
import type { CommandConnection } from "../../redis/connection.ts";
import {
  type AuditEntry,
  type AuditPage,
  type ChangedTenant,
  EXPORTED_AUDIT,
  type StoredAuditEntry,
  type StoredRaise,
  type StoredTenant,
  type StoredUse,
  type TenantChange,
  type TenantExport,
  type TenantPage,
  type TenantSnapshot,
  type TenantStore,
} from "../tenant-store.ts";
import type { TenantKeys } from "./keys.ts";
import { RedisAudit } from "./redis-audit.ts";
import { type DueTask, type NotedTask, RedisDirectory } from "./redis-directory.ts";
import type { RedisUses } from "./redis-uses.ts";

export interface RedisTenantStoreParts {
  readonly connection: CommandConnection;
  readonly keys: TenantKeys;
  readonly uses: RedisUses;
  readonly place: string;
}

export class RedisTenantStore implements TenantStore {
  readonly place: string;
  readonly #connection: CommandConnection;
  readonly #keys: TenantKeys;
  readonly #writer = randomUUID();
  readonly #directory: RedisDirectory;
  readonly #uses: RedisUses;
  readonly #audit: RedisAudit;
  /** The last change that was looked at; null: none was. */
  #seen: number | null = null;
  /** Tasks of others that were seen undone: once more, and whoever noted them is gone. */
  #undone: ReadonlySet<string> = new Set();

  constructor({ connection, keys, uses, place }: RedisTenantStoreParts) {
    this.place = place;
    this.#connection = connection;
    this.#keys = keys;
    this.#directory = new RedisDirectory(connection, keys, this.#writer);
    this.#uses = uses;
    this.#audit = new RedisAudit(connection, keys);
  }

  /** @throws Error when Redis does not answer. */
  async open(): Promise<void> {
    this.#seen = await this.#lastChange();
  }

  async load(now: number): Promise<TenantSnapshot> {
    this.#seen = await this.#lastChange();
    const records = [...(await this.#directory.all()).values()];
    const tenants = records.flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
    return {
      tenants: tenants.sort((a, b) => (a.id < b.id ? -1 : 1)),
      raises: records.flatMap(({ raises }) => raises),
      uses: (await this.#uses.all()).filter(({ endsAt }) => endsAt > now),
      hasHadKeys: await this.#directory.hasHadKeys(),
    };
  }

  async tenant(id: string): Promise<StoredTenant | null> {
    return (await this.#directory.record(id)).tenant;
  }

  async list(page: TenantPage): Promise<readonly StoredTenant[]> {
    const records = await this.#directory.list(page);
    return records.flatMap(({ tenant }) => (tenant === null ? [] : [tenant]));
  }

  count(): Promise<number> {
    return this.#directory.count();
  }

  async raisesOf(tenant: string): Promise<readonly StoredRaise[]> {
    return (await this.#directory.record(tenant)).raises;
  }

  async usesOf(tenant: string, now: number): Promise<readonly StoredUse[]> {
    return (await this.#uses.of(tenant)).filter(({ endsAt }) => endsAt > now);
  }

  async apply(changes: readonly TenantChange[], entry: AuditEntry): Promise<void> {
    for (const noted of await this.#directory.apply(changes, entry)) await this.#do(noted);
  }

  addUse(uses: readonly StoredUse[]): Promise<void> {
    return this.#uses.add(uses);
  }

  audit(page: AuditPage): Promise<readonly StoredAuditEntry[]> {
    return this.#audit.page(page);
  }

  async note(entry: AuditEntry): Promise<void> {
    await this.#directory.apply([], entry);
  }

  forgetAudit(before: number): Promise<void> {
    return this.#audit.forget(before);
  }

  async exportOf(tenant: string): Promise<TenantExport> {
    const page = { tenant, before: Number.MAX_SAFE_INTEGER, limit: EXPORTED_AUDIT };
    return {
      ...(await this.#directory.record(tenant)),
      uses: await this.#uses.of(tenant),
      audit: await this.#audit.page(page),
    };
  }

  async changed(): Promise<readonly ChangedTenant[] | "all"> {
    await this.#doWhatIsLeft();
    const since = this.#seen;
    const last = await this.#lastChange();
    if (last === since) return [];
    this.#seen = last;
    if (since === null || last < since) return "all"; // it is another log
    const { changes } = this.#keys;
    const asked = ["ZRANGEBYSCORE", changes, since + 1, last] as const;
    const members = (await this.#connection.call(...asked)) as string[];
    return members.length < last - since ? "all" : this.#othersIn(members);
  }

  /** A hint, which may be lost: `changed` tells. */
  watch(onChanged: () => void): () => void {
    return this.#connection.subscribe(this.#keys.changed, onChanged);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }

  async #lastChange(): Promise<number> {
    return Number((await this.#connection.call("HGET", this.#keys.facts, "seq")) ?? 0);
  }

  #othersIn(members: readonly string[]): ChangedTenant[] {
    const isErased = new Map<string, boolean>();
    for (const member of members) {
      const [, writer, erased, ...name] = member.split(" ");
      if (writer === this.#writer) continue;
      const tenant = name.join(" ");
      isErased.set(tenant, erased === "1" || isErased.get(tenant) === true);
    }
    return [...isErased].map(([tenant, erased]) => ({ tenant, isErased: erased }));
  }

  async #do({ id, task }: NotedTask): Promise<void> {
    if (task.kind === "erase") {
      await this.#uses.erase(task.tenant);
      await this.#audit.forgetTenant(task.tenant, Number.parseInt(id, 10));
    } else await this.#uses.reset(task.tenant, task.span, task.counts);
    await this.#connection.call("HDEL", this.#keys.due, id);
  }

  /** What an instance has decided that has died since. */
  async #doWhatIsLeft(): Promise<void> {
    const cells = (await this.#connection.call("HGETALL", this.#keys.due)) as string[];
    const left = new Map<string, string>();
    for (let i = 0; i < cells.length; i += 2) left.set(cells[i], cells[i + 1]);
    for (const [id, text] of left) {
      if (this.#undone.has(id)) await this.#do({ id, task: JSON.parse(text) as DueTask });
    }
    this.#undone = new Set(left.keys());
  }
}
