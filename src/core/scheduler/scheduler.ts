/**
 * Scheduler: who may send next to one upstream account, and who has to wait, how long and for what.
 *
 * Pure and synchronous: time comes in as an argument, decisions go out as return values. One call
 * queues, settles or cancels; `pump` then grants whatever fits, in strict bands, inside a band fair
 * by dominant share (fair-account.ts), with guarantees and bounded bypass (blockages.ts).
 */
import { type Demand, NO_DEMAND } from "../demand.ts";
import type { Meter, MeterLabel } from "../meter/meter.ts";
import { type Handle, TicketState } from "../queue/tickets.ts";
import { Fit, settleAll } from "./admission.ts";
import { Backlog } from "./backlog.ts";
import { Band } from "./band.ts";
import { Blockages } from "./blockages.ts";
import { Ceiling } from "./ceiling.ts";
import { Guarantee } from "./guarantee.ts";
import type { SchedulerOptions } from "./options.ts";
import { amountIn, MAX_METERS_PER_PATH, Path, SLOT } from "./path.ts";
import { Pump, type Pumped } from "./pump.ts";
import { type Assessment, assess, type Refusal } from "./refusal.ts";
import { Relief } from "./relief.ts";
import type { EnqueueRequest } from "./request.ts";
import { Flow, rekeyFlows, Tenant, type TenantOptions } from "./tenant.ts";

/** Orders tickets without a deadline behind those with one: microseconds, the year 2112. */
const NO_DEADLINE = 2 ** 52;

export type EnqueueAnswer =
  | { readonly kind: "queued"; readonly handle: Handle; readonly expectedWait: number }
  | Refusal;

export interface BandExplanation {
  readonly index: number;
  readonly waiting: number;
  /** When its oldest ticket was queued, microseconds; null: nothing waits. */
  readonly oldestSince: number | null;
  /** The meter its head waited for in the last pump. */
  readonly blockedBy: MeterLabel | null;
  /** Some of it is held back until pressure falls. */
  readonly isHeld: boolean;
}

/** By how much it has changed since it was last told, micro-units. */
export interface ElsewhereChange {
  readonly queued: number;
  readonly arrived: number;
  readonly refused: number;
}

/** Requests that were refused where they came, all of them together. */
export interface RefusedRequests {
  readonly path: Path;
  readonly band: number;
  readonly demand: Demand;
  readonly count: number;
}

export class Scheduler {
  readonly options: SchedulerOptions;
  readonly bands: readonly Band<Flow>[];
  readonly relief: Relief;
  readonly #guaranteesOf: readonly (readonly Guarantee[])[];
  readonly #ceilingsOf: readonly (readonly Ceiling[])[];
  readonly #backlog: Backlog;
  readonly #blockages: Blockages;
  readonly #meters: Meter[] = [];
  readonly #paths: Path[] = [];
  /** In how many of them each meter is. */
  readonly #pathsOf: number[] = [];
  readonly #freeFlows: number[] = [];
  readonly #fit = new Fit();
  readonly #pump: Pump;
  #sequence = 0;

  constructor(options: SchedulerOptions, now: number) {
    this.options = options;
    this.bands = options.bands.map((band, index) => new Band<Flow>(index, band, now));
    const guarantees = options.guarantees.map((guarantee) => new Guarantee(guarantee, now));
    this.#guaranteesOf = this.bands.map((band) =>
      guarantees.filter((guarantee) => guarantee.bands.includes(band.index)),
    );
    this.relief = new Relief(options.relief ?? null, this.bands);
    const ceilings = (options.ceilings ?? []).map((ceiling) => new Ceiling(ceiling, now));
    this.#ceilingsOf = this.bands.map(({ index }) =>
      ceilings.filter((ceiling) => ceiling.bands.includes(index)),
    );
    this.#backlog = new Backlog(now, this.#guaranteesOf);
    this.#blockages = new Blockages(this.#backlog.tickets, guarantees.length);
    this.#pump = new Pump({
      bands: this.bands,
      guarantees,
      guaranteesOf: this.#guaranteesOf,
      ceilingsOf: this.#ceilingsOf,
      backlog: this.#backlog,
      blockages: this.#blockages,
      relief: this.relief,
    });
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
    const indexes = meters.map((meter) => this.indexOf(meter));
    const path = new Path(this.#paths.length, meters, indexes, this.options);
    this.#paths.push(path);
    for (const index of indexes) this.#pathsOf[index] = (this.#pathsOf[index] ?? 0) + 1;
    for (const known of this.#paths) {
      const isShared = (index: number) => this.#pathsOf[index] > 1;
      known.sharedPlaces = known.indexes.flatMap((index, i) => (isShared(index) ? [i] : []));
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

  /** Ceilings that a band is under. */
  ceilingsOf(band: number): readonly Ceiling[] {
    return this.#ceilingsOf[band];
  }

  get isFull(): boolean {
    return this.#backlog.waiting >= this.options.maxWaiting;
  }

  /** What `enqueue` would say to the request now. */
  assess(request: EnqueueRequest, now: number): Assessment {
    this.#fit.ask(request.demand, request.path);
    return assess(this, request, this.#fit, now);
  }

  /**
   * Queues a request, or says at once why that is hopeless. Call `pump` afterwards. In a full queue
   * it takes the place of one that waits in a lower band, if there is one.
   */
  enqueue(request: EnqueueRequest, now: number): EnqueueAnswer {
    const victim = this.isFull ? this.#backlog.lastBelow(request.band, this.bands) : -1;
    const { tickets } = this.#backlog;
    const row = tickets.allocate(request.demand, request.reference);
    this.#fit.take(tickets, row, request.path);
    const answer = assess(this, request, this.#fit, now, victim >= 0);
    if (answer.kind === "refused") {
      if (answer.code !== "demand_exceeds_limit") this.#recordArrival(request, false, now);
      tickets.free(row);
      return answer;
    }
    if (victim >= 0) this.#backlog.displace(victim);
    const due = request.deadline ?? NO_DEADLINE;
    tickets.urgency.set(row, request.isChainStep ? due - 2 * NO_DEADLINE : due);
    tickets.sequence.set(row, this.#sequence++);
    tickets.expiresAt.set(row, request.expiresAt);
    tickets.since.set(row, now);
    tickets.flow.set(row, this.#flowFor(request).id);
    this.#recordArrival(request, true, now);
    this.#backlog.add(row, now, now);
    return { kind: "queued", handle: tickets.handleOf(row), expectedWait: answer.wait };
  }

  /**
   * Grants a waiting ticket whatever its turn and the levels are: another scheduler, of which this
   * is one instance's copy, has decided so. False if it does not wait.
   */
  grant(handle: Handle, now: number): boolean {
    const { tickets } = this.#backlog;
    const row = tickets.rowOf(handle);
    if (row < 0 || !this.#backlog.isWaiting(row)) return false;
    this.#pump.grantNow(this.#backlog.flows[tickets.flow.at(row)], row, now);
    return true;
  }

  /** Of the same tenant and band: how many wait here, this one included. 0: it does not wait. */
  waitingWith(handle: Handle): number {
    const { tickets } = this.#backlog;
    const row = tickets.rowOf(handle);
    if (row < 0) return 0;
    const { flows } = this.#backlog.flows[tickets.flow.at(row)].account;
    return flows.reduce((sum, { queued }) => sum + queued, 0);
  }

  /** What waits elsewhere in a band and has arrived there, for forecasts and pressure. */
  countElsewhere(band: number, meter: Meter, change: ElsewhereChange, now: number): void {
    const index = this.indexOf(meter);
    const { queued, arrivals } = this.bands[band];
    queued.add(index, change.queued);
    if (change.arrived > 0) arrivals.add(index, change.arrived, true, now);
    if (change.refused > 0) arrivals.add(index, change.refused, false, now);
  }

  /** What instances have refused on their own, where they share this scheduler: it presses, too. */
  countRefused({ path, band, demand, count }: RefusedRequests, now: number): void {
    this.relief.isHeld(path, band, now); // whoever comes has it looked at, queued or not
    const { arrivals } = this.bands[band];
    for (let i = 0; i < path.meters.length; i++) {
      const times = path.columns[i] === SLOT ? count : 1;
      const amount = times * amountIn(demand, path.columns[i], path.meters[i]);
      arrivals.add(path.indexes[i], amount, false, now);
    }
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
    if (row < 0 || this.#backlog.tickets.state.at(row) === TicketState.granted) return false;
    this.#backlog.remove(row);
    this.#backlog.tickets.free(row);
    return true;
  }

  /**
   * Ends a granted ticket: `counted` is what the provider's meters have counted for it, `used` what
   * its tenant has really used, for the tenant's own meters.
   * Idempotent: a second settlement, or one of a ticket that was never granted, does nothing.
   */
  settle(handle: Handle, counted: Demand, now: number, used: Demand = counted): boolean {
    const row = this.#settleRow(handle, counted, used, now);
    if (row < 0) return false;
    this.#backlog.tickets.free(row);
    return true;
  }

  /**
   * Settles an attempt, of which the tenant has had nothing, and queues the ticket again, in its
   * old place in its tenant's order.
   */
  retry(
    handle: Handle,
    counted: Demand,
    times: { readonly eligibleAt: number; readonly expiresAt: number },
    now: number,
  ): boolean {
    const row = this.#settleRow(handle, counted, NO_DEMAND, now);
    if (row < 0) return false;
    const { tickets } = this.#backlog;
    tickets.expiresAt.set(row, times.expiresAt);
    tickets.since.set(row, now);
    tickets.bypassed.set(row, 0);
    this.#backlog.add(row, times.eligibleAt, now);
    return true;
  }

  /**
   * The provider refused although we saw room: nothing that touches the meter leaves before `until`.
   * Whoever would wait for it in vain is told so by the next pump, as expired.
   */
  freeze(meter: Meter, until: number): void {
    meter.frozenUntil = Math.max(meter.frozenUntil, until);
    this.#backlog.endHopeless(meter);
  }

  /** Call it after a meter of a path was resized: floors and prices follow from its capacity. */
  refresh(meter: Meter): void {
    for (const path of this.#paths) if (path.meters.includes(meter)) path.refresh();
  }

  /** The share of the meter's capacity that is never spent, on every path that has it; slots have none. */
  setMargin(meter: Meter, share: number): void {
    meter.margin = share;
    this.refresh(meter);
  }

  /** A tenant's own meter has been freed elsewhere (another upstream, an administrator). */
  tenantFreed(tenant: Tenant, now: number): void {
    this.#backlog.unparkTenant(tenant.flows.values(), now);
  }

  /**
   * A tenant's own meter has been counted elsewhere, and has less than was thought: whoever would
   * wait for it in vain is told so by the next pump, as expired.
   */
  tenantDrained(meter: Meter, now: number): void {
    this.#backlog.endHopelessOwn(meter, now);
  }

  /** Ends waits that are over and grants whatever fits, best first. */
  pump(now: number): Pumped {
    return this.#pump.run(now);
  }

  /** Ends the waits that have become hopeless, where others decide what is granted; returns their references. */
  endHopeless(): readonly unknown[] {
    return this.#pump.endHopeless();
  }

  /** Who waits, since when, and for which meter: for people, so it may walk the whole queue. */
  explain(): readonly BandExplanation[] {
    const oldest = this.#backlog.oldestByBand();
    return this.bands.map((band) => ({
      index: band.index,
      waiting: band.waiting,
      oldestSince: oldest.get(band.index) ?? null,
      blockedBy: this.#blockages.headMeterOf(band.index, this.#meters)?.label ?? null,
      isHeld: band.lanes.some(
        ({ flows, path }) => flows.size > 0 && this.relief.wasHeld(path, band.index),
      ),
    }));
  }

  #settleRow(handle: Handle, counted: Demand, used: Demand, now: number): number {
    const { tickets } = this.#backlog;
    const row = tickets.rowOf(handle);
    if (row < 0 || tickets.state.at(row) !== TicketState.granted) return -1;
    const flow = this.#backlog.flows[tickets.flow.at(row)];
    settleAll(tickets, row, flow, counted, used, now);
    flow.granted--;
    rekeyFlows(flow);
    if (flow.tenant.meters.length > 0) this.#backlog.unparkTenant(flow.tenant.flows.values(), now);
    return row;
  }

  /** Place of a meter in the table, where it gets one if it has none. */
  indexOf(meter: Meter): number {
    const known = this.#meters.indexOf(meter);
    return known >= 0 ? known : this.#meters.push(meter) - 1;
  }

  #flowFor({ tenant, path, band }: EnqueueRequest): Flow {
    const last = tenant.accountIn(band).lastFlow;
    if (last !== null && last.lane.path === path) return last;
    const flow = this.#rareFlowFor(tenant, path, band);
    flow.account.lastFlow = flow;
    return flow;
  }

  #rareFlowFor(tenant: Tenant, path: Path, band: number): Flow {
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
    tenant.forget();
    return true;
  }

  /** Its amounts are still in `#fit`. */
  #recordArrival({ path, band }: EnqueueRequest, isQueued: boolean, now: number): void {
    const { arrivals } = this.bands[band];
    for (let i = 0; i < path.indexes.length; i++) {
      arrivals.add(path.indexes[i], this.#fit.amounts[i], isQueued, now);
    }
  }
}
