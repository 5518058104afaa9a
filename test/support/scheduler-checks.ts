/**
 * Scheduler checks: what must hold after every pump, worked out from the outside.
 *
 * Nothing here asks the scheduler why it did something: whether a request fits is computed anew
 * from the meters' levels, so that the judge shares no code with the judged.
 */
import { amountOf } from "../../src/core/demand.ts";
import type { Meter } from "../../src/core/meter/meter.ts";
import type { Path } from "../../src/core/scheduler/path.ts";
import type { Job, SchedulerDriver } from "./scheduler-driver.ts";

/** What was there before a debit. */
interface Debit {
  readonly level: number;
  readonly amount: number;
}

/** A wait may be ended so much too early. */
const EXPIRY_MICROS = 8_000;

export class SchedulerChecks {
  readonly #driver: SchedulerDriver;
  readonly #debits = new Map<Meter, Debit[]>();
  readonly #guaranteed: ReadonlySet<number>;
  #seenGrants = 0;
  #seenExpired = 0;

  constructor(driver: SchedulerDriver, meters: readonly Meter[]) {
    this.#driver = driver;
    const { guarantees } = driver.scheduler.options;
    this.#guaranteed = new Set(guarantees.flatMap(({ bands }) => bands));
    for (const meter of meters) this.#watch(meter);
    driver.afterPump = () => this.#check();
  }

  #watch(meter: Meter): void {
    const debits: Debit[] = [];
    this.#debits.set(meter, debits);
    const debit = meter.debit.bind(meter);
    meter.debit = (amount, now) => {
      debits.push({ level: meter.level(now), amount });
      debit(amount, now);
    };
  }

  #check(): void {
    const { granted, expired, now } = this.#driver;
    const grants = granted.slice(this.#seenGrants);
    this.#seenGrants = granted.length;
    for (const job of grants) this.#checkAdmission(job);
    for (const job of expired.slice(this.#seenExpired)) {
      const early = job.expiresAt - now;
      const isHopeless = job.options.path.meters.some((meter) => meter.frozenUntil > job.expiresAt);
      if (early < 0 || (early > EXPIRY_MICROS && !isHopeless)) {
        fail(`expired ${early} us early`, job);
      }
    }
    this.#seenExpired = expired.length;
    this.#checkCounts();
    if (this.#driver.wakeAt <= now) return; // it has not finished
    const heads = this.#heads();
    if (this.#guaranteed.size === 0) this.#checkInversions(grants, heads);
    this.#checkIdleness(heads);
  }

  /** No meter is overdrawn, nor spent below its floor unless only a full one could serve. */
  #checkAdmission(job: Job): void {
    const { path, tenant, band = 0 } = job.options;
    const mayUseHoldback = band === 0 || this.#guaranteed.has(band);
    const floors = mayUseHoldback ? path.floorsFirst : path.floorsOther;
    path.meters.forEach((meter, i) => {
      const { level, amount } = this.#nextDebit(meter);
      if (amount !== amountIn(job, meter)) fail(`debited ${amount} of ${name(meter)}`, job);
      if (!hasRoom(meter, level, amount, floors[i])) fail(`overdrew ${name(meter)}`, job);
    });
    for (const meter of tenant.meters) {
      const { level, amount } = this.#nextDebit(meter);
      if (!hasRoom(meter, level, amount, 0)) fail(`overdrew its own ${name(meter)}`, job);
    }
    if (job.grantedAt > job.expiresAt) fail("granted after the end of its wait", job);
  }

  /** Grants are checked in their order, and each debits each of its meters once. */
  #nextDebit(meter: Meter): Debit {
    const debit = this.#debits.get(meter)?.shift();
    if (debit === undefined) throw new Error(`nothing was debited from ${name(meter)}`);
    return debit;
  }

  #checkCounts(): void {
    const { scheduler, jobs, now } = this.#driver;
    const waiting = jobs.filter((job) => job.state === "waiting");
    const running = jobs.filter((job) => job.state === "running");
    if (scheduler.waiting !== waiting.length) throw new Error("`waiting` is not exact");
    if (scheduler.running !== running.length) throw new Error("`running` is not exact");
    for (const job of waiting) if (job.expiresAt < now) fail("waits beyond its end", job);
    for (const band of scheduler.bands) {
      const own = waiting.filter((job) => (job.options.band ?? 0) === band.index);
      if (band.waiting !== own.length) throw new Error(`band ${band.index}: waiting is not exact`);
      scheduler.meters.forEach((meter, i) => {
        const touching = own.filter((job) => job.options.path.meters.includes(meter));
        const sum = touching.reduce((total, job) => total + amountIn(job, meter), 0);
        if (band.queued.at(i) !== sum) throw new Error(`band ${band.index}: queued is wrong`);
      });
    }
  }

  /** No grant to a lower band in the place of a higher one's waiter that would have fitted there. */
  #checkInversions(grants: readonly Job[], heads: readonly Job[]): void {
    for (const grant of grants) {
      for (const head of heads) {
        const isHigher = (head.options.band ?? 0) < (grant.options.band ?? 0);
        if (!isHigher || !this.#fits(head, grant)) continue;
        if (!this.#isHeldBack(head, heads)) fail(`was passed by ${grant.number}`, head);
      }
    }
  }

  /** Nothing that fits waits, unless for the sake of a request that shares a meter with it. */
  #checkIdleness(heads: readonly Job[]): void {
    for (const head of heads) {
      if (this.#fits(head) && !this.#isHeldBack(head, heads)) fail("fits, and waits", head);
    }
  }

  /** Is there a head of its band or above (or with a guarantee) that does not fit and shares a meter? */
  #isHeldBack(head: Job, heads: readonly Job[]): boolean {
    return heads.some((other) => {
      const band = other.options.band ?? 0;
      const isBefore = band <= (head.options.band ?? 0) || this.#guaranteed.has(band);
      return isBefore && sharesMeter(head, other) && !this.#fitsPath(other);
    });
  }

  /** The most urgent waiting job of each tenant, band and path that may compete. */
  #heads(): Job[] {
    const heads = new Map<string, Job>();
    for (const job of this.#driver.jobs) {
      if (job.state !== "waiting" || job.eligibleAt > this.#driver.now) continue;
      const { tenant, band = 0, path } = job.options;
      const key = `${tenant.id} ${band} ${path.id}`;
      const known = heads.get(key);
      if (known === undefined || isMoreUrgent(job, known)) heads.set(key, job);
    }
    return [...heads.values()];
  }

  #fits(job: Job, insteadOf?: Job): boolean {
    const { tenant } = job.options;
    const ownFits = tenant.meters.every((meter) => this.#fitsAt(job, meter, 0, insteadOf));
    return ownFits && this.#fitsPath(job, insteadOf);
  }

  #fitsPath(job: Job, insteadOf?: Job): boolean {
    const { path, band = 0 } = job.options;
    const floors = band === 0 ? path.floorsFirst : path.floorsOther;
    return path.meters.every((meter, i) => this.#fitsAt(job, meter, floors[i], insteadOf));
  }

  #fitsAt(job: Job, meter: Meter, floor: number, insteadOf?: Job): boolean {
    const { now } = this.#driver;
    const amount = amountIn(job, meter);
    if (amount === 0) return true;
    const isReplaced = insteadOf !== undefined && touches(insteadOf.options.path, meter);
    const level = meter.level(now) + (isReplaced ? amountIn(insteadOf, meter) : 0);
    return meter.frozenUntil <= now && hasRoom(meter, level, amount, floor);
  }
}

function hasRoom(meter: Meter, level: number, amount: number, floor: number): boolean {
  if (amount === 0 || level - amount >= floor) return true;
  return amount + floor > meter.capacity && level >= meter.capacity;
}

function amountIn(job: Job, { label }: Meter): number {
  return Math.ceil(amountOf(job.demand, label.dimension) * 1_000_000);
}

function touches(path: Path, meter: Meter): boolean {
  return path.meters.includes(meter);
}

function sharesMeter(a: Job, b: Job): boolean {
  return a.options.path.meters.some(
    (meter) => touches(b.options.path, meter) && amountIn(a, meter) > 0 && amountIn(b, meter) > 0,
  );
}

function isMoreUrgent(a: Job, b: Job): boolean {
  const rank = ({ options: { isChainStep, deadline } }: Job) => [
    isChainStep ? 0 : 1,
    deadline ?? Number.POSITIVE_INFINITY,
  ];
  const [[stepA, dueA], [stepB, dueB]] = [rank(a), rank(b)];
  if (stepA !== stepB) return stepA < stepB;
  return dueA === dueB ? a.number < b.number : dueA < dueB;
}

function name({ label }: Meter): string {
  return `${label.dimension} of ${label.selector}`;
}

function fail(what: string, job: Job): never {
  const { tenant, band = 0, path } = job.options;
  throw new Error(`job ${job.number} (${tenant.id}, band ${band}, path ${path.id}) ${what}`);
}
