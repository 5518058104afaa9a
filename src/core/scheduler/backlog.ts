/** Backlog: every ticket that is not granted yet, in its flow, its band's sums, and the expiry wheel. */

import type { Meter } from "../meter/meter.ts";
import { ExpiryWheel } from "../queue/expiry-wheel.ts";
import { type Keyed, KeyedHeap } from "../queue/keyed-heap.ts";
import { type Handle, TicketState, Tickets } from "../queue/tickets.ts";
import type { Band } from "./band.ts";
import type { Guarantee } from "./guarantee.ts";
import { amountAt, MAX_METERS_PER_PATH } from "./path.ts";
import type { Flow } from "./tenant.ts";

/** A retry that has to stay away until `key` (microseconds). */
interface Later extends Keyed {
  readonly row: number;
}

const NONE: readonly number[] = [];

export class Backlog {
  readonly tickets = new Tickets();
  readonly wheel: ExpiryWheel;
  /** Flow of each ticket's `flow` number. */
  readonly flows: Flow[] = [];
  readonly #guaranteesOf: readonly (readonly Guarantee[])[];
  readonly #later = new KeyedHeap<Later>();
  readonly #laterByRow = new Map<number, Later>();
  readonly #parked = new KeyedHeap<Flow>();
  /** Tickets that are hopeless since a meter was frozen, and references of those that made room. */
  #hopeless: Handle[] = [];
  #displaced: unknown[] = [];
  #waiting = 0;
  /** Of one ticket, per group of its path; kept so that counting allocates nothing. */
  readonly #amounts = new Float64Array(MAX_METERS_PER_PATH);

  constructor(now: number, guaranteesOf: readonly (readonly Guarantee[])[]) {
    this.wheel = new ExpiryWheel(this.tickets, now);
    this.#guaranteesOf = guaranteesOf;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Queues a ticket whose columns are filled; it competes from `eligibleAt` on. */
  add(row: number, eligibleAt: number, now: number): void {
    this.wheel.add(row);
    this.#waiting++;
    this.#count(row, 1);
    if (eligibleAt <= now) this.#enter(row, now);
    else this.#postpone(row, eligibleAt);
  }

  /** Takes a ticket out, wherever it waits. The row stays allocated. */
  remove(row: number): void {
    this.wheel.remove(row);
    this.#waiting--;
    this.#count(row, -1);
    if (this.tickets.state.at(row) === TicketState.later) this.#dropLater(row);
    else this.#leave(row);
  }

  /** Rows of all that waits, in the order of arrival. */
  waitingRows(): number[] {
    const { sequence, rows: count } = this.tickets;
    const rows: number[] = [];
    for (let row = 0; row < count; row++) if (this.isWaiting(row)) rows.push(row);
    return rows.sort((a, b) => sequence.at(a) - sequence.at(b));
  }

  /** By band, when its oldest waiting ticket was queued. */
  oldestByBand(): ReadonlyMap<number, number> {
    const oldest = new Map<number, number>();
    for (const row of this.waitingRows()) {
      const { index } = this.flows[this.tickets.flow.at(row)].band;
      const since = this.tickets.since.at(row);
      oldest.set(index, Math.min(since, oldest.get(index) ?? since));
    }
    return oldest;
  }

  /** Rows whose wait ends now, or so soon that it may end now. */
  due(now: number): number[] {
    const rows: number[] = [];
    this.wheel.collect(now, rows);
    return rows;
  }

  /** Rows that still wait though it is hopeless. */
  takeHopeless(): readonly number[] {
    if (this.#hopeless.length === 0) return NONE;
    const handles = new Set(this.#hopeless);
    this.#hopeless = [];
    const rows = [...handles].map((handle) => this.tickets.rowOf(handle));
    return rows.filter((row) => row >= 0 && this.isWaiting(row));
  }

  /** A row that would be served late, in the lowest band below `band` that has one; -1: none. */
  lastBelow(band: number, bands: readonly Band<Flow>[]): number {
    for (let index = bands.length - 1; index > band; index--) {
      if (bands[index].waiting > 0) return this.#lastOf(bands[index]);
    }
    return -1;
  }

  /** Of those that compete if any do; else of those held back, which may take a walk over them. */
  #lastOf(band: Band<Flow>): number {
    const lane = band.lanes.find(({ flows }) => flows.size > 0);
    const flow = lane?.flows.last ?? this.#parked.items.find((parked) => parked.band === band);
    if (flow !== undefined) return flow.waiting.last;
    const isOurs = ({ row }: Later) => this.flows[this.tickets.flow.at(row)].band === band;
    return this.#later.items.find(isOurs)?.row ?? -1;
  }

  /** Takes a ticket out to make room; the next `takeDisplaced` tells. */
  displace(row: number): void {
    this.#displaced.push(this.tickets.references[row]);
    this.remove(row);
    this.tickets.free(row);
  }

  takeDisplaced(): readonly unknown[] {
    const displaced = this.#displaced;
    if (displaced.length > 0) this.#displaced = [];
    return displaced;
  }

  /** A meter is frozen for longer than some who wait for it can wait. */
  endHopeless(meter: Meter): void {
    for (const { waiting, lane } of this.flows) {
      if (waiting.size === 0 || !lane.path.meters.includes(meter)) continue;
      for (const row of waiting.rows()) {
        if (this.tickets.expiresAt.at(row) >= meter.frozenUntil) continue;
        this.#hopeless.push(this.tickets.handleOf(row));
      }
    }
  }

  /** The same of a tenant's own meter, as far as it tells what fits by when. */
  endHopelessOwn(meter: Meter, now: number): void {
    for (const { waiting, tenant } of this.flows) {
      const own = tenant.meters.indexOf(meter);
      if (own < 0) continue;
      for (const row of waiting.rows()) {
        const amount = amountAt(this.tickets, row, tenant.columns[own], meter);
        const fitsAt = now + meter.waitFor(amount, 0, now);
        if (fitsAt <= this.tickets.expiresAt.at(row)) continue;
        this.#hopeless.push(this.tickets.handleOf(row));
      }
    }
  }

  isWaiting(row: number): boolean {
    const state = this.tickets.state.at(row);
    return state === TicketState.later || state === TicketState.waiting;
  }

  /** The tenant's own meters hold the flow back until `until`. */
  park(flow: Flow, until: number): void {
    this.#withdraw(flow);
    flow.parkedUntil = until;
    this.#parked.add(flow, until);
  }

  unparkTenant(flows: Iterable<Flow>, now: number): void {
    for (const flow of flows) if (flow.parkedUntil > 0) this.#unpark(flow, now);
  }

  /** Lets in whatever has become eligible at `now`. */
  advance(now: number): void {
    for (let later = this.#later.top; later && later.key <= now; later = this.#later.top) {
      this.#dropLater(later.row);
      this.#enter(later.row, now);
    }
    for (let flow = this.#parked.top; flow && flow.key <= now; flow = this.#parked.top) {
      this.#unpark(flow, now);
    }
  }

  /** When `advance` or the wheel has something to do, microseconds. */
  get nextAt(): number {
    if (this.#waiting === 0) return Number.POSITIVE_INFINITY;
    const later = this.#later.top?.key ?? Number.POSITIVE_INFINITY;
    const parked = this.#parked.top?.key ?? Number.POSITIVE_INFINITY;
    return Math.min(later, parked, this.wheel.nextAt);
  }

  #enter(row: number, now: number): void {
    const flow = this.flows[this.tickets.flow.at(row)];
    this.tickets.state.set(row, TicketState.waiting);
    flow.waiting.add(row);
    if (flow.parkedUntil > 0) this.#recheck(flow, row);
    else if (flow.waiting.size === 1) this.#compete(flow, now);
  }

  #leave(row: number): void {
    const flow = this.flows[this.tickets.flow.at(row)];
    if (flow.parkedUntil > 0) this.#recheck(flow, row);
    flow.waiting.remove(row);
    if (flow.waiting.size > 0) return;
    if (flow.parkedUntil > 0) this.#endParking(flow);
    else if (flow.isCompeting) this.#withdraw(flow);
  }

  /** A flow is parked for the sake of its head: another head may fit at once. */
  #recheck(flow: Flow, row: number): void {
    if (flow.waiting.top === row) this.#parked.rekey(flow, 0);
  }

  #compete(flow: Flow, now: number): void {
    flow.band.compete(flow, flow.lane);
    for (const guarantee of this.#guaranteesOf[flow.band.index]) guarantee.enter(now);
  }

  #withdraw(flow: Flow): void {
    flow.band.withdraw(flow, flow.lane);
    for (const guarantee of this.#guaranteesOf[flow.band.index]) guarantee.leave();
  }

  #unpark(flow: Flow, now: number): void {
    this.#endParking(flow);
    if (flow.waiting.size > 0) this.#compete(flow, now);
  }

  #endParking(flow: Flow): void {
    this.#parked.remove(flow);
    flow.parkedUntil = 0;
  }

  #postpone(row: number, eligibleAt: number): void {
    const later: Later = { key: 0, id: this.tickets.sequence.at(row), heapIndex: -1, row };
    this.tickets.state.set(row, TicketState.later);
    this.#laterByRow.set(row, later);
    this.#later.add(later, eligibleAt);
  }

  #dropLater(row: number): void {
    const later = this.#laterByRow.get(row) as Later;
    this.#laterByRow.delete(row);
    this.#later.remove(later);
  }

  /** Keeps the sums of queued demand, by which waits are foreseen. */
  #count(row: number, sign: 1 | -1): void {
    const flow = this.flows[this.tickets.flow.at(row)];
    const { account, band, lane, tenant, queuedByGroup } = flow;
    band.waiting += sign;
    flow.queued += sign;
    const { indexes, columns, meters, groups, groupMeters } = lane.path;
    const amounts = this.#amounts;
    let isSparse = false;
    for (let group = 0; group < groupMeters.length; group++) {
      const i = groupMeters[group];
      const amount = sign * amountAt(this.tickets, row, columns[i], meters[i]);
      amounts[group] = amount;
      queuedByGroup[group] += amount;
      if (amount === 0) isSparse = true;
    }
    for (let i = 0; i < indexes.length; i++) band.queued.add(indexes[i], amounts[groups[i]]);
    if (isSparse) lane.sparse += sign;
    for (let i = 0; i < tenant.meters.length; i++) {
      const amount = amountAt(this.tickets, row, tenant.columns[i], tenant.meters[i]);
      account.queuedAtOwn[i] = (account.queuedAtOwn[i] ?? 0) + sign * amount;
    }
  }
}
