/** Use flush: takes what tenants have used to the store, at most a second behind, a slice at a time. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { StoredUse, TenantStore } from "../../stores/tenants/tenant-store.ts";
import type { TenantLedger } from "./tenant-ledgers.ts";

/** Written in one go: a few milliseconds, in which no request is looked at. */
const SLICE = 250;

export class UseFlush {
  #dirty = new Set<TenantLedger>();

  /** It has used something since it was written last. */
  add(ledger: TenantLedger): void {
    this.#dirty.add(ledger);
  }

  /** What it has used is not to be written any more. */
  forget(tenant: string): void {
    for (const ledger of this.#dirty) if (ledger.id === tenant) this.#dirty.delete(ledger);
  }

  /**
   * What cannot be written stays, to be written with the next.
   *
   * @throws Error of the store.
   */
  async writeTo(store: TenantStore, now: number): Promise<void> {
    const ledgers = [...this.#dirty];
    this.#dirty = new Set();
    for (let first = 0; first < ledgers.length; first += SLICE) {
      try {
        await this.#write(ledgers.slice(first, first + SLICE), store, now);
      } catch (error) {
        for (const ledger of ledgers.slice(first)) this.#dirty.add(ledger);
        throw error;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #write(ledgers: readonly TenantLedger[], store: TenantStore, now: number): Promise<void> {
    const taken = ledgers.map((ledger) => ({ ledger, states: ledger.use.takeFresh(now) }));
    const rows = taken.flatMap(({ ledger: { id: tenant }, states }) =>
      states.map(
        (state): StoredUse => ({ ...state, tenant, endsAt: state.endsAt / MICROS_PER_MS }),
      ),
    );
    try {
      await store.addUse(rows);
    } catch (error) {
      for (const { ledger, states } of taken) ledger.use.giveBack(states, now);
      throw error;
    }
  }
}
