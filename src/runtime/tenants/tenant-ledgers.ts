/** Tenant ledgers: what each tenant has used and usually uses; kept by name while tenants change. */
import { TenantUse } from "../../core/quota/tenant-use.ts";
import { UsualRate } from "../../core/quota/usual-rate.ts";
import { UTC_ENDS } from "../../tenants/utc-spans.ts";

/** Below these in a minute nobody is taken for a runaway: a request a second, one long prompt. */
const LEAST_REQUESTS = 60;
const LEAST_TOKENS = 100_000;

/** Tenants that are in no file and no store; the oldest are forgotten. */
const REMEMBERED_OTHERS = 20_000;

export interface TenantLedger {
  readonly id: string;
  readonly use: TenantUse;
  readonly requests: UsualRate;
  readonly tokens: UsualRate;
}

export class TenantLedgers {
  readonly #now: () => number;
  readonly #known = new Map<string, TenantLedger>();
  readonly #others = new Map<string, TenantLedger>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Of a tenant that a file or the store knows. */
  known(id: string): TenantLedger {
    const ledger = this.#known.get(id) ?? this.#others.get(id) ?? this.#create(id);
    this.#known.set(id, ledger);
    this.#others.delete(id);
    return ledger;
  }

  /** Of any other. */
  other(id: string): TenantLedger {
    const ledger = this.#known.get(id) ?? this.#others.get(id);
    if (ledger) return ledger;
    if (this.#others.size >= REMEMBERED_OTHERS) {
      const oldest = this.#others.keys().next().value;
      if (oldest !== undefined) this.#others.delete(oldest);
    }
    const created = this.#create(id);
    this.#others.set(id, created);
    return created;
  }

  /** It is that of a tenant of the file or the store, and was not forgotten. */
  isKnown(ledger: TenantLedger): boolean {
    return this.#known.get(ledger.id) === ledger;
  }

  /** It is in no file and no store any more: what it has used is kept among the others. */
  release(id: string): void {
    const ledger = this.#known.get(id);
    if (ledger === undefined) return;
    this.#known.delete(id);
    this.other(id);
    this.#others.set(id, ledger);
  }

  forget(id: string): void {
    this.#known.delete(id);
    this.#others.delete(id);
  }

  #create(id: string): TenantLedger {
    return {
      id,
      use: new TenantUse(UTC_ENDS, this.#now()),
      requests: new UsualRate(LEAST_REQUESTS),
      tokens: new UsualRate(LEAST_TOKENS),
    };
  }
}
