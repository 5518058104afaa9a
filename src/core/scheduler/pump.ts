/**
 * Pump: one round of grants. It ends waits that are over, then serves guarantees with credit, then
 * the bands in their order, until nothing more fits.
 */
import { TicketState } from "../queue/tickets.ts";
import { debitAll, Fit, leastWait, ownWait } from "./admission.ts";
import type { Backlog } from "./backlog.ts";
import type { Band, Lane } from "./band.ts";
import type { Blockages, Payer } from "./blockages.ts";
import type { Ceiling } from "./ceiling.ts";
import type { Guarantee } from "./guarantee.ts";
import { GRANTS_PER_PUMP, PROBES_PER_PUMP } from "./options.ts";
import type { Relief } from "./relief.ts";
import { type Flow, rekeyFlows } from "./tenant.ts";

export interface Pumped {
  /** References of the tickets that may be sent now, in the order of their grants. */
  readonly granted: readonly unknown[];
  /** References of the tickets whose max wait is over, or has become hopeless. */
  readonly expired: readonly unknown[];
  /** References of the tickets that made room for more important ones in a full queue. */
  readonly displaced: readonly unknown[];
  /** When to pump again if nothing else happens, microseconds; Infinity: nothing to wait for. */
  readonly wakeAt: number;
}

export interface PumpParts {
  readonly bands: readonly Band<Flow>[];
  readonly guarantees: readonly Guarantee[];
  /** By band. */
  readonly guaranteesOf: readonly (readonly Guarantee[])[];
  readonly ceilingsOf: readonly (readonly Ceiling[])[];
  readonly backlog: Backlog;
  readonly blockages: Blockages;
  readonly relief: Relief;
}

export class Pump {
  readonly #bands: readonly Band<Flow>[];
  readonly #guarantees: readonly Guarantee[];
  readonly #guaranteesOf: readonly (readonly Guarantee[])[];
  readonly #ceilingsOf: readonly (readonly Ceiling[])[];
  readonly #backlog: Backlog;
  readonly #blockages: Blockages;
  readonly #relief: Relief;
  readonly #fit = new Fit();
  readonly #stash: Flow[] = [];
  /** Of this round; whatever is marked with it holds for this round only. */
  #number = 0;
  #wake = Number.POSITIVE_INFINITY;
  #granted: unknown[] = [];

  constructor(parts: PumpParts) {
    this.#bands = parts.bands;
    this.#guarantees = parts.guarantees;
    this.#guaranteesOf = parts.guaranteesOf;
    this.#ceilingsOf = parts.ceilingsOf;
    this.#backlog = parts.backlog;
    this.#blockages = parts.blockages;
    this.#relief = parts.relief;
  }

  /** Ends waits that are over and grants whatever fits, best first. */
  run(now: number): Pumped {
    this.#number++;
    this.#granted = [];
    this.#wake = Number.POSITIVE_INFINITY;
    this.#blockages.begin(this.#number);
    const due = this.#backlog.due(now);
    const expired: unknown[] = [];
    for (const row of due) {
      if (this.#backlog.tickets.expiresAt.at(row) < now) this.#expire(row, expired);
    }
    this.#endHopeless(expired);
    this.#backlog.advance(now);
    for (let i = 0; i < this.#guarantees.length; i++) this.#serveGuarantee(i, now);
    for (const band of this.#bands) if (band.competing > 0) this.#serveBand(band, now);
    const isFull = this.#granted.length >= GRANTS_PER_PUMP;
    if (this.#endLastChances(due, isFull, expired) || isFull) this.#wakeIn(0, now);
    const wakeAt = Math.max(now, Math.min(this.#wake, this.#backlog.nextAt));
    const displaced = this.#backlog.takeDisplaced();
    return { granted: this.#granted, expired, displaced, wakeAt };
  }

  /** Ends only the waits that have become hopeless; returns their references. */
  endHopeless(): readonly unknown[] {
    const expired: unknown[] = [];
    this.#endHopeless(expired);
    return expired;
  }

  #endHopeless(expired: unknown[]): void {
    for (const row of this.#backlog.takeHopeless()) this.#expire(row, expired);
  }

  #expire(row: number, expired: unknown[]): void {
    expired.push(this.#backlog.tickets.references[row]);
    this.#backlog.remove(row);
    this.#backlog.tickets.free(row);
  }

  /**
   * What is due but not over was tried a last time in this pump, so that a short wait finds the
   * room there is. Says whether a wait has ended that may have held others back.
   */
  #endLastChances(due: readonly number[], isFull: boolean, expired: unknown[]): boolean {
    let hasEnded = false;
    for (const row of due) {
      if (!this.#backlog.isWaiting(row)) continue;
      hasEnded = true;
      if (isFull) this.#backlog.wheel.postpone(row);
      else this.#expire(row, expired);
    }
    return hasEnded;
  }

  /** A guarantee with credit goes before the strict order, may use the holdback, and may be bypassed by its share. */
  #serveGuarantee(index: number, now: number): void {
    const guarantee = this.#guarantees[index];
    let isBlocked = false;
    while (guarantee.waiting > 0 && this.#granted.length < GRANTS_PER_PUMP) {
      const lane = this.#firstLane(guarantee, now);
      if (lane === null) return;
      const flow = lane.flows.top as Flow;
      const row = flow.waiting.top;
      this.#fit.price(this.#backlog.tickets, row, lane.path);
      if (isBlocked && this.#blockages.meetsCredited(index, lane.path, this.#fit)) {
        lane.passedOverIn = this.#number; // the credit is for the head before it
        continue;
      }
      const cost = this.#fit.dominantCost;
      if (!guarantee.canPay(cost, now)) {
        this.#wakeIn(guarantee.timeUntil(cost), now);
        return;
      }
      const payer = { guarantee: index, bound: guarantee.bypassBound(cost) };
      const served = this.#tryServe(flow, row, lane.path.floorsFirst, payer, now);
      if (served !== "blocked") continue;
      lane.passedOverIn = this.#number;
      isBlocked = true;
    }
  }

  #firstLane(guarantee: Guarantee, now: number): Lane<Flow> | null {
    for (const band of guarantee.bands) {
      if (this.#isCapped(band, now)) continue;
      const lane = this.#bands[band].bestLane(this.#number, "passedOverIn");
      if (lane !== null) return lane;
    }
    return null;
  }

  /** Has the band had as much as its tier may have? */
  #isCapped(band: number, now: number): boolean {
    let longest = 0;
    for (const ceiling of this.#ceilingsOf[band]) longest = Math.max(longest, ceiling.waitFor(now));
    if (longest > 0) this.#wakeIn(longest, now);
    return longest > 0;
  }

  /** Beyond its guarantee nothing leaves by lanes that are held back under pressure. */
  #holdLanes(band: Band<Flow>, now: number): void {
    if (!this.#relief.mayHold(band.index)) return;
    for (const lane of band.lanes) {
      if (lane.flows.size === 0 || !this.#relief.isHeld(lane.path, band.index, now)) continue;
      lane.closedIn = this.#number;
      this.#wakeIn(this.#relief.checkIn(lane.path, now), now);
    }
  }

  #serveBand(band: Band<Flow>, now: number): void {
    this.#holdLanes(band, now);
    while (this.#granted.length < GRANTS_PER_PUMP && !this.#isCapped(band.index, now)) {
      const lane = band.bestLane(this.#number, "closedIn");
      if (lane === null) break;
      if (lane.sparse === 0 && this.#blockages.isClosed(lane.path, band.index)) {
        lane.closedIn = this.#number;
        continue;
      }
      const flow = lane.flows.top as Flow;
      const row = flow.waiting.top;
      this.#fit.price(this.#backlog.tickets, row, lane.path);
      const floors = band.index === 0 ? lane.path.floorsFirst : lane.path.floorsOther;
      if (this.#tryServe(flow, row, floors, null, now) === "blocked") {
        lane.flows.remove(flow);
        this.#stash.push(flow);
        if (lane.countProbe(this.#number) >= PROBES_PER_PUMP) lane.closedIn = this.#number;
      }
    }
    this.#restoreStash();
  }

  /** Serves a head whose price is in `#fit`; what blocks it is noted for those behind it. */
  #tryServe(
    flow: Flow,
    row: number,
    floors: Float64Array,
    payer: Payer | null,
    now: number,
  ): "granted" | "parked" | "blocked" {
    const { tickets } = this.#backlog;
    const { path } = flow.lane;
    const wait = ownWait(tickets, row, flow.tenant, now);
    if (wait > 0) {
      this.#backlog.park(flow, now + wait);
      return "parked";
    }
    const passage = this.#blockages.passage(flow, row, this.#fit);
    if (passage === "yields") this.#blockages.yield(flow, row, this.#fit, payer);
    if (passage !== "open") return "blocked";
    this.#fit.measure(path, floors, now);
    if (this.#fit.wait > 0) {
      this.#block(flow, row, floors, payer, now);
      return "blocked";
    }
    this.#grant(flow, row, now);
    return "granted";
  }

  /**
   * A head stands in the way only at the meter it waits for longest: what else it lacks will have
   * come back by then, and a model at its limit must not hold the account for its requests.
   */
  #block(flow: Flow, row: number, floors: Float64Array, payer: Payer | null, now: number): void {
    const { path } = flow.lane;
    this.#wakeIn(this.#fit.wait, now);
    for (let i = 0; i < path.meters.length; i++) {
      const wait = this.#fit.waits[i];
      if (wait === 0) continue;
      const { frozenUntil, probeAt } = path.meters[i]; // a long rest is probed before it is over
      if (now < probeAt && probeAt < frozenUntil) this.#wakeIn(probeAt - now, now);
      if (wait === this.#fit.wait) this.#blockages.block(flow, row, i, this.#fit, payer);
      const least = leastWait(path, i, floors[i], now);
      if (least === 0) continue;
      this.#blockages.drain(path.indexes[i]);
      this.#wakeIn(least, now); // those behind are not looked at any more
    }
  }

  #grant(flow: Flow, row: number, now: number): void {
    const { tickets } = this.#backlog;
    const { path } = flow.lane;
    const isPassing = this.#blockages.recordPassing(path, this.#fit);
    this.#take(flow, row, isPassing, now);
    this.#granted.push(tickets.references[row]);
  }

  #take(flow: Flow, row: number, isPassing: boolean, now: number): void {
    const { tickets } = this.#backlog;
    const { path } = flow.lane;
    debitAll(tickets, row, flow, this.#fit, now);
    flow.account.charge(flow, this.#fit.costs, flow.band, isPassing);
    if (!isPassing) flow.band.peakWeight = flow.band.activeWeight;
    this.#backlog.remove(row);
    const { index } = flow.band;
    for (const guarantee of this.#guaranteesOf[index]) guarantee.spend(this.#fit.dominantCost);
    for (const ceiling of this.#ceilingsOf[index]) ceiling.spend(this.#fit.dominantCost);
    tickets.state.set(row, TicketState.granted);
    tickets.since.set(row, now);
    tickets.predicted.set(row, path.serviceMicros);
    flow.granted++;
    rekeyFlows(flow);
  }

  /** Grants what somebody else has decided to be next. */
  grantNow(flow: Flow, row: number, now: number): void {
    const { path } = flow.lane;
    this.#fit.price(this.#backlog.tickets, row, path);
    this.#take(flow, row, false, now);
  }

  #restoreStash(): void {
    for (const flow of this.#stash) flow.lane.flows.add(flow, flow.tag);
    this.#stash.length = 0;
  }

  #wakeIn(wait: number, now: number): void {
    if (now + wait < this.#wake) this.#wake = now + wait;
  }
}
