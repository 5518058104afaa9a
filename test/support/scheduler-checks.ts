/**
 * Scheduler checks: what must hold after every pump, worked out from the outside.
 *
 * Nothing here asks the scheduler why it did something: whether a request fits is computed anew
 * from the meters' levels, so that the judge shares no code with the judged.
 */
import type { Meter } from "../../src/core/meter/meter.ts";
import type { Path } from "../../src/core/scheduler/path.ts";
import { amountIn, bandOf, SchedulerCredits } from "./scheduler-credits.ts";
import type { Job, SchedulerDriver } from "./scheduler-driver.ts";

/** What was there before a debit. */
interface Debit {
  readonly level: number;
  readonly amount: number;
}

/** A wait may be ended so much too early. */
const EXPIRY_MICROS = 8_000;

/** Heads that do not fit, after which a pump looks no further in one lane. */
const PROBES = 8;

export class SchedulerChecks {
  readonly #driver: SchedulerDriver;
  readonly #debits = new Map<Meter, Debit[]>();
  readonly #guaranteed: ReadonlySet<number>;
  readonly #credits: SchedulerCredits;
  #seenGrants = 0;
  #seenExpired = 0;

  constructor(driver: SchedulerDriver, meters: readonly Meter[]) {
    this.#driver = driver;
    const { guarantees } = driver.scheduler.options;
    this.#guaranteed = new Set(guarantees.flatMap(({ bands }) => bands));
    this.#credits = new SchedulerCredits(guarantees, driver.now);
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
    this.#credits.earn([...this.#waiting, ...grants], now);
    this.#checkInversions(grants);
    if (this.#driver.wakeAt > now) this.#checkIdleness(this.#heads(this.#waiting)); // it has finished
  }

  get #waiting(): Job[] {
    return this.#driver.jobs.filter((job) => job.state === "waiting");
  }

  /** No meter is overdrawn, nor spent below its floor unless only a full one could serve. */
  #checkAdmission(job: Job): void {
    const { path, tenant } = job.options;
    const band = bandOf(job);
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
      const own = waiting.filter((job) => bandOf(job) === band.index);
      if (band.waiting !== own.length) throw new Error(`band ${band.index}: waiting is not exact`);
      scheduler.meters.forEach((meter, i) => {
        const touching = own.filter((job) => job.options.path.meters.includes(meter));
        const sum = touching.reduce((total, job) => total + amountIn(job, meter), 0);
        if (band.queued.at(i) !== sum) throw new Error(`band ${band.index}: queued is wrong`);
      });
    }
  }

  /**
   * Plays a pump's grants again, in their order, against the levels that each of them found: no
   * grant while a head of a higher band fitted all its meters, unless a guarantee has paid for it,
   * or that head is held back at a meter which the grant leaves untouched.
   */
  #checkInversions(grants: readonly Job[]): void {
    const taken = new Taken(grants);
    const still = this.#waiting;
    grants.forEach((grant, i) => {
      const heads = this.#heads([...still, ...grants.slice(i + 1)]);
      const isPaid = this.#credits.spend(grant);
      for (const head of heads) {
        if (isPaid || bandOf(head) >= bandOf(grant) || !this.#fits(head, taken)) continue;
        if (this.#mayBePassed(head, grant, heads, taken)) continue;
        fail(`was passed by ${grant.number} (band ${bandOf(grant)})`, head);
      }
      taken.giveUp(grant);
    });
  }

  #mayBePassed(head: Job, grant: Job, heads: readonly Job[], taken: Taken): boolean {
    const inTheWay = heads.filter((other) => {
      const isBefore = bandOf(other) <= bandOf(head) || this.#guaranteed.has(bandOf(other));
      return other !== head && isBefore && !this.#fitsPath(other, taken);
    });
    const isHeldBack = inTheWay.some((other) =>
      this.#lacking(other, taken).some(
        (meter) =>
          amountIn(head, meter) > 0 &&
          touches(head.options.path, meter) &&
          !(touches(grant.options.path, meter) && amountIn(grant, meter) > 0),
      ),
    );
    const before = inTheWay.filter((other) => sharesLane(other, head));
    return isHeldBack || before.length >= PROBES;
  }

  #lacking(job: Job, taken: Taken): Meter[] {
    const floors = floorsOf(job);
    return job.options.path.meters.filter(
      (meter, i) => !this.#fitsAt(job, meter, floors[i], taken),
    );
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
      const isBefore = bandOf(other) <= bandOf(head) || this.#guaranteed.has(bandOf(other));
      return isBefore && sharesMeter(head, other) && !this.#fitsPath(other);
    });
  }

  /** The most urgent of each tenant, band and path that may compete. */
  #heads(waiting: readonly Job[]): Job[] {
    const heads = new Map<string, Job>();
    for (const job of waiting) {
      if (job.eligibleAt > this.#driver.now) continue;
      const { tenant, path } = job.options;
      const key = `${tenant.id} ${bandOf(job)} ${path.id}`;
      const known = heads.get(key);
      if (known === undefined || isMoreUrgent(job, known)) heads.set(key, job);
    }
    return [...heads.values()];
  }

  /** `taken`: what was still there at the moment that is judged. */
  #fits(job: Job, taken = NOTHING): boolean {
    const { tenant } = job.options;
    const ownFits = tenant.meters.every((meter) => this.#fitsAt(job, meter, 0, taken));
    return ownFits && this.#fitsPath(job, taken);
  }

  #fitsPath(job: Job, taken = NOTHING): boolean {
    return this.#lacking(job, taken).length === 0;
  }

  #fitsAt(job: Job, meter: Meter, floor: number, taken: Taken): boolean {
    const { now } = this.#driver;
    const amount = amountIn(job, meter);
    if (amount === 0) return true;
    const level = meter.level(now) + taken.from(meter);
    return meter.frozenUntil <= now && hasRoom(meter, level, amount, floor);
  }
}

/** What the grants of a pump have taken that are still to be played again. */
class Taken {
  readonly #amounts = new Map<Meter, number>();

  constructor(grants: readonly Job[]) {
    for (const grant of grants) this.#add(grant, 1);
  }

  from(meter: Meter): number {
    return this.#amounts.get(meter) ?? 0;
  }

  giveUp(grant: Job): void {
    this.#add(grant, -1);
  }

  #add(grant: Job, sign: 1 | -1): void {
    const { path, tenant } = grant.options;
    for (const meter of [...path.meters, ...tenant.meters]) {
      this.#amounts.set(meter, this.from(meter) + sign * amountIn(grant, meter));
    }
  }
}

const NOTHING = new Taken([]);

function floorsOf(job: Job): Float64Array {
  const { path } = job.options;
  return bandOf(job) === 0 ? path.floorsFirst : path.floorsOther;
}

function sharesLane(a: Job, b: Job): boolean {
  return a.options.path === b.options.path && bandOf(a) === bandOf(b);
}

function hasRoom(meter: Meter, level: number, amount: number, floor: number): boolean {
  if (amount === 0 || level - amount >= floor) return true;
  return amount + floor > meter.capacity && level >= meter.capacity;
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
