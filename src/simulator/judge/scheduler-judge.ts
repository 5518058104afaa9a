/**
 * Scheduler judge: watches a scheduler from outside and counts inversions: grants made while a
 * registered waiter of a higher band fitted all its meters.
 *
 * It keeps its own list of who waits and its own account of what guarantees may spend, so that it
 * shares no decision with what it judges; levels and floors are the scheduler's, because they are
 * what "fits" means.
 */
import { amountOf } from "../../core/demand.ts";
import type { Meter } from "../../core/meter/meter.ts";
import { toMicro } from "../../core/queue/tickets.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { EnqueueRequest } from "../../core/scheduler/request.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import { Credit } from "../../figures/credit.ts";
import { type Door, WaitingRoom } from "./waiting-room.ts";

/** Amounts that differ from request to request; of the others everybody takes one. */
const VARIES = new Set(["tokens", "input_tokens", "output_tokens"]);
const ONE = 1_000_000;

export class SchedulerJudge {
  readonly #scheduler: Scheduler;
  readonly #room: WaitingRoom;
  readonly #requests: (EnqueueRequest | undefined)[] = [];
  readonly #credits: readonly Credit[];
  readonly #paths: Path[] = [];
  readonly #levels = new Map<Meter, number>();
  readonly #door: Door;
  #now = 0;
  inversions = 0;

  constructor(scheduler: Scheduler, paths: number, tasks: number) {
    this.#scheduler = scheduler;
    this.#room = new WaitingRoom(scheduler.options.bands.length, paths, tasks);
    this.#credits = scheduler.options.guarantees.map(
      ({ share, bands }) => new Credit(share, new Set(bands)),
    );
    this.#door = {
      hasRoom: (group, band) => this.#hasRoom(this.#paths[group], band),
      roomFor: (group, band) => this.#roomFor(this.#paths[group], band),
      fits: (task) => this.#fits(this.#requests[task] as EnqueueRequest),
    };
  }

  queued(task: number, request: EnqueueRequest, now: number): void {
    const { path, band } = request;
    const group = this.#groupOf(path);
    this.#requests[task] = request;
    this.#room.enter(task, band, group, keyOf(request));
    for (const credit of this.#credits) {
      credit.begin(now);
      if (credit.bands.has(band)) credit.makeRoomFor(costOf(request));
    }
  }

  left(task: number): void {
    if (this.#room.leave(task)) this.#requests[task] = undefined;
  }

  /** Call it before each pump. */
  aboutToPump(now: number): void {
    this.#now = now;
    for (const meter of this.#scheduler.meters) this.#levels.set(meter, meter.level(now));
  }

  /** Replays the pump's grants in their order, against the levels before it. */
  pumped(granted: readonly number[], gone: readonly number[]): void {
    for (const task of gone) this.left(task);
    for (const credit of this.#credits) credit.earn(this.#isWanted(credit), this.#now);
    for (const task of granted) {
      const request = this.#requests[task];
      if (request === undefined) continue;
      this.left(task);
      this.#judge(request);
      this.#debit(request);
    }
  }

  #judge(request: EnqueueRequest): void {
    const cost = costOf(request);
    let payer = -1;
    this.#credits.forEach((credit, index) => {
      if (!credit.bands.has(request.band)) return;
      if (payer < 0 && credit.covers(cost)) payer = index;
      credit.spend(cost, payer >= 0 && index > payer);
    });
    if (payer < 0 && this.#room.someoneAbove(request.band, this.#door)) this.inversions++;
  }

  #debit({ path, demand }: EnqueueRequest): void {
    for (const meter of path.meters) {
      const amount = toMicro(amountOf(demand, meter.label.dimension));
      this.#levels.set(meter, (this.#levels.get(meter) as number) - amount);
    }
  }

  #isWanted({ bands }: Credit): boolean {
    for (const band of bands) if (this.#room.waitingIn(band) > 0) return true;
    return false;
  }

  #hasRoom(path: Path, band: number): boolean {
    return path.meters.every(
      (meter, i) =>
        VARIES.has(meter.label.dimension) || this.#fitsAt(meter, ONE, floorAt(path, band, i)),
    );
  }

  #roomFor(path: Path, band: number): number {
    const i = keyMeter(path);
    if (i < 0) return Number.POSITIVE_INFINITY;
    const meter = path.meters[i];
    const level = this.#levels.get(meter) as number;
    // A demand that only a full meter can hold may use the floor too.
    return level >= meter.capacity ? level : level - floorAt(path, band, i);
  }

  #fits({ path, band, demand }: EnqueueRequest): boolean {
    return path.meters.every((meter, i) => {
      const amount = toMicro(amountOf(demand, meter.label.dimension));
      return amount === 0 || this.#fitsAt(meter, amount, floorAt(path, band, i));
    });
  }

  #fitsAt(meter: Meter, amount: number, floor: number): boolean {
    const target = Math.min(amount + floor, Math.max(amount, meter.capacity));
    return meter.frozenUntil <= this.#now && (this.#levels.get(meter) as number) >= target;
  }

  #groupOf(path: Path): number {
    const known = this.#paths.indexOf(path);
    return known >= 0 ? known : this.#paths.push(path) - 1;
  }
}

function floorAt(path: Path, band: number, i: number): number {
  return band === 0 ? path.floorsFirst[i] : path.floorsOther[i];
}

function keyMeter({ meters }: Path): number {
  return meters.findIndex(({ label }) => VARIES.has(label.dimension));
}

function keyOf({ path, demand }: EnqueueRequest): number {
  const i = keyMeter(path);
  return i < 0 ? 0 : toMicro(amountOf(demand, path.meters[i].label.dimension));
}

function costOf({ path, demand }: EnqueueRequest): number {
  let cost = 0;
  for (let i = 0; i < path.meters.length; i++) {
    const amount = toMicro(amountOf(demand, path.meters[i].label.dimension));
    cost = Math.max(cost, path.cost(i, amount));
  }
  return cost;
}
