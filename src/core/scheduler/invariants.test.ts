/** Invariants: random histories on random limits; a failure prints the seed and the smallest history. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
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
} from "../../../test/support/meters.ts";
import { SchedulerChecks } from "../../../test/support/scheduler-checks.ts";
import { type Job, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import type { Meter } from "../meter/meter.ts";
import type { Path } from "./path.ts";
import type { Tenant } from "./tenant.ts";

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

const worlds = fc.record({
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
  maxWaiting: fc.constantFrom(20, 10_000),
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
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

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
const steps = fc.oneof(
  { weight: 10, arbitrary: enqueue },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      micros: fc.oneof(fc.integer({ min: 0, max: 20 * MS }), fc.integer({ min: 0, max: SECOND })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which: pick,
      share: fc.double({ min: 0, max: 1.3, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: pick }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("retry" as const),
      which: pick,
      delay: fc.constantFrom(0, 5 * MS, 2 * SECOND),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("freeze" as const),
      which: pick,
      micros: fc.integer({ min: 1, max: SECOND }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reweigh" as const),
      which: pick,
      weight: fc.constantFrom(0.5, 1, 6),
    }),
  },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** A world at work, with everything checked after every pump. */
class Run {
  readonly driver: SchedulerDriver;
  readonly meters: Meter[] = [];
  readonly paths: Path[];
  readonly tenants: Tenant[];

  constructor(world: World) {
    const { margin, holdback, guarantees, maxWaiting } = world;
    this.driver = new SchedulerDriver({ bands: BANDS, margin, holdback, guarantees, maxWaiting });
    const account = [
      ...(world.requests ? [this.#meter(world.requests, "account")] : []),
      ...(world.tokens ? [this.#meter(world.tokens, "account")] : []),
      ...(world.slots ? [this.#keep(slots(world.slots))] : []),
    ];
    this.paths = world.models.map((model, i) =>
      this.driver.path(...account, this.#meter(model, `model:${i}`)),
    );
    if (account.length > 0) this.paths.push(this.driver.path(...account));
    this.tenants = world.tenants.map(({ weight, quota, slots: own }, i) =>
      this.driver.tenant(`tenant-${i}`, weight, [
        ...(quota ? [this.#meter(quota, `tenant:${i}`)] : []),
        ...(own ? [this.#keep(slots(own, `tenant:${i}`))] : []),
      ]),
    );
    new SchedulerChecks(this.driver, this.meters);
  }

  #meter({ kind, ...options }: Limit, selector: string): Meter {
    return this.#keep(KINDS[kind]({ ...options, selector }));
  }

  #keep(meter: Meter): Meter {
    this.meters.push(meter);
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

  #withAny(state: Job["state"], { which }: { which: number }, act: (job: Job) => void): void {
    const jobs = this.driver.jobs.filter((job) => job.state === state);
    if (jobs.length > 0) act(jobs[which % jobs.length]);
  }
}

function historyOf(world: World, steps: readonly Step[]): Run {
  const run = new Run(world);
  for (const step of steps) run.step(step);
  return run;
}

const histories = fc.array(steps, { minLength: 1, maxLength: 80, size: "max" });

describe("whatever happens", () => {
  test("meters, bands, waits and sums stay right after every pump, and everything ends", () => {
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        const run = historyOf(world, steps);
        run.finish(20 * MINUTE);
        const left = run.driver.jobs.filter((job) => ["waiting", "running"].includes(job.state));
        expect(left.map((job) => job.number)).toEqual([]);
        expect(run.driver.wakeAt).toBe(Number.POSITIVE_INFINITY);
      }),
      { numRuns: 400 },
    );
  });

  test("in the end every meter is full, every slot free and nothing is left in the sums", () => {
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        const { driver, meters, tenants } = finished(world, steps);
        driver.runFor(MINUTE);
        for (const meter of meters) expect(meter.level(driver.now)).toBe(meter.capacity);
        for (const band of driver.scheduler.bands) {
          for (const i of driver.scheduler.meters.keys()) expect(band.queued.at(i)).toBe(0);
          expect([band.waiting, band.competing, band.activeWeight]).toEqual([0, 0, 0]);
        }
        expect(tenants.every((tenant) => driver.scheduler.forget(tenant))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test("the same history grants the same requests at the same times", () => {
    fc.assert(
      fc.property(worlds, histories, (world, steps) => {
        const [once, again] = [1, 2].map(() =>
          finished(world, steps).driver.granted.map((job) => [job.number, job.grantedAt]),
        );
        expect(again).toEqual(once);
      }),
      { numRuns: 50 },
    );
  });
});

function finished(world: World, steps: readonly Step[]): Run {
  const run = historyOf(world, steps);
  run.finish(20 * MINUTE);
  return run;
}
