/** Running calls: those that have not ended, so that they can be ended from outside. */
import type { StoreConfig } from "../../config/config.ts";
import type { Call } from "./call.ts";

export class RunningCalls {
  readonly #calls = new Set<Call>();

  add(call: Call): void {
    this.#calls.add(call);
  }

  delete(call: Call): void {
    this.#calls.delete(call);
  }

  /** The tenant's slots are about to be lent to other instances. */
  loseSlotsOf(tenant: string, store: StoreConfig): void {
    if (store.kind !== "redis" || store.onLeaseLoss !== "abort") return;
    for (const call of this.#calls) {
      if (call.plan.tenant.id === tenant) call.loseSlots();
    }
  }
}
