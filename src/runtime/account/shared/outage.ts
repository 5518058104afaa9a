/**
 * Outage: while the store is down, an instance serves the classes that may not wait from its safe
 * share of every limit. All instances that were there before can do so at once without exceeding it.
 */
import type { Budget } from "../../../core/budget/budget.ts";
import type { Clock } from "../../../core/clock.ts";
import { MICRO_UNITS } from "../../../core/meter/meter.ts";
import type { SchedulerOptions } from "../../../core/scheduler/options.ts";
import type { AccountTenant } from "../ask.ts";
import type { LimitRule } from "../limit-meter.ts";
import { LimitTable } from "../limit-table.ts";
import { PumpTimer } from "../pump-timer.ts";
import { Queue } from "../queue.ts";
import type { Reservation } from "../reservation.ts";

/** Of the whole, over all instances: what is under way and unknown takes the rest. */
const SAFE = 0.8;

export interface OutageOptions {
  readonly clock: Clock;
  readonly scheduler: SchedulerOptions;
  readonly tenantNow: (tenant: AccountTenant) => AccountTenant;
  readonly budget: Budget;
  readonly limits: LimitTable;
  /** That lived when the store was last heard of. */
  readonly instances: number;
  onGranted(reservation: Reservation): void;
  onEnded(reservation: Reservation, code: "max_wait_exceeded" | "queue_full", now: number): void;
}

export class Outage {
  readonly queue: Queue;
  readonly #clock: Clock;
  readonly #limits: LimitTable;
  readonly #timer: PumpTimer;

  constructor(options: OutageOptions) {
    const { clock, limits, budget, instances } = options;
    const now = clock.now();
    const share = SAFE / Math.max(1, instances);
    this.#clock = clock;
    this.queue = new Queue(options.scheduler, options.tenantNow, now);
    const rules = limits.rules.map((rule) => scaled(rule, share));
    this.#limits = new LimitTable(rules, 0, now, (model) => budget.metersFor(model));
    this.#takeLevels(limits, share, now);
    this.#timer = new PumpTimer({
      clock,
      scheduler: () => this.queue.scheduler,
      onGranted: options.onGranted,
      onEnded: options.onEnded,
    });
  }

  /** False: it has no place here, and waits for the store. */
  enqueue(reservation: Reservation): boolean {
    const { scheduler } = this.queue;
    const { tenant, target } = reservation.ask;
    const now = this.#clock.now();
    const path = this.#limits.pathFor(target, scheduler, now);
    const place = { tenant: this.queue.tenantOf(tenant), path };
    const answer = scheduler.enqueue(reservation.requestAt(place), now);
    if (answer.kind === "refused") return false;
    reservation.place(scheduler, path, answer.handle);
    this.#timer.soon();
    return true;
  }

  soon(): void {
    this.#timer.soon();
  }

  /** Ends it; returns who still waits. */
  end(): readonly Reservation[] {
    this.#timer.close();
    return this.queue.scheduler.drain() as Reservation[];
  }

  /** Of what is left now, its part. */
  #takeLevels(limits: LimitTable, share: number, now: number): void {
    for (const meter of this.#limits.meters) {
      const key = this.#limits.originOf(meter)?.key ?? "";
      const whole = limits.meterNamed(key);
      if (whole === null) continue;
      const level = Math.floor(Math.max(0, whole.level(now)) * share);
      meter.follow(Math.min(level, meter.capacity), 0, now);
    }
  }
}

/** Slots are whole. */
function scaled(rule: LimitRule, share: number): LimitRule {
  const amount = rule.amount * share;
  if (rule.dimension === "concurrency") return { ...rule, amount: Math.floor(amount) };
  return { ...rule, amount: Math.floor(amount * MICRO_UNITS) / MICRO_UNITS };
}
