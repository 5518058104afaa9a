/** Scheduler world: random limits, tenants and histories, and a run of them with everything checked. */
import fc from "fast-check";
import type { Meter } from "../../src/core/meter/meter.ts";
import type { Path } from "../../src/core/scheduler/path.ts";
import type { Tenant } from "../../src/core/scheduler/tenant.ts";
import {
  bucket,
  fixedWindow,
  HOUR,
  type LimitOptions,
  MINUTE,
  MS,
  SECOND,
  slidingWindow,
  slots,
} from "./meters.ts";
import { SchedulerChecks } from "./scheduler-checks.ts";
import { type Job, type JobState, SchedulerDriver } from "./scheduler-driver.ts";
import { MeterLog } from "./scheduler-meter-log.ts";

const BANDS = ["real-time", "near-real-time", "batch"].map((latency) => ({ tier: "any", latency }));
const KINDS = { bucket, slidingWindow, fixedWindow };

type Limit = LimitOptions & { readonly kind: keyof typeof KINDS };

function limit(dimension: LimitOptions["dimension"], max: number): fc.Arbitrary<Limit> {
  return fc.record({
    kind: fc.constantFrom<Limit["kind"]>("bucket", "bucket", "slidingWindow", "fixedWindow"),
    dimension: fc.constant(dimension),
    amount: fc.integer({ min: 1, max }),
    per: fc.constantFrom(300 * MS, SECOND, 1_700_001),
    initialShare: fc.constantFrom(0, 0.5, 1),
  });
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 2, nil: null });
const slotCount = fc.integer({ min: 1, max: 6 });

export const worlds = fc.record({
  margin: fc.constantFrom(0, 0, 0.1),
  holdback: fc.constantFrom(0, 0, 0.2),
  guarantees: fc.constantFrom(
    [],
    [],
    [{ label: "batch", share: 0.1, bands: [2] }],
    [
      { label: "low", share: 0.2, bands: [1, 2] },
      { label: "batch", share: 0.05, bands: [2] },
    ],
  ),
  maxWaiting: fc.constantFrom(2, 5, 20, 10_000, 10_000),
  requests: maybe(limit("requests", 20)),
  tokens: maybe(limit("tokens", 5_000)),
  slots: maybe(slotCount),
  models: fc.array(fc.oneof(limit("requests", 10), limit("tokens", 3_000)), {
    minLength: 1,
    maxLength: 3,
  }),
  tenants: fc.array(
    fc.record({
      weight: fc.constantFrom(0.1, 1, 1, 3.7, 8),
      quota: maybe(fc.oneof(limit("requests", 8), limit("tokens", 3_000))),
      slots: maybe(slotCount),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});
export type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

const pick = fc.nat({ max: 1_000 });
const enqueue = fc.record({
  kind: fc.constant("enqueue" as const),
  tenant: pick,
  path: pick,
  band: fc.integer({ min: 0, max: 2 }),
  requests: fc.constantFrom(1, 1, 1, 0),
  tokenShare: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
  maxWait: fc.oneof(fc.constant(HOUR), fc.integer({ min: 0, max: 3 * SECOND })),
  deadline: fc.option(fc.integer({ min: 0, max: 5 * SECOND }), { freq: 3 }),
  isChainStep: fc.boolean(),
});
const pass = fc.record({
  kind: fc.constant("pass" as const),
  micros: fc.oneof(fc.integer({ min: 0, max: 20 * MS }), fc.integer({ min: 0, max: SECOND })),
});
const settle = fc.record({
  kind: fc.constant("settle" as const),
  which: pick,
  share: fc.double({ min: 0, max: 1.3, noNaN: true }),
});
const cancel = fc.record({ kind: fc.constant("cancel" as const), which: pick });
const retry = fc.record({
  kind: fc.constant("retry" as const),
  which: pick,
  delay: fc.constantFrom(0, 5 * MS, 2 * SECOND),
});
const freeze = fc.record({
  kind: fc.constant("freeze" as const),
  which: pick,
  micros: fc.integer({ min: 1, max: SECOND }),
});
const reweigh = fc.record({
  kind: fc.constant("reweigh" as const),
  which: pick,
  weight: fc.constantFrom(0.5, 1, 6),
});
const steps = fc.oneof(
  { weight: 10, arbitrary: enqueue },
  { weight: 6, arbitrary: pass },
  { weight: 6, arbitrary: settle },
  { weight: 1, arbitrary: cancel },
  { weight: 1, arbitrary: retry },
  { weight: 1, arbitrary: freeze },
  { weight: 1, arbitrary: reweigh },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

export const histories = fc.array(steps, { minLength: 1, maxLength: 80, size: "max" });

/** A world at work, with everything checked after every pump. */
export class Run {
  readonly driver: SchedulerDriver;
  readonly meters: Meter[] = [];
  readonly logs: MeterLog[] = [];
  readonly paths: Path[];
  readonly tenants: Tenant[];

  constructor(world: World) {
    const { margin, holdback, guarantees, maxWaiting } = world;
    this.driver = new SchedulerDriver({ bands: BANDS, margin, holdback, guarantees, maxWaiting });
    const account = [
      ...(world.requests ? [this.#meter(world.requests, "account")] : []),
      ...(world.tokens ? [this.#meter(world.tokens, "account")] : []),
      ...(world.slots ? [this.#keep(slots(world.slots), null)] : []),
    ];
    this.paths = world.models.map((model, i) =>
      this.driver.path(...account, this.#meter(model, `model:${i}`)),
    );
    if (account.length > 0) this.paths.push(this.driver.path(...account));
    this.tenants = world.tenants.map(({ weight, quota, slots: own }, i) =>
      this.driver.tenant(`tenant-${i}`, weight, [
        ...(quota ? [this.#meter(quota, `tenant:${i}`)] : []),
        ...(own ? [this.#keep(slots(own, `tenant:${i}`), null)] : []),
      ]),
    );
    new SchedulerChecks(this.driver, this.meters);
  }

  #meter({ kind, ...options }: Limit, selector: string): Meter {
    return this.#keep(KINDS[kind]({ ...options, selector }), options.per ?? SECOND);
  }

  #keep(meter: Meter, per: number | null): Meter {
    this.meters.push(meter);
    this.logs.push(new MeterLog(meter, per));
    return meter;
  }

  step(step: Step): void {
    const { driver } = this;
    if (step.kind === "enqueue") this.#enqueue(step);
    else if (step.kind === "pass") driver.runFor(step.micros);
    else if (step.kind === "settle") this.#withAny("running", step, this.#settle(step.share));
    else if (step.kind === "cancel") this.#withAny("waiting", step, (job) => driver.cancel(job));
    else if (step.kind === "retry") {
      this.#withAny("running", step, (job) => driver.retry(job, {}, step.delay));
    } else if (step.kind === "freeze") {
      driver.freeze(this.meters[step.which % this.meters.length], step.micros);
    } else this.tenants[step.which % this.tenants.length].weight = step.weight;
  }

  /** Ends whatever still runs, until nothing is left or `limit` has passed. */
  finish(limit: number): void {
    const end = this.driver.now + limit;
    while (this.driver.now < end && this.driver.scheduler.waiting + this.running.length > 0) {
      for (const job of this.running) this.driver.settle(job);
      this.driver.runFor(100 * MS);
    }
    this.driver.pump();
  }

  get running(): Job[] {
    return this.driver.jobs.filter((job) => job.state === "running");
  }

  #enqueue(step: Extract<Step, { kind: "enqueue" }>): void {
    const path = this.paths[step.path % this.paths.length];
    const tenant = this.tenants[step.tenant % this.tenants.length];
    const limits = [...path.meters, ...tenant.meters]
      .filter((meter) => meter.label.dimension === "tokens")
      .map((meter) => meter.capacity / 1_000_000);
    const tokens = Math.floor(Math.min(1_000, ...limits) * step.tokenShare);
    this.driver.submit({
      tenant,
      path,
      band: step.band,
      demand: { requests: step.requests, tokens },
      maxWait: step.maxWait,
      deadline: step.deadline === null ? null : this.driver.now + step.deadline,
      isChainStep: step.isChainStep,
      service: null,
    });
  }

  #settle(share: number) {
    return (job: Job) => {
      const { requests, tokens } = job.demand;
      this.driver.settle(job, { requests, tokens: Math.floor(tokens * share) });
    };
  }

  #withAny(state: JobState, { which }: { which: number }, act: (job: Job) => void): void {
    const jobs = this.driver.jobs.filter((job) => job.state === state);
    if (jobs.length > 0) act(jobs[which % jobs.length]);
  }
}

/** Plays a history in a world; then, unless told otherwise, lets all of it end. */
export function runOf(world: World, steps: readonly Step[]): Run {
  const run = new Run(world);
  for (const step of steps) run.step(step);
  run.finish(20 * MINUTE);
  return run;
}
