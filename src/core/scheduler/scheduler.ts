/**
 * Scheduler: who may send next to one upstream account, and who has to wait, how long and for what.
 *
 * Pure and synchronous: time comes in as an argument, decisions go out as return values. One call
 * queues, settles or cancels; `pump` then grants whatever fits, in strict bands, inside a band fair
 * by dominant share (fair-account.ts), with guarantees and bounded bypass (blockages.ts).
 */
import type { Demand } from "../demand.ts";
import type { Meter, MeterLabel } from "../meter/meter.ts";
import { type Handle, TicketState } from "../queue/tickets.ts";
import {
  debitAll,
  Fit,
  leastWait,
  MAX_METERS_PER_PATH,
  measure,
  ownWait,
  price,
  settleAll,
} from "./admission.ts";
import { Backlog } from "./backlog.ts";
import { Band, type Lane } from "./band.ts";
import { Blockages } from "./blockages.ts";
import { Guarantee } from "./guarantee.ts";
import { GRANTS_PER_PUMP, PROBES_PER_PUMP, type SchedulerOptions } from "./options.ts";
import { Path } from "./path.ts";
import { assess, type Refusal } from "./refusal.ts";
import type { EnqueueRequest } from "./request.ts";
import { Flow, Tenant, type TenantOptions } from "./tenant.ts";

/** Orders tickets without a deadline behind those with one: microseconds, the year 2112. */
const NO_DEADLINE = 2 ** 52;

export type EnqueueAnswer =
  | { readonly kind: "queued"; readonly handle: Handle; readonly expectedWait: number }
  | Refusal;

export interface Pumped {
  /** References of the tickets that may be sent now, in the order of their grants. */
  readonly granted: readonly unknown[];
  /** References of the tickets whose max wait is over. */
  readonly expired: readonly unknown[];
  /** When to pump again if nothing else happens, microseconds; Infinity: nothing to wait for. */
  readonly wakeAt: number;
}

export interface BandExplanation {
  readonly index: number;
  readonly waiting: number;
  /** When its oldest ticket was queued, microseconds; null: nothing waits. */
  readonly oldestSince: number | null;
  /** The meter its head waited for in the last pump. */
  readonly blockedBy: MeterLabel | null;
}

export class Scheduler {
  readonly options: SchedulerOptions;
  readonly bands: readonly Band<Flow>[];
  readonly #guarantees: readonly Guarantee[];
  readonly #guaranteesOf: readonly (readonly Guarantee[])[];
  readonly #backlog: Backlog;
  readonly #blockages: Blockages;
  readonly #meters: Meter[] = [];
  readonly #paths: Path[] = [];
  /** In how many of them each meter is. */
  readonly #pathsOf: number[] = [];
  readonly #freeFlows: number[] = [];
  readonly #fit = new Fit();
  readonly #stash: Flow[] = [];
  #sequence = 0;
  #pump = 0;
  #wake = Number.POSITIVE_INFINITY;
  #granted: unknown[] = [];

  constructor(options: SchedulerOptions, now: number) {
    this.options = options;
    this.bands = options.bands.map((band, index) => new Band<Flow>(index, band, now));
    this.#guarantees = options.guarantees.map((guarantee) => new Guarantee(guarantee, now));
    this.#guaranteesOf = this.bands.map((band) =>
      this.#guarantees.filter((guarantee) => guarantee.bands.includes(band.index)),
    );
    this.#backlog = new Backlog(now, this.#guaranteesOf);
    this.#blockages = new Blockages(this.#backlog.tickets);
  }

  get waiting(): number {
    return this.#backlog.waiting;
  }

  /** Granted and not yet settled. */
  get running(): number {
    return this.#backlog.tickets.inUse - this.#backlog.waiting;
  }

  get meters(): readonly Meter[] {
    return this.#meters;
  }

  /** A path over these meters; build it once and keep it. Meters may be shared between paths. */
  path(meters: readonly Meter[]): Path {
    if (meters.length > MAX_METERS_PER_PATH) {
      throw new RangeError(`a request may match at most ${MAX_METERS_PER_PATH} limits`);
    }
    const indexes = meters.map((meter) => this.#indexOf(meter));
    const path = new Path(this.#paths.length, meters, indexes, this.options);
    this.#paths.push(path);
    for (const index of indexes) this.#pathsOf[index] = (this.#pathsOf[index] ?? 0) + 1;
    for (const known of this.#paths) {
      known.sharedIndexes = known.indexes.filter((index) => this.#pathsOf[index] > 1);
    }
    return path;
  }

  tenant(options: TenantOptions): Tenant {
    return new Tenant(options);
  }

  /** Guarantees that a band has a part in. */
  guaranteesOf(band: number): readonly Guarantee[] {
    return this.#guaranteesOf[band];
  }

  /** Queues a request, or says at once why that is hopeless. Call `pump` afterwards. */
  enqueue(request: EnqueueRequest, now: number): EnqueueAnswer {
    const answer = assess(this, request, now);
    if (answer.kind === "refused") return answer;
    const { tickets } = this.#backlog;
    const row = tickets.allocate(request.demand, request.reference);
    const due = request.deadline ?? NO_DEADLINE;
    tickets.urgency[row] = request.isChainStep ? due - 2 * NO_DEADLINE : due;
    tickets.sequence[row] = this.#sequence++;
    tickets.expiresAt[row] = request.expiresAt;
    tickets.since[row] = now;
    tickets.flow[row] = this.#flowFor(request).id;
    this.#recordArrival(request, row, now);
    this.#backlog.add(row, now, now);
    return { kind: "queued", handle: tickets.handleOf(row), expectedWait: answer.wait };
  }

  /** Takes everything that waits out, in the order of its arrival: to queue it again elsewhere. */
  drain(): unknown[] {
    const rows = this.#backlog.waitingRows();
    const references = rows.map((row) => this.#backlog.tickets.references[row]);
    for (const row of rows) {
      this.#backlog.remove(row);
      this.#backlog.tickets.free(row);
    }
    return references;
  }

  /** Takes a waiting ticket out; false if it was granted or had ended before. */
  cancel(handle: Handle): boolean {
    const row = this.#backlog.tickets.rowOf(handle);
    if (row < 0 || this.#backlog.tickets.state[row] === TicketState.granted) return false;
    this.#backlog.remove(row);
    this.#backlog.tickets.free(row);
    return true;
  }

  /**
   * Ends a granted ticket: `counted` is what the provider's meters have counted for it.
   * Idempotent: a second settlement, or one of a ticket that was never granted, does nothing.
   */
  settle(handle: Handle, counted: Demand, now: number): boolean {
    const row = this.#settleRow(handle, counted, now);
    if (row < 0) return false;
    this.#backlog.tickets.free(row);
    return true;
  }

  /** Settles an attempt and queues the ticket again, in its old place in its tenant's order. */
  retry(
    handle: Handle,
    counted: Demand,
    times: { readonly eligibleAt: number; readonly expiresAt: number },
    now: number,
  ): boolean {
    const row = this.#settleRow(handle, counted, now);
    if (row < 0) return false;
    const { tickets } = this.#backlog;
    tickets.expiresAt[row] = times.expiresAt;
    tickets.since[row] = now;
    tickets.bypassed[row] = 0;
    this.#backlog.add(row, times.eligibleAt, now);
    return true;
  }

  /** The provider refused although we saw room: nothing that touches the meter leaves before `until`. */
  freeze(meter: Meter, until: number): void {
    meter.frozenUntil = Math.max(meter.frozenUntil, until);
  }

  /** A tenant's own meter has been freed elsewhere (another upstream, an administrator). */
  tenantFreed(tenant: Tenant, now: number): void {
    this.#backlog.unparkTenant(tenant.flows.values(), now);
  }

  /** Ends waits that are over and grants whatever fits, best first. */
  pump(now: number): Pumped {
    this.#pump++;
    this.#granted = [];
    this.#wake = Number.POSITIVE_INFINITY;
    this.#blockages.begin(this.#pump);
    const due = this.#backlog.due(now);
    const expired: unknown[] = [];
    for (const row of due) {
      if (this.#backlog.tickets.expiresAt[row] < now) this.#expire(row, expired);
    }
    this.#backlog.advance(now);
    for (const guarantee of this.#guarantees) this.#serveGuarantee(guarantee, now);
    for (const band of this.bands) if (band.competing > 0) this.#serveBand(band, now);
    const isFull = this.#granted.length >= GRANTS_PER_PUMP;
    if (this.#endLastChances(due, isFull, expired) || isFull) this.#wakeIn(0, now);
    const wakeAt = Math.max(now, Math.min(this.#wake, this.#backlog.nextAt));
    return { granted: this.#granted, expired, wakeAt };
  }

  /** Who waits, since when, and for which meter: for people, so it may walk the whole queue. */
  explain(): readonly BandExplanation[] {
    const oldest = this.#backlog.oldestByBand();
    return this.bands.map((band) => ({
      index: band.index,
      waiting: band.waiting,
      oldestSince: oldest.get(band.index) ?? null,
      blockedBy: this.#blockages.headMeterOf(band.index, this.#meters)?.label ?? null,
    }));
  }

  #settleRow(handle: Handle, counted: Demand, now: number): number {
    const { tickets } = this.#backlog;
    const row = tickets.rowOf(handle);
    if (row < 0 || tickets.state[row] !== TicketState.granted) return -1;
    const flow = this.#backlog.flows[tickets.flow[row]];
    settleAll(tickets, row, flow, counted, now);
    flow.granted--;
    this.#rekeyAccount(flow);
    if (flow.tenant.meters.length > 0) this.#backlog.unparkTenant(flow.tenant.flows.values(), now);
    return row;
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
  #serveGuarantee(guarantee: Guarantee, now: number): void {
    let isBlocked = false;
    while (guarantee.waiting > 0 && this.#granted.length < GRANTS_PER_PUMP) {
      const lane = this.#firstLane(guarantee);
      if (lane === null) return;
      const flow = lane.flows.top as Flow;
      const row = flow.waiting.top;
      price(this.#backlog.tickets, row, lane.path, this.#fit);
      if (isBlocked && this.#blockages.meetsCredited(lane.path, this.#fit)) {
        lane.passedOverIn = this.#pump; // the credit is for the head before it
        continue;
      }
      const cost = this.#fit.dominantCost;
      if (!guarantee.canPay(cost, now)) {
        this.#wakeIn(guarantee.timeUntil(cost), now);
        return;
      }
      const bound = cost * guarantee.bypassRatio;
      const served = this.#tryServe(flow, row, lane.path.floorsFirst, null, bound, now);
      if (served !== "blocked") continue;
      lane.passedOverIn = this.#pump;
      isBlocked = true;
    }
  }

  #firstLane(guarantee: Guarantee): Lane<Flow> | null {
    for (const band of guarantee.bands) {
      const lane = this.bands[band].bestLane(this.#pump, "passedOverIn");
      if (lane !== null) return lane;
    }
    return null;
  }

  #serveBand(band: Band<Flow>, now: number): void {
    while (this.#granted.length < GRANTS_PER_PUMP) {
      const lane = band.bestLane(this.#pump, "closedIn");
      if (lane === null) break;
      if (lane.sparse === 0 && this.#blockages.isClosed(lane.path, band.index)) {
        lane.closedIn = this.#pump;
        continue;
      }
      const flow = lane.flows.top as Flow;
      const row = flow.waiting.top;
      price(this.#backlog.tickets, row, lane.path, this.#fit);
      const floors = band.index === 0 ? lane.path.floorsFirst : lane.path.floorsOther;
      if (this.#tryServe(flow, row, floors, band.index, Number.NaN, now) === "blocked") {
        lane.flows.remove(flow);
        this.#stash.push(flow);
        if (lane.countProbe(this.#pump) >= PROBES_PER_PUMP) lane.closedIn = this.#pump;
      }
    }
    this.#restoreStash();
  }

  /** Serves a head whose price is in `#fit`; what blocks it is noted for those behind it. */
  #tryServe(
    flow: Flow,
    row: number,
    floors: readonly number[],
    band: number | null,
    bound: number,
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
    if (passage === "yields" && band !== null) this.#blockages.yield(flow, row, this.#fit);
    if (passage !== "open") return "blocked";
    measure(tickets, row, path, floors, now, this.#fit);
    if (this.#fit.wait > 0) {
      this.#block(flow, row, floors, band, bound, now);
      return "blocked";
    }
    this.#grant(flow, row, now);
    return "granted";
  }

  /**
   * A head stands in the way only at the meter it waits for longest: what else it lacks will have
   * come back by then, and a model at its limit must not hold the account for its requests.
   */
  #block(
    flow: Flow,
    row: number,
    floors: readonly number[],
    band: number | null,
    bound: number,
    now: number,
  ): void {
    const { path } = flow.lane;
    this.#wakeIn(this.#fit.wait, now);
    for (let i = 0; i < path.meters.length; i++) {
      const wait = this.#fit.waits[i];
      if (wait === 0) continue;
      if (wait === this.#fit.wait) {
        if (band === null) this.#blockages.blockCredited(path.indexes[i], { row, bound });
        else this.#blockages.block(flow, row, i, this.#fit);
      }
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
    debitAll(tickets, row, flow, now);
    if (!isPassing) flow.band.advance(flow, flow.lane);
    for (let i = 0; i < path.meters.length; i++) {
      flow.account.charge(path, i, this.#fit.costs[i], flow.band.virtual, isPassing);
    }
    this.#backlog.remove(row);
    for (const guarantee of this.#guaranteesOf[flow.band.index]) {
      guarantee.spend(this.#fit.dominantCost);
    }
    tickets.state[row] = TicketState.granted;
    tickets.since[row] = now;
    flow.granted++;
    this.#rekeyAccount(flow);
    this.#granted.push(tickets.references[row]);
  }

  /** A tenant's account in a band is one on all its paths: a grant on one moves it on the others. */
  #rekeyAccount(flow: Flow): void {
    for (const sibling of flow.tenant.flows.values()) {
      if (sibling.account !== flow.account || sibling.waiting.size === 0) continue;
      if (sibling.parkedUntil > 0) continue;
      sibling.band.place(sibling, sibling.lane);
      if (sibling.isCompeting) sibling.lane.flows.rekey(sibling, sibling.tag);
    }
  }

  #restoreStash(): void {
    for (const flow of this.#stash) flow.lane.flows.add(flow, flow.tag);
    this.#stash.length = 0;
  }

  #wakeIn(wait: number, now: number): void {
    if (now + wait < this.#wake) this.#wake = now + wait;
  }

  #indexOf(meter: Meter): number {
    const known = this.#meters.indexOf(meter);
    return known >= 0 ? known : this.#meters.push(meter) - 1;
  }

  #flowFor({ tenant, path, band }: EnqueueRequest): Flow {
    const key = path.id * this.bands.length + band;
    const known = tenant.flows.get(key);
    if (known) return known;
    const id = this.#freeFlows.pop() ?? this.#backlog.flows.length;
    const flow = new Flow(id, this.bands[band].laneFor(path), tenant, this.#backlog.tickets);
    this.#backlog.flows[id] = flow;
    tenant.flows.set(key, flow);
    return flow;
  }

  /** Forgets an idle tenant's flows; false if it still has work. Its debt in the fair order is forgiven. */
  forget(tenant: Tenant): boolean {
    if (!tenant.isIdle) return false;
    for (const flow of tenant.flows.values()) this.#freeFlows.push(flow.id);
    tenant.flows.clear();
    return true;
  }

  #recordArrival({ path, band }: EnqueueRequest, row: number, now: number): void {
    price(this.#backlog.tickets, row, path, this.#fit);
    const { arrivals } = this.bands[band];
    for (let i = 0; i < path.indexes.length; i++) {
      arrivals.add(path.indexes[i], (this.#fit.costs[i] * path.supply(i)) / 1_000, now);
    }
  }
}
