/** Redis directory: tenants, keys and raises of all instances: read, page by page, and changed if nobody else has. */
import type { CommandConnection } from "../../redis/connection.ts";
import type { AuditEntry, TenantChange, TenantPage } from "../tenant-store.ts";
import type { TenantKeys } from "./keys.ts";
import { afterChange, recordIn, type TenantRecordText, tenantOf, textOf } from "./records.ts";
import { script } from "./scripts.ts";

/** Records read in one go. */
const PAGE = 500;
/** So often somebody else may have been faster. */
const ATTEMPTS = 50;
/** So many tenants are told by name to an instance that has not looked for a while. */
const REMEMBERED_CHANGES = 10_000;
/** After everything that begins with a prefix. */
const AFTER_ALL = "\u{10ffff}";

/** What is to be done at a tenant's counts, which are kept apart. */
export type DueTask =
  | { readonly kind: "erase"; readonly tenant: string }
  | {
      readonly kind: "reset";
      readonly tenant: string;
      readonly span: string;
      readonly counts: string;
    };

export interface NotedTask {
  readonly id: string;
  readonly task: DueTask;
}

export class RedisDirectory {
  readonly #connection: CommandConnection;
  readonly #keys: TenantKeys;
  readonly #writer: string;

  /** `writer` names this instance in what others are told of its changes. */
  constructor(connection: CommandConnection, keys: TenantKeys, writer: string) {
    this.#connection = connection;
    this.#keys = keys;
    this.#writer = writer;
  }

  async record(id: string): Promise<TenantRecordText> {
    return recordIn(await this.#text(id));
  }

  /** All of them; whoever changes meanwhile is told of as a change. */
  async all(): Promise<ReadonlyMap<string, TenantRecordText>> {
    const found = new Map<string, TenantRecordText>();
    let cursor = "0";
    do {
      const page = await this.#connection.call("HSCAN", this.#keys.records, cursor, "COUNT", PAGE);
      const [next, cells] = page as [string, string[]];
      for (let i = 0; i < cells.length; i += 2) found.set(cells[i], recordIn(cells[i + 1]));
      cursor = next;
    } while (cursor !== "0");
    return found;
  }

  async list({ prefix, after, limit }: TenantPage): Promise<readonly TenantRecordText[]> {
    const from = after >= prefix && after !== "" ? `(${after}` : `[${prefix}`;
    const to = `[${prefix}${AFTER_ALL}`;
    const { names } = this.#keys;
    const asked = ["ZRANGEBYLEX", names, from, to, "LIMIT", 0, limit] as const;
    const ids = (await this.#connection.call(...asked)) as string[];
    return [...(await this.#texts(ids)).values()].map(recordIn);
  }

  async count(): Promise<number> {
    return Number(await this.#connection.call("ZCARD", this.#keys.names));
  }

  async hasHadKeys(): Promise<boolean> {
    return (await this.#connection.call("HGET", this.#keys.facts, "has_had_keys")) !== null;
  }

  /**
   * Writes all of it and its entry, or nothing; returns what is still to be done at the counts.
   *
   * @throws TenantExists
   */
  async apply(changes: readonly TenantChange[], entry: AuditEntry): Promise<readonly NotedTask[]> {
    const ids = [...new Set(changes.map(tenantOf))];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await this.#texts(ids);
      const number = await this.#write(before, changes, entry);
      if (number >= 0) return notedTasks(changes, number);
    }
    throw new Error(
      `others have changed ${ids.join(", ").slice(0, 200)} ${ATTEMPTS} times meanwhile`,
    );
  }

  async #write(
    before: ReadonlyMap<string, string>,
    changes: readonly TenantChange[],
    entry: AuditEntry,
  ): Promise<number> {
    const after = new Map([...before].map(([id, text]) => [id, recordIn(text)]));
    for (const change of changes) {
      const id = tenantOf(change);
      after.set(id, afterChange(after.get(id) as TenantRecordText, change));
    }
    const erasing = changes.filter(({ kind }) => kind === "erase");
    const erased = new Set(erasing.map(tenantOf));
    const asked = {
      expected: [...before],
      written: [...after].map(([id, record]) => [id, textOf(record), record.tenant !== null]),
      hasKeys: changes.some(({ kind }) => kind === "put-key"),
      entry: JSON.stringify(entry),
      about: entry.tenant ?? "",
      due: tasksOf(changes).map((task) => JSON.stringify(task)),
      told: [...before.keys()].map((id) => [id, erased.has(id) ? 1 : 0]),
      writer: this.#writer,
      remembered: REMEMBERED_CHANGES,
    };
    const { directory, changed } = this.#keys;
    const args = [JSON.stringify(asked), changed];
    return Number(await this.#connection.run(script("apply"), directory, args));
  }

  async #text(id: string): Promise<string> {
    return ((await this.#connection.call("HGET", this.#keys.records, id)) as string | null) ?? "";
  }

  /** In the order of the ids. */
  async #texts(ids: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let first = 0; first < ids.length; first += PAGE) {
      const some = ids.slice(first, first + PAGE);
      const texts = await this.#connection.call("HMGET", this.#keys.records, ...some);
      (texts as (string | null)[]).forEach((text, i) => {
        found.set(some[i], text ?? "");
      });
    }
    return found;
  }
}

/** As `lua/apply.lua` has noted them. */
function notedTasks(changes: readonly TenantChange[], number: number): NotedTask[] {
  return tasksOf(changes).map((task, i) => ({ id: `${number}.${i + 1}`, task }));
}

function tasksOf(changes: readonly TenantChange[]): DueTask[] {
  return changes.flatMap((change): DueTask[] => {
    if (change.kind === "erase") return [{ kind: "erase", tenant: change.tenant }];
    if (change.kind !== "reset-use") return [];
    const { tenant, span, counts } = change;
    return [{ kind: "reset", tenant, span, counts }];
  });
}
