/** Passed reservation: the place of a request that went at once; it is counted, but nothing was held for it. */
import { amountOf, type Demand, NO_DEMAND } from "../../core/demand.ts";
import type { Meter } from "../../core/meter/meter.ts";
import { toMicro } from "../../core/queue/tickets.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { Account } from "../account/account.ts";
import type { Ask } from "../account/ask.ts";
import { Reservation } from "../account/reservation.ts";

/** The meters follow what is really sent, so here a level may fall below zero without a settlement. */
export class PassedReservation extends Reservation {
  readonly #path: Path;
  readonly #sentAt: number;
  readonly #onSettled: (counted: Demand, now: number) => void;
  #isSettled = false;

  constructor(
    account: Account,
    ask: Ask,
    now: number,
    onSettled: (counted: Demand, now: number) => void,
  ) {
    super(account, ask);
    this.#path = account.pathFor(ask.target);
    this.#sentAt = now;
    this.#onSettled = onSettled;
    for (const meter of this.#meters) meter.debit(reserved(ask.demand, meter), now);
  }

  override get path(): Path {
    return this.#path;
  }

  /** It does not wait, so it cannot leave: its end is a settlement. */
  override cancel(): boolean {
    return false;
  }

  override settle(counted: Demand, now: number, used: Demand = counted): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.conclude(null, now);
    const { tenant, demand } = this.ask;
    const settleAll = (meters: readonly Meter[], real: Demand) => {
      for (const meter of meters) {
        const surplus = reserved(demand, meter) - kept(real, meter);
        if (surplus !== 0) meter.credit(surplus, this.#sentAt, now);
      }
    };
    settleAll(this.#path.meters, counted);
    settleAll(tenant.meters, used);
    this.account.settled(this, counted);
    this.#onSettled(counted, now);
  }

  /** Nothing is tried again on the client's behalf. */
  override retry(counted: Demand, _eligibleAt: number, _expiresAt: number, now: number): void {
    this.settle(counted, now, NO_DEMAND);
  }

  get #meters(): readonly Meter[] {
    return [...this.#path.meters, ...this.ask.tenant.meters];
  }
}

function reserved(demand: Demand, { label }: Meter): number {
  return toMicro(amountOf(demand, label.dimension));
}

/** A slot comes back whole. */
function kept(counted: Demand, { label }: Meter): number {
  return label.dimension === "concurrency" ? 0 : toMicro(amountOf(counted, label.dimension));
}
