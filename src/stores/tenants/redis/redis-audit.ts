/** Redis audit: the log of who changed what, a stream with an index by tenant. */
import type { CommandConnection } from "../../redis/connection.ts";
import {
  AUDIT_MAX,
  type AuditEntry,
  type AuditPage,
  type StoredAuditEntry,
} from "../tenant-store.ts";
import type { TenantKeys } from "./keys.ts";

/** Entries looked at in one go. */
const PAGE = 500;

export class RedisAudit {
  readonly #connection: CommandConnection;
  readonly #keys: TenantKeys;

  constructor(connection: CommandConnection, keys: TenantKeys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /** Newest first. */
  async page({ tenant, before, limit }: AuditPage): Promise<readonly StoredAuditEntry[]> {
    const found: StoredAuditEntry[] = [];
    let last = before;
    while (found.length < limit) {
      const count = Math.min(PAGE, limit - found.length);
      const numbers = tenant === null ? null : await this.#numbersOf(tenant, last, count);
      const page =
        numbers === null ? await this.#before(last, count) : await this.#numbered(numbers);
      found.push(...page);
      const size = numbers === null ? page.length : numbers.length;
      if (size < count) break;
      last = numbers === null ? page[page.length - 1].id : numbers[numbers.length - 1];
    }
    return found;
  }

  /** Entries that are older, and those beyond the most that is kept. */
  async forget(before: number): Promise<void> {
    const { audit } = this.#keys;
    let surplus = Number(await this.#connection.call("XLEN", audit)) - AUDIT_MAX;
    for (;;) {
      const oldest = entriesIn(
        await this.#connection.call("XRANGE", audit, "-", "+", "COUNT", PAGE),
      );
      const kept = oldest.findIndex(({ at }, i) => at >= before && i >= surplus);
      const gone = kept < 0 ? oldest : oldest.slice(0, kept);
      await this.#drop(gone);
      surplus -= gone.length;
      if (gone.length < PAGE) return;
    }
  }

  /** What was noted of a tenant before an entry. */
  async forgetTenant(tenant: string, before: number): Promise<void> {
    for (;;) {
      const numbers = await this.#numbersOf(tenant, before, PAGE);
      if (numbers.length === 0) return;
      await this.#delete(
        numbers,
        numbers.map((number) => memberOf(tenant, number)),
      );
    }
  }

  async #before(last: number, count: number): Promise<StoredAuditEntry[]> {
    const { audit } = this.#keys;
    return entriesIn(
      await this.#connection.call("XREVRANGE", audit, `(${last}-0`, "-", "COUNT", count),
    );
  }

  async #numbersOf(tenant: string, before: number, count: number): Promise<number[]> {
    const from = `(${memberOf(tenant, before)}`;
    const to = `[${tenant}\0`;
    const { auditOf } = this.#keys;
    const members = await this.#connection.call(
      ...(["ZREVRANGEBYLEX", auditOf, from, to, "LIMIT", 0, count] as const),
    );
    return (members as string[]).map((member) => Number(member.slice(tenant.length + 1)));
  }

  async #numbered(numbers: readonly number[]): Promise<StoredAuditEntry[]> {
    const { audit } = this.#keys;
    const pages = await Promise.all(
      numbers.map((number) => this.#connection.call("XRANGE", audit, `${number}-0`, `${number}-0`)),
    );
    return pages.flatMap(entriesIn);
  }

  async #drop(entries: readonly StoredAuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const members = entries.flatMap(({ tenant, id }) =>
      tenant === null ? [] : [memberOf(tenant, id)],
    );
    await this.#delete(
      entries.map(({ id }) => id),
      members,
    );
  }

  /** The index last: what is left of an interrupted deletion is found and deleted again. */
  async #delete(numbers: readonly number[], members: readonly string[]): Promise<void> {
    const { audit, auditOf } = this.#keys;
    await this.#connection.call("XDEL", audit, ...numbers.map((number) => `${number}-0`));
    if (members.length > 0) await this.#connection.call("ZREM", auditOf, ...members);
  }
}

/** As `lua/apply.lua` writes it: names hold no zero byte, so one tenant's members lie together. */
function memberOf(tenant: string, number: number): string {
  return `${tenant}\0${String(number).padStart(16, "0")}`;
}

function entriesIn(reply: unknown): StoredAuditEntry[] {
  return (reply as [string, string[]][]).map(([id, [, text]]) => ({
    ...(JSON.parse(text) as AuditEntry),
    id: Number.parseInt(id, 10),
  }));
}
