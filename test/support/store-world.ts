/** Store world: random limits and histories for a store, played in virtual time on as many stores as are given. */
import fc from "fast-check";
import { type Demand, demandOf } from "../../src/core/demand.ts";
import { NO_PACE, paceOf } from "../../src/core/meter/pace.ts";
import type { ReliefOptions, SchedulerOptions } from "../../src/core/scheduler/options.ts";
import type { MeterReference, MeterSpec, Operation, StepAnswer } from "../../src/stores/store.ts";
import { HOUR, MS, SECOND } from "./meters.ts";

type Limit = Pick<MeterSpec, "kind" | "dimension"> & {
  readonly amount: number;
  readonly per: number;
  readonly isPaced: boolean;
};

function limit(dimension: MeterSpec["dimension"], max: number): fc.Arbitrary<Limit> {
  return fc.record({
    kind: fc.constantFrom<Limit["kind"]>("bucket", "bucket", "sliding", "fixed"),
    dimension: fc.constant(dimension),
    amount: fc.integer({ min: 1, max }),
    per: fc.constantFrom(300 * MS, SECOND, 1_700_001, 3_700 * SECOND),
    isPaced: fc.constantFrom(false, false, true),
  });
}

const slotLimit = fc.integer({ min: 1, max: 6 }).map(
  (amount): Limit => ({
    kind: "slots",
    dimension: "concurrency",
    amount,
    per: 0,
    isPaced: false,
  }),
);

export interface StoreWorld {
  readonly margin: number;
  readonly holdback: number;
  readonly guarantees: SchedulerOptions["guarantees"];
  readonly ceilings: NonNullable<SchedulerOptions["ceilings"]>;
  /** Null: nothing gives way under pressure. */
  readonly relief: ReliefOptions | null;
  readonly maxWaiting: number;
  readonly initialShare: number;
  readonly account: readonly (Limit | null)[];
  readonly models: readonly Limit[];
  readonly tenants: readonly { readonly weight: number; readonly own: readonly (Limit | null)[] }[];
}

/** No round shares: two ways to add up the same may differ by the last bit. */
function relief(acts: readonly number[]): fc.Arbitrary<ReliefOptions> {
  return fc
    .record({ act: fc.constantFrom(...acts), held: fc.constantFrom([2], [2], [1, 2]) })
    .map(({ act, held }) => {
      const calm = 0.7 * act;
      return { act, calm, held, refused: [], lowestTier: "none", keepsLine: false };
    });
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 2, nil: null });

export const storeWorlds: fc.Arbitrary<StoreWorld> = fc.record({
  margin: fc.constantFrom(0, 0, 0.1),
  holdback: fc.constantFrom(0, 0, 0.2),
  guarantees: fc.constantFrom(
    [],
    [{ label: "batch", share: 0.1, bands: [2] }],
    [
      { label: "low", share: 0.2, bands: [1, 2] },
      { label: "batch", share: 0.05, bands: [2] },
    ],
  ),
  ceilings: fc.constantFrom(
    [],
    [],
    [{ share: 0.3, bands: [0] }],
    [
      { share: 0.5, bands: [0, 1] },
      { share: 0.2, bands: [2] },
    ],
  ),
  relief: maybe(relief([0.0213, 0.117, 0.413])),
  maxWaiting: fc.constantFrom(5, 20, 10_000, 10_000),
  initialShare: fc.constantFrom(0, 0.5, 1),
  account: fc.tuple(
    maybe(limit("requests", 20)),
    maybe(limit("tokens", 5_000)),
    maybe(limit("units:points", 500)),
    maybe(slotLimit),
  ),
  models: fc.array(fc.oneof(limit("requests", 10), limit("tokens", 3_000)), {
    minLength: 1,
    maxLength: 3,
  }),
  tenants: fc.array(
    fc.record({
      weight: fc.constantFrom(0.1, 1, 1, 3.7, 8),
      own: fc.tuple(
        maybe(fc.oneof(limit("requests", 8), limit("tokens", 3_000))),
        maybe(slotLimit),
      ),
    }),
    { minLength: 1, maxLength: 5 },
  ),
});
/** The same where much more is asked than there is: heads that wait, are passed and are guaranteed a share. */
export const busyWorlds: fc.Arbitrary<StoreWorld> = fc.record({
  margin: fc.constant(0),
  holdback: fc.constantFrom(0, 0.1),
  guarantees: fc.constantFrom(
    [],
    [{ label: "batch", share: 0.5, bands: [2] }],
    [
      { label: "low", share: 0.3, bands: [1, 2] },
      { label: "batch", share: 0.2, bands: [2] },
    ],
  ),
  ceilings: fc.constantFrom([], [], [{ share: 0.4, bands: [0] }]),
  relief: maybe(relief([0.0613, 0.217, 0.713])),
  maxWaiting: fc.constant(10_000),
  initialShare: fc.constantFrom(0.2, 1),
  account: fc.tuple(
    maybe(limit("requests", 60)),
    limit("tokens", 500).map((one) => ({ ...one, amount: 1_000 + one.amount, isPaced: false })),
    fc.constant(null),
    maybe(slotLimit),
  ),
  models: fc.array(
    limit("tokens", 500).map((one) => ({ ...one, amount: 1_000 + one.amount, isPaced: false })),
    { minLength: 1, maxLength: 3 },
  ),
  tenants: fc.array(
    fc.record({
      weight: fc.constantFrom(0.5, 1, 1, 2, 8),
      own: fc.tuple(fc.constant(null), fc.constant(null)),
    }),
    { minLength: 2, maxLength: 12 },
  ),
});

const pick = fc.nat({ max: 1_000 });
const demand = fc.record({
  requests: fc.constantFrom(1, 1, 1, 0),
  tokens: fc.oneof(fc.constantFrom(0, 1_000), fc.integer({ min: 0, max: 1_000 })),
  points: fc.constantFrom(0, 0, 3, 200),
});
const enqueue = fc.record({
  kind: fc.constant("enqueue" as const),
  tenant: pick,
  path: pick,
  band: fc.integer({ min: 0, max: 2 }),
  demand,
  patience: fc.oneof(fc.constant(HOUR), fc.integer({ min: 0, max: 3 * SECOND })),
  dueIn: fc.option(fc.integer({ min: 0, max: 5 * SECOND }), { freq: 3 }),
  isChainStep: fc.boolean(),
});
const pass = fc.record({
  kind: fc.constant("pass" as const),
  micros: fc.oneof(fc.integer({ min: 0, max: 20 * MS }), fc.integer({ min: 0, max: SECOND })),
});
const share = fc.double({ min: 0, max: 1.3, noNaN: true });
const settle = fc.record({ kind: fc.constant("settle" as const), which: pick, share });
const cancel = fc.record({ kind: fc.constant("cancel" as const), which: pick });
const retry = fc.record({
  kind: fc.constant("retry" as const),
  which: pick,
  delay: fc.constantFrom(0, 5 * MS, 2 * SECOND),
});
const correct = fc.record({
  kind: fc.constant("correct" as const),
  meter: pick,
  how: fc.constantFrom("freeze", "rest", "adjust", "foreign", "margin", "resize"),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});
const reweigh = fc.record({
  kind: fc.constant("reweigh" as const),
  which: pick,
  weight: fc.constantFrom(0.5, 1, 6),
});
const steps = fc.oneof(
  { weight: 12, arbitrary: enqueue },
  { weight: 6, arbitrary: pass },
  { weight: 6, arbitrary: settle },
  { weight: 1, arbitrary: cancel },
  { weight: 1, arbitrary: retry },
  { weight: 1, arbitrary: correct },
  { weight: 1, arbitrary: reweigh },
);
export type StoreStep = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** What arrives together is one batch. */
export const storeHistories = fc.array(fc.array(steps, { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 40,
  size: "max",
});

const busyEnqueue = fc.record({
  kind: fc.constant("enqueue" as const),
  tenant: pick,
  path: pick,
  band: fc.constantFrom(0, 0, 0, 1, 2, 2),
  demand: fc.record({
    requests: fc.constantFrom(1, 1, 1, 0),
    tokens: fc.constantFrom(0, 10, 10, 40, 150, 400, 1_000),
    points: fc.constant(0),
  }),
  patience: fc.constant(HOUR),
  dueIn: fc.constantFrom(null, null, null, SECOND),
  isChainStep: fc.constantFrom(false, false, false, true),
});
const busySteps = fc.oneof(
  { weight: 20, arbitrary: busyEnqueue },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which: pick,
      share: fc.constantFrom(0, 0.5, 1, 1, 8),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      micros: fc.oneof(fc.integer({ min: 1, max: 150 * MS }), fc.integer({ min: 1, max: SECOND })),
    }),
  },
  { weight: 1, arbitrary: cancel },
);
export const busyHistories = fc.array(fc.array(busySteps, { minLength: 1, maxLength: 12 }), {
  minLength: 10,
  maxLength: 40,
  size: "max",
});

export const STORE_BANDS = ["real-time", "near-real-time", "batch"].map((latency) => ({
  tier: "any",
  latency,
}));

export function optionsOf(world: StoreWorld): SchedulerOptions {
  const { margin, holdback, guarantees, ceilings, maxWaiting, relief: gives } = world;
  const rules = { margin, holdback, guarantees, ceilings, maxWaiting };
  return { bands: STORE_BANDS, ...rules, ...(gives && { relief: gives }) };
}

/** Turns a history into operations, by what the answers so far have told. */
export class StoreHistory {
  readonly #world: StoreWorld;
  readonly #weights: number[];
  readonly #specs = new Map<string, MeterSpec>();
  readonly #references: { readonly at: MeterReference; readonly spec: MeterSpec }[] = [];
  #paths = 0;
  readonly waiting = new Set<number>();
  readonly running = new Set<number>();
  readonly #demands = new Map<number, Demand>();

  constructor(world: StoreWorld) {
    this.#world = world;
    this.#weights = world.tenants.map(({ weight }) => weight);
  }

  /** Makes paths and tenants known. */
  opening(): Operation[] {
    const { account, models, tenants, initialShare } = this.#world;
    const shared = account
      .filter((one) => one !== null)
      .map((one, i) => this.#spec(one, `account-${i}`));
    const paths = models.map((model, i) => [...shared, this.#spec(model, `model-${i}`)]);
    if (shared.length > 0) paths.push(shared);
    this.#paths = paths.length;
    const own = tenants.map(({ own: limits }, i) =>
      limits
        .filter((one) => one !== null)
        .map((one, place) => {
          const spec = this.#spec(one, `tenant-${i}-${place}`, `tenant:${i}`);
          this.#references.push({ at: { tenant: `tenant-${i}`, place }, spec });
          return spec;
        }),
    );
    const keys = [...new Set(paths.flat().map(({ key }) => key))];
    keys.forEach((key, at) => {
      this.#references.push({ at, spec: this.#specs.get(key) as MeterSpec });
    });
    return [
      ...paths.map(
        (meters, i): Operation => ({ kind: "path", key: `p${i}`, meters, initialShare }),
      ),
      ...own.flatMap((meters, i): Operation[] =>
        meters.length === 0
          ? []
          : [{ kind: "tenant", tenant: `tenant-${i}`, meters, initialShare }],
      ),
      ...tenants.map(
        ({ weight }, i): Operation => ({ kind: "weigh", tenant: `tenant-${i}`, weight }),
      ),
    ];
  }

  #spec({ amount, isPaced, ...one }: Limit, key: string, selector = "account"): MeterSpec {
    const capacity = amount * 1_000_000;
    const pace = isPaced ? paceOf(capacity, one.per) : NO_PACE;
    const spec = { ...one, key, selector, capacity, pace, ends: [] };
    this.#specs.set(key, spec);
    return spec;
  }

  operation(step: StoreStep): Operation | null {
    switch (step.kind) {
      case "pass":
        return null;
      case "enqueue":
        return this.#enqueue(step);
      case "cancel":
        return this.#withAny(this.waiting, step.which, (ticket) => ({ kind: "cancel", ticket }));
      case "settle":
        return this.#withAny(this.running, step.which, (ticket) => ({
          kind: "settle",
          ticket,
          counted: this.#counted(ticket, step.share),
        }));
      case "retry":
        return this.#withAny(this.running, step.which, (ticket) => ({
          kind: "retry",
          ticket,
          counted: demandOf({}),
          eligibleIn: step.delay,
          expiresIn: SECOND,
        }));
      case "reweigh": {
        const which = step.which % this.#weights.length;
        this.#weights[which] = step.weight;
        return { kind: "weigh", tenant: `tenant-${which}`, weight: step.weight };
      }
      case "correct":
        return this.#correct(step);
    }
  }

  #enqueue(step: Extract<StoreStep, { kind: "enqueue" }>): Operation {
    const which = step.tenant % this.#weights.length;
    const { requests, tokens, points } = step.demand;
    return {
      kind: "enqueue",
      tenant: `tenant-${which}`,
      weight: this.#weights[which],
      hasOwnMeters: this.#world.tenants[which].own.some((one) => one !== null),
      band: step.band,
      path: step.path % this.#paths,
      demand: demandOf({ requests, tokens, units: points > 0 ? { points } : {} }),
      patience: step.patience,
      dueIn: step.dueIn,
      isChainStep: step.isChainStep,
    };
  }

  #correct({ meter, how, share: part }: Extract<StoreStep, { kind: "correct" }>): Operation {
    const { at, spec } = this.#references[meter % this.#references.length];
    switch (how) {
      case "freeze":
        return { kind: "freeze", meter: at, micros: 1 + Math.floor(part * SECOND) };
      case "rest": {
        const micros = part < 0.3 ? 0 : Math.floor(part * 2 * SECOND);
        return { kind: "rest", meter: at, micros, probeIn: part > 0.7 ? 100 * MS : null };
      }
      case "adjust":
        return { kind: "adjust", meter: at, delta: Math.floor((part - 0.6) * spec.capacity) };
      case "foreign":
        return { kind: "foreign", meter: at, rate: (part * spec.capacity) / (spec.per || 1) };
      case "margin":
        return { kind: "margin", meter: at, share: part / 2 };
      default: {
        const capacity = Math.max(1_000_000, Math.floor(spec.capacity * (0.5 + part)));
        const per = spec.kind === "slots" ? 0 : spec.per;
        return { kind: "resize", meter: at, capacity, per, pace: spec.pace };
      }
    }
  }

  #counted(ticket: number, part: number): Demand {
    const { requests, tokens, units } = this.#demands.get(ticket) as Demand;
    return demandOf({ requests, tokens: Math.floor(tokens * part), units });
  }

  #withAny(
    tickets: ReadonlySet<number>,
    which: number,
    make: (ticket: number) => Operation,
  ): Operation | null {
    const list = [...tickets];
    if (list.length === 0) return null;
    return make(list[which % list.length]);
  }

  /** What an answer to these operations tells. */
  take(operations: readonly Operation[], answer: StepAnswer): void {
    operations.forEach((operation, i) => {
      const result = answer.results[i];
      if (operation.kind === "enqueue" && typeof result === "number") {
        this.waiting.add(result);
        this.#demands.set(result, operation.demand);
      } else if (operation.kind === "cancel" && result === true) {
        this.waiting.delete(operation.ticket);
      } else if (operation.kind === "settle" && result === true) {
        this.running.delete(operation.ticket);
      } else if (operation.kind === "retry" && result === true) {
        this.running.delete(operation.ticket);
        this.waiting.add(operation.ticket);
      }
    });
    for (const ticket of answer.granted) {
      this.waiting.delete(ticket);
      this.running.add(ticket);
    }
    for (const ticket of [...answer.expired, ...answer.displaced]) this.waiting.delete(ticket);
  }
}
