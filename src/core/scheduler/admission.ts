/** Admission: does a ticket fit in all its meters, and what changes in them when it is granted or settled. */
import type { Demand } from "../demand.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import type { Tickets } from "../queue/tickets.ts";
import { amountAt, amountIn, MAX_METERS_PER_PATH, type Path, SLOT } from "./path.ts";
import type { Flow, Tenant } from "./tenant.ts";

/** One demand on one path: amounts, price, fit. Kept between calls so that asking allocates nothing. */
export class Fit {
  /** Micro-units per meter of the path. */
  readonly amounts = new Float64Array(MAX_METERS_PER_PATH);
  /** Pool-nanoseconds per meter of the path. */
  readonly costs = new Float64Array(MAX_METERS_PER_PATH);
  /** The largest of the costs: the dominant share. */
  dominantCost = 0;
  /** The largest at the meters that other paths have, too. */
  sharedCost = 0;
  /** Microseconds until all meters fit; 0: now; Infinity: only a release can help. */
  wait = 0;
  /** Wait per meter of the path, microseconds. */
  readonly waits = new Float64Array(MAX_METERS_PER_PATH);

  /** Takes a demand that is not queued. */
  ask(demand: Demand, { meters, columns }: Path): void {
    for (let i = 0; i < meters.length; i++) {
      this.amounts[i] = amountIn(demand, columns[i], meters[i]);
    }
  }

  /** Takes a ticket without its price. */
  take(tickets: Tickets, row: number, { meters, columns }: Path): void {
    for (let i = 0; i < meters.length; i++) {
      this.amounts[i] = amountAt(tickets, row, columns[i], meters[i]);
    }
  }

  /** Takes a ticket with its price. */
  price(tickets: Tickets, row: number, path: Path): void {
    this.take(tickets, row, path);
    let dominant = 0;
    for (let i = 0; i < path.meters.length; i++) {
      const cost = path.cost(i, this.amounts[i]);
      this.costs[i] = cost;
      if (cost > dominant) dominant = cost;
    }
    this.dominantCost = dominant;
    this.sharedCost = 0;
    for (const i of path.sharedPlaces) this.sharedCost = Math.max(this.sharedCost, this.costs[i]);
  }

  /** How long until what was priced fits above these floors? */
  measure(path: Path, floors: Float64Array, now: number): void {
    this.wait = 0;
    for (let i = 0; i < path.meters.length; i++) {
      const amount = this.amounts[i];
      const wait = amount > 0 ? path.meters[i].waitFor(amount, floors[i], now) : 0;
      this.waits[i] = wait;
      if (wait > this.wait) this.wait = wait;
    }
  }
}

/** Costs of one settlement per meter of the path: as charged at the grant, and as they really were. */
const CHARGED = new Float64Array(MAX_METERS_PER_PATH);
const REAL = new Float64Array(MAX_METERS_PER_PATH);

/** Microseconds until the tenant's own meters fit; 0: now. */
export function ownWait(tickets: Tickets, row: number, tenant: Tenant, now: number): number {
  let wait = 0;
  for (let i = 0; i < tenant.meters.length; i++) {
    const amount = amountAt(tickets, row, tenant.columns[i], tenant.meters[i]);
    if (amount > 0) wait = Math.max(wait, tenant.meters[i].waitFor(amount, 0, now));
  }
  return wait;
}

/**
 * Microseconds until the i-th meter holds what the smallest demand could use; 0: now. Whoever
 * touches requests or slots takes at least one.
 */
export function leastWait(path: Path, i: number, floor: number, now: number): number {
  const meter = path.meters[i];
  const { dimension } = meter.label;
  const least = dimension === "requests" || dimension === "concurrency" ? MICRO_UNITS : 1;
  return meter.waitFor(least, floor, now);
}

/** Takes the reservation, whose price is in `fit`, from every meter: the path's and the tenant's. */
export function debitAll(tickets: Tickets, row: number, flow: Flow, fit: Fit, now: number): void {
  const { meters } = flow.lane.path;
  for (let i = 0; i < meters.length; i++) meters[i].debit(fit.amounts[i], now);
  const { tenant } = flow;
  for (let i = 0; i < tenant.meters.length; i++) {
    tenant.meters[i].debit(amountAt(tickets, row, tenant.columns[i], tenant.meters[i]), now);
  }
}

/**
 * Replaces the reservation by what was really counted, in every meter and in the fair account; the
 * tenant's own meters count what it has really used. Slots come back whole; their fair cost is
 * corrected by how long the call really took.
 */
export function settleAll(
  tickets: Tickets,
  row: number,
  flow: Flow,
  counted: Demand,
  used: Demand,
  now: number,
): void {
  const { path } = flow.lane;
  const elapsed = now - tickets.since.at(row);
  const predicted = tickets.predicted.at(row);
  for (let i = 0; i < path.meters.length; i++) {
    const meter = path.meters[i];
    const surplus = settleMeter(tickets, row, meter, path.columns[i], counted, now);
    if (path.columns[i] === SLOT) {
      CHARGED[i] = slotCost(meter, predicted);
      REAL[i] = slotCost(meter, elapsed);
    } else {
      CHARGED[i] = path.cost(i, amountAt(tickets, row, path.columns[i], meter));
      REAL[i] = CHARGED[i] - path.cost(i, surplus);
    }
  }
  flow.account.correct(flow, CHARGED, REAL, flow.band);
  const { tenant } = flow;
  for (let i = 0; i < tenant.meters.length; i++) {
    settleMeter(tickets, row, tenant.meters[i], tenant.columns[i], used, now);
  }
  path.recordUse(CHARGED, REAL);
  path.recordService(elapsed);
}

/** Settles one meter; returns what was reserved too much (negative: too little). */
function settleMeter(
  tickets: Tickets,
  row: number,
  meter: Meter,
  column: number,
  counted: Demand,
  now: number,
): number {
  const reserved = amountAt(tickets, row, column, meter);
  const surplus = column === SLOT ? reserved : reserved - amountIn(counted, column, meter);
  if (surplus !== 0) meter.credit(surplus, tickets.since.at(row), now);
  return column === SLOT ? 0 : surplus;
}

/** A slot held for this long costs as long as the pool of them needs to supply it. */
function slotCost(meter: Meter, micros: number): number {
  return (micros * 1_000 * MICRO_UNITS) / meter.capacity;
}
