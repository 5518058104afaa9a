/**
 * Audit scheduler: watches a scheduler from outside and counts inversions: grants made while a
 * registered waiter of a higher band fitted all its meters.
 *
 * It keeps its own list of who waits and its own account of what guarantees may spend, so that it
 * shares no decision with what it judges. A grant out of order is excused only while a guarantee of
 * its band has earned its cost: it earns its share of the pool while one of its bands has work, at
 * most one second of it (or one request), and every grant of its bands spends from it.
 */

import { amountOf } from "../../core/demand.ts";
import type { Meter } from "../../core/meter/meter.ts";
import { toMicro } from "../../core/queue/tickets.ts";
import type { EnqueueRequest } from "../../core/scheduler/request.ts";
import type { Scheduler } from "../../core/scheduler/scheduler.ts";
import { Credit } from "../../figures/credit.ts";

export interface Audit {
  readonly grants: number;
  /** Grants that only a guarantee explains. */
  readonly byGuarantee: number;
  readonly inversions: number;
}

interface Waiter {
  readonly request: EnqueueRequest;
  /** Micro-units per meter of its path. */
  readonly amounts: readonly number[];
  /** A retry stays away until then, microseconds. */
  readonly eligibleAt: number;
}

/** Returns what reads the audit so far. Call it before the scheduler gets work. */
export function auditScheduler(scheduler: Scheduler): () => Audit {
  const auditor = new Auditor(scheduler);
  auditor.attach();
  return () => auditor.read();
}

class Auditor {
  readonly #scheduler: Scheduler;
  readonly #waiters = new Map<unknown, Waiter>();
  /** Of granted tickets too: a retry queues them again. */
  readonly #references = new Map<number, Waiter>();
  readonly #credits: Credit[];
  #grants = 0;
  #byGuarantee = 0;
  #inversions = 0;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#credits = scheduler.options.guarantees.map(
      ({ share, bands }) => new Credit(share, new Set(bands)),
    );
  }

  read(): Audit {
    return {
      grants: this.#grants,
      byGuarantee: this.#byGuarantee,
      inversions: this.#inversions,
    };
  }

  attach(): void {
    const scheduler = this.#scheduler;
    const { enqueue, cancel, settle, retry, drain, pump } = methodsOf(scheduler);
    scheduler.enqueue = (request, now) => {
      const answer = enqueue(request, now);
      if (answer.kind === "queued") this.#queued(answer.handle, waiterOf(request, now), now);
      return answer;
    };
    scheduler.cancel = (handle) => {
      const hasLeft = cancel(handle);
      if (hasLeft) this.#left(handle);
      return hasLeft;
    };
    scheduler.settle = (handle, counted, now) => {
      this.#references.delete(handle);
      return settle(handle, counted, now);
    };
    scheduler.retry = (handle, counted, times, now) => {
      const isQueued = retry(handle, counted, times, now);
      const known = this.#references.get(handle);
      if (isQueued && known) this.#queued(handle, { ...known, eligibleAt: times.eligibleAt }, now);
      return isQueued;
    };
    scheduler.drain = () => {
      this.#waiters.clear();
      return drain();
    };
    scheduler.pump = (now) => {
      const levels = this.#levels(now);
      const pumped = pump(now);
      for (const reference of pumped.expired) this.#waiters.delete(reference);
      this.#judge(pumped.granted, levels, now);
      return pumped;
    };
  }

  #queued(handle: number, waiter: Waiter, now: number): void {
    for (const credit of this.#credits) credit.begin(now);
    this.#waiters.set(waiter.request.reference, waiter);
    this.#references.set(handle, waiter);
  }

  #left(handle: number): void {
    const waiter = this.#references.get(handle);
    if (waiter) this.#waiters.delete(waiter.request.reference);
    this.#references.delete(handle);
  }

  #levels(now: number): Map<Meter, number> {
    return new Map(this.#scheduler.meters.map((meter) => [meter, meter.level(now)]));
  }

  /** Replays the pump's grants in their order, against the levels before it. */
  #judge(granted: readonly unknown[], levels: Map<Meter, number>, now: number): void {
    const waitingBands = new Set([...this.#waiters.values()].map(({ request }) => request.band));
    for (const credit of this.#credits) {
      credit.earn(
        [...credit.bands].some((band) => waitingBands.has(band)),
        now,
      );
    }
    for (const reference of granted) {
      const waiter = this.#waiters.get(reference);
      if (waiter === undefined) continue;
      this.#waiters.delete(reference);
      this.#judgeGrant(waiter, levels, now);
      const { meters } = waiter.request.path;
      waiter.amounts.forEach((amount, i) => {
        levels.set(meters[i], (levels.get(meters[i]) ?? 0) - amount);
      });
    }
  }

  #judgeGrant({ request, amounts }: Waiter, levels: Map<Meter, number>, now: number): void {
    this.#grants++;
    const cost = Math.max(...amounts.map((amount, i) => request.path.cost(i, amount)));
    const credits = this.#credits.filter(({ bands }) => bands.has(request.band));
    const payer = credits.findIndex((credit) => credit.covers(cost));
    for (const [index, credit] of credits.entries()) {
      credit.spend(cost, payer >= 0 && index > payer);
    }
    if (!this.#someoneWentWithout(request.band, levels, now)) return;
    if (payer >= 0) this.#byGuarantee++;
    else this.#inversions++;
  }

  #someoneWentWithout(band: number, levels: Map<Meter, number>, now: number): boolean {
    for (const waiter of this.#waiters.values()) {
      if (waiter.request.band < band && waiter.eligibleAt <= now && fits(waiter, levels, now)) {
        return true;
      }
    }
    return false;
  }
}

function waiterOf(request: EnqueueRequest, eligibleAt: number): Waiter {
  const amounts = request.path.meters.map((meter) =>
    toMicro(amountOf(request.demand, meter.label.dimension)),
  );
  return { request, amounts, eligibleAt };
}

function fits({ request, amounts }: Waiter, levels: Map<Meter, number>, now: number): boolean {
  const { path, band } = request;
  const floors = band === 0 ? path.floorsFirst : path.floorsOther;
  return path.meters.every((meter, i) => {
    const target = Math.min(amounts[i] + floors[i], Math.max(amounts[i], meter.capacity));
    return meter.frozenUntil <= now && (levels.get(meter) ?? 0) >= target;
  });
}

function methodsOf(scheduler: Scheduler) {
  return {
    enqueue: scheduler.enqueue.bind(scheduler),
    cancel: scheduler.cancel.bind(scheduler),
    settle: scheduler.settle.bind(scheduler),
    retry: scheduler.retry.bind(scheduler),
    drain: scheduler.drain.bind(scheduler),
    pump: scheduler.pump.bind(scheduler),
  };
}
