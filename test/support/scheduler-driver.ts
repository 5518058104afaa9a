/**
 * Scheduler driver: runs a scheduler on a virtual clock, so that hours pass in milliseconds.
 *
 * It does what a runtime does: pumps after everything that happens and whenever `wakeAt` says so,
 * and settles what was granted after its service time. It never pumps more often than that, so a
 * `wakeAt` that comes too late shows as a wait.
 */
import { type Demand, demandOf } from "../../src/core/demand.ts";
import type { Meter } from "../../src/core/meter/meter.ts";
import type { Handle } from "../../src/core/queue/tickets.ts";
import type { SchedulerOptions } from "../../src/core/scheduler/options.ts";
import type { Path } from "../../src/core/scheduler/path.ts";
import type { Refusal } from "../../src/core/scheduler/refusal.ts";
import { Scheduler } from "../../src/core/scheduler/scheduler.ts";
import type { Tenant } from "../../src/core/scheduler/tenant.ts";
import { EventQueue } from "./event-queue.ts";
import { HOUR, T0 } from "./meters.ts";

export interface JobOptions {
  readonly tenant: Tenant;
  readonly path: Path;
  /** @default 0 */
  readonly band?: number;
  /** @default one request */
  readonly demand?: Partial<Demand>;
  /** Microseconds. @default an hour */
  readonly maxWait?: number;
  /** Microseconds since the epoch. @default null */
  readonly deadline?: number | null;
  /** @default false */
  readonly isChainStep?: boolean;
  /** Microseconds from grant to settlement; null: the test settles it. @default 0 */
  readonly service?: number | null;
  /** What the provider counts in the end. @default the demand */
  readonly counted?: Partial<Demand>;
  /** Queue the same again whenever it is granted, so that its tenant never runs dry. @default false */
  readonly isRepeated?: boolean;
}

export type JobState =
  | "waiting"
  | "running"
  | "settled"
  | "cancelled"
  | "expired"
  | "displaced"
  | "refused";

/** What the provider has counted for one grant. */
export interface Settlement {
  readonly job: Job;
  readonly counted: Demand;
}

/** One request and what became of it. */
export interface Job {
  readonly number: number;
  readonly options: JobOptions;
  readonly demand: Demand;
  readonly queuedAt: number;
  expiresAt: number;
  state: JobState;
  handle: Handle;
  /** A retry competes from then on. */
  eligibleAt: number;
  expectedWait: number;
  refusal: Refusal | null;
  grantedAt: number;
  endedAt: number;
  grants: number;
}

/** Jobs by the order in which they were queued: short enough to read in a failure. */
export function numbersOf(jobs: readonly Job[]): number[] {
  return jobs.map((job) => job.number);
}

const DEFAULTS: SchedulerOptions = {
  bands: [{ tier: "only", latency: "real-time" }],
  guarantees: [],
  holdback: 0,
  margin: 0,
  maxWaiting: 1_000_000,
};

/** Pumps in a row at one time that change nothing: beyond this `wakeAt` is taken to stand still. */
const IDLE_PUMPS = 3;

export class SchedulerDriver {
  readonly scheduler: Scheduler;
  readonly jobs: Job[] = [];
  /** In the order of their grants; a retried job appears once a grant. */
  readonly granted: Job[] = [];
  readonly expired: Job[] = [];
  /** One a grant, in the order in which the grants ended. */
  readonly settlements: Settlement[] = [];
  now = T0;
  wakeAt = Number.POSITIVE_INFINITY;
  /** Called after every pump, when all it has decided is done. */
  afterPump: () => void = () => {};
  readonly #events = new EventQueue();
  #idlePumps = 0;

  constructor(options: Partial<SchedulerOptions> = {}) {
    this.scheduler = new Scheduler({ ...DEFAULTS, ...options }, T0);
  }

  path(...meters: Meter[]): Path {
    return this.scheduler.path(meters);
  }

  tenant(id: string, weight = 1, meters: readonly Meter[] = []): Tenant {
    return this.scheduler.tenant({ id, weight, meters });
  }

  /** Queues one request and grants whatever fits. */
  submit(options: JobOptions): Job {
    const job = this.enqueue(options);
    this.pump();
    return job;
  }

  /** Queues one request without a pump: requests that arrive at the same moment. */
  enqueue(options: JobOptions): Job {
    const { tenant, path, band = 0, deadline = null, isChainStep = false } = options;
    const job = newJob(this.jobs.length, options, this.now);
    this.jobs.push(job);
    const { demand, expiresAt } = job;
    const request = { tenant, path, band, demand, expiresAt, deadline, isChainStep };
    const answer = this.scheduler.enqueue({ ...request, reference: job }, this.now);
    if (answer.kind === "refused") {
      // A backlog that is refused in silence is a test that tests nothing.
      if (options.isRepeated) throw new Error(`a repeated request was refused: ${answer.code}`);
      job.state = "refused";
      job.refusal = answer;
    } else {
      job.handle = answer.handle;
      job.expectedWait = answer.expectedWait;
    }
    return job;
  }

  enqueueMany(count: number, options: JobOptions): Job[] {
    return Array.from({ length: count }, () => this.enqueue(options));
  }

  cancel(job: Job): boolean {
    const done = this.scheduler.cancel(job.handle);
    if (done) this.#end(job, "cancelled");
    this.pump();
    return done;
  }

  settle(job: Job, counted: Partial<Demand> = job.options.counted ?? job.demand): boolean {
    const done = this.#settle(job, demandOf(counted));
    this.pump();
    return done;
  }

  /**
   * Settles a running attempt and queues it again, to compete after `delay` microseconds. The time
   * it was at the provider does not count as waiting.
   */
  retry(job: Job, counted: Partial<Demand>, delay = 0): boolean {
    const expiresAt = job.expiresAt + this.now - job.grantedAt;
    const times = { eligibleAt: this.now + delay, expiresAt };
    const done = this.scheduler.retry(job.handle, demandOf(counted), times, this.now);
    if (done) {
      this.settlements.push({ job, counted: demandOf(counted) });
      job.state = "waiting";
      job.eligibleAt = times.eligibleAt;
      job.expiresAt = times.expiresAt;
    }
    this.pump();
    return done;
  }

  freeze(meter: Meter, micros: number): void {
    this.scheduler.freeze(meter, this.now + micros);
    this.pump();
  }

  /** Calls `action` at a time of the virtual clock. */
  at(time: number, action: () => void): void {
    this.#events.add(time, action);
  }

  runFor(micros: number): void {
    this.runUntil(this.now + micros);
  }

  runUntil(time: number): void {
    this.pump();
    for (;;) {
      const next = Math.max(this.now, Math.min(this.#events.nextAt, this.wakeAt));
      if (next > time) break;
      if (next > this.now) this.#idlePumps = 0;
      this.now = next;
      while (this.#events.nextAt <= this.now) this.#events.take()();
      this.pump();
    }
    this.now = time;
  }

  pump(): void {
    const { granted, expired, displaced, wakeAt } = this.scheduler.pump(this.now);
    this.wakeAt = wakeAt;
    for (const job of displaced as readonly Job[]) this.#end(job, "displaced");
    for (const job of granted as readonly Job[]) this.#start(job);
    for (const job of expired as readonly Job[]) {
      this.#end(job, "expired");
      this.expired.push(job);
    }
    this.#watch(granted.length + expired.length);
    this.afterPump();
  }

  #start(job: Job): void {
    if (job.state !== "waiting") throw new Error(`granted a job that is ${job.state}`);
    job.state = "running";
    job.grantedAt = this.now;
    job.grants++;
    this.granted.push(job);
    const { service = 0, isRepeated } = job.options;
    const counted = demandOf(job.options.counted ?? job.demand);
    if (service !== null) this.at(this.now + service, () => this.#settle(job, counted));
    if (isRepeated) this.at(this.now, () => this.enqueue(job.options));
  }

  #settle(job: Job, counted: Demand): boolean {
    if (!this.scheduler.settle(job.handle, counted, this.now)) return false;
    this.settlements.push({ job, counted });
    this.#end(job, "settled");
    return true;
  }

  #end(job: Job, state: JobState): void {
    if (job.state !== "waiting" && job.state !== "running") {
      throw new Error(`${state} a job that is ${job.state}`);
    }
    job.state = state;
    job.endedAt = this.now;
  }

  #watch(changes: number): void {
    this.#idlePumps = changes === 0 && this.wakeAt <= this.now ? this.#idlePumps + 1 : 0;
    if (this.#idlePumps > IDLE_PUMPS) throw new Error(`wakeAt stands still at ${this.wakeAt}`);
  }
}

function newJob(number: number, options: JobOptions, now: number): Job {
  return {
    number,
    options,
    demand: demandOf(options.demand ?? { requests: 1 }),
    queuedAt: now,
    expiresAt: now + (options.maxWait ?? HOUR),
    state: "waiting",
    handle: -1,
    eligibleAt: now,
    expectedWait: Number.NaN,
    refusal: null,
    grantedAt: Number.NaN,
    endedAt: Number.NaN,
    grants: 0,
  };
}
