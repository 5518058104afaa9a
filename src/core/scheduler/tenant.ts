/** Tenant: its weight, its own meters, its fair accounts, and its flows, by which it competes. */
import type { Meter } from "../meter/meter.ts";
import type { Keyed } from "../queue/keyed-heap.ts";
import { Line } from "../queue/line.ts";
import type { Tickets } from "../queue/tickets.ts";
import type { Band, Lane } from "./band.ts";
import { FairAccount } from "./fair-account.ts";
import { columnOf } from "./path.ts";

export interface TenantOptions {
  readonly id: string;
  /** Tier weight x tenant weight, above 0. */
  readonly weight: number;
  /** Meters of its own, over all upstreams; may be shared between schedulers. */
  readonly meters: readonly Meter[];
}

export class Tenant {
  readonly id: string;
  readonly meters: readonly Meter[];
  readonly columns: readonly number[];
  /** By path and band; see `Scheduler`. */
  readonly flows = new Map<number, Flow>();
  #weight: number;
  readonly #accounts: FairAccount<Flow>[] = [];

  constructor(options: TenantOptions) {
    this.id = options.id;
    this.meters = options.meters;
    this.columns = options.meters.map(columnOf);
    this.#weight = options.weight;
  }

  get weight(): number {
    return this.#weight;
  }

  set weight(weight: number) {
    this.#weight = weight;
    for (const { band, account } of this.flows.values()) {
      band.reweigh(account, weight);
      account.weight = weight;
    }
    for (const account of this.#accounts) if (account !== undefined) account.weight = weight;
  }

  accountIn(band: number): FairAccount<Flow> {
    this.#accounts[band] ??= new FairAccount<Flow>(this.#weight);
    return this.#accounts[band];
  }

  /** Demand at its i-th own meter that waits in this band and those above, in micro-units. */
  queuedAhead(band: number, i: number): number {
    let sum = 0;
    for (let index = 0; index <= band; index++) sum += this.#accounts[index]?.queuedAtOwn[i] ?? 0;
    return sum;
  }

  /** Forgets its flows, and with them its debt in the fair order. */
  forget(): void {
    this.flows.clear();
    this.#accounts.length = 0;
  }

  get isIdle(): boolean {
    for (const flow of this.flows.values()) {
      if (flow.queued > 0 || flow.granted > 0) return false;
    }
    return true;
  }
}

/** The tickets of one tenant in one band on one path; what competes. */
export class Flow implements Keyed {
  readonly id: number;
  key = 0;
  heapIndex = -1;
  tag = 0;
  readonly band: Band<Flow>;
  readonly lane: Lane<Flow>;
  readonly tenant: Tenant;
  readonly account: FairAccount<Flow>;
  readonly waiting: Line;
  /** Blocked by the tenant's own meters: out of the competition until then; 0: it competes. */
  parkedUntil = 0;
  /** Tickets not granted yet, wherever they wait, and tickets granted and not yet settled. */
  queued = 0;
  granted = 0;
  /** Demand of those not granted yet, micro-units per group of the path's meters. */
  readonly queuedByGroup: Float64Array;

  constructor(id: number, lane: Lane<Flow>, tenant: Tenant, tickets: Tickets) {
    this.id = id;
    this.band = lane.band;
    this.lane = lane;
    this.tenant = tenant;
    this.account = tenant.accountIn(lane.band.index);
    this.account.flows.push(this);
    this.waiting = new Line(tickets);
    this.queuedByGroup = new Float64Array(lane.path.groupMeters.length);
  }

  get isCompeting(): boolean {
    return this.heapIndex >= 0;
  }
}

/** A tenant's account in a band is one on all its paths: a grant on one moves it on the others. */
export function rekeyFlows(flow: Flow): void {
  const { flows } = flow.account;
  for (let i = 0; i < flows.length; i++) {
    const sibling = flows[i];
    if (sibling.isCompeting && sibling.parkedUntil === 0)
      sibling.lane.flows.rekey(sibling, sibling.tag);
  }
}
