import { describe, expect, test } from "vitest";
import { TestClock } from "../../../test/support/gateway-clock.ts";
import type { BudgetOptions, LearnedLimit } from "../../core/budget/options.ts";
import { MICROS_PER_MS } from "../../core/clock.ts";
import { type Demand, demandOf, NO_DEMAND } from "../../core/demand.ts";
import type { LimitReading } from "../../core/dialect.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import { Account } from "./account.ts";
import type { Ask } from "./ask.ts";
import type { LimitRule } from "./limit-meter.ts";
import type { Reservation } from "./reservation.ts";

const ONE = demandOf({ requests: 1 });
const SCHEDULER: SchedulerOptions = {
  bands: [{ tier: "only", latency: "real-time" }],
  guarantees: [],
  holdback: 0,
  margin: 0,
  maxWaiting: 100,
};
const UNKNOWN: BudgetOptions = { margin: 0, hasLimits: false, adaptive: null };
const CONFIGURED: BudgetOptions = { ...UNKNOWN, hasLimits: true };

function rule(amount: number, parts: Partial<LimitRule> = {}): LimitRule {
  return {
    selector: { models: null, project: null, key: null, each: false },
    dimension: "requests",
    amount,
    perMs: 60_000,
    window: "bucket",
    resetsAt: null,
    timeZone: null,
    ...parts,
  };
}

/** A limit of requests per minute, as an answer tells it. */
function reading(parts: Partial<LimitReading> = {}): LimitReading {
  return {
    dimension: "requests",
    perMs: 60_000,
    limit: 60,
    remaining: 60,
    resetMs: null,
    resetMeaning: "full",
    quantum: 1,
    ...parts,
  };
}

interface World {
  readonly clock: TestClock;
  readonly account: Account;
  /** What was told of limits, in the order of telling. */
  readonly news: (readonly LearnedLimit[])[];
  /** Names of what was granted, in the order of the grants; refusals as `name: code`. */
  readonly log: string[];
  ask(name: string, options?: Partial<Asked>): Promise<Reservation>;
  /** Asks, sends, and hears what its answer tells. */
  learn(readings: readonly LimitReading[], model?: string): Promise<void>;
}

interface Asked {
  readonly demand: Demand;
  readonly maxWaitMs: number;
  readonly model: string;
  readonly tenant: string;
  readonly isChainStep: boolean;
}

function start(rules: readonly LimitRule[] = [], budget: BudgetOptions = UNKNOWN): World {
  const clock = new TestClock();
  const news: (readonly LearnedLimit[])[] = [];
  const log: string[] = [];
  const account = new Account({
    tenantNow: (tenant) => tenant,
    rules,
    scheduler: SCHEDULER,
    budget,
    clock,
    initialShare: 1,
    onTenantFreed: () => {},
    onLearned: (limits) => news.push(limits),
    onDifferences: () => {},
  });
  const ask: World["ask"] = async (name, options = {}) => {
    const { demand = ONE, maxWaitMs = 600_000, model = "m", tenant = "only" } = options;
    const asked: Ask = {
      request: {},
      tenant: { id: tenant, weight: 1, meters: [] },
      target: { model, credential: null },
      band: () => 0,
      demand,
      expiresAt: clock.now() + maxWaitMs * MICROS_PER_MS,
      deadline: null,
      isChainStep: options.isChainStep ?? false,
      onGranted: () => log.push(name),
      onRefused: ({ code }) => log.push(`${name}: ${code}`),
      onClosed: () => log.push(`${name}: closed`),
    };
    const answer = account.ask(asked);
    await clock.advance(0);
    if (answer.kind === "refused") throw new Error(`${name} was refused: ${answer.code}`);
    return answer;
  };
  const learn: World["learn"] = async (readings, model = "m") => {
    const reservation = await ask("first", { model });
    reservation.sent(clock.now());
    reservation.observe(() => readings, false);
    reservation.settle(ONE, clock.now());
    await clock.advance(0);
    log.length = 0;
  };
  return { clock, account, news, log, ask, learn };
}

/** Of limits alone: the account lists what it feels out by itself among its meters, too. */
function limitsOf({ account, clock }: World, model = "m") {
  const path = account.pathFor({ model, credential: null });
  return account.limitsOn(path).map(({ label, capacity, level }, i) => {
    const meter = account.limitsOn(path)[i];
    return {
      name: `${label.dimension} of ${label.selector}`,
      limit: capacity / MICRO_UNITS,
      level: level.call(meter, clock.now()) / MICRO_UNITS,
    };
  });
}

describe("a limit that an answer tells", () => {
  test("is a meter from then on, told once", async () => {
    const world = start();
    expect(limitsOf(world)).toEqual([]);
    await world.learn([reading({ remaining: 59 })]);
    const learned = {
      model: "m",
      dimension: "requests",
      limit: 60,
      perMs: 60_000,
      window: "bucket",
      remaining: 59,
      windowEndsAt: null,
    };
    expect(world.account.learned).toEqual([learned]);
    expect(world.news).toEqual([[learned]]);
    expect(limitsOf(world)).toEqual([{ name: "requests of model:m", limit: 60, level: 59 }]);
    await world.learn([reading({ remaining: 58 })]);
    expect(world.news).toHaveLength(1);
  });

  test("is told alone, when others were known before it", async () => {
    const world = start();
    await world.learn([reading()]);
    await world.learn([reading(), reading({ dimension: "tokens", limit: 900, remaining: 900 })]);
    expect(world.news.map((limits) => limits.map(({ dimension }) => dimension))).toEqual([
      ["requests"],
      ["tokens"],
    ]);
    expect(limitsOf(world).map(({ name }) => name)).toEqual([
      "requests of model:m",
      "tokens of model:m",
    ]);
  });

  test("binds its model only", async () => {
    const world = start();
    await world.learn([reading({ limit: 2, remaining: 0 })]);
    await world.ask("same");
    await world.ask("other", { model: "other" });
    expect(world.log).toEqual(["other"]);
    await world.clock.advance(30_000);
    expect(world.log).toEqual(["other", "same"]);
  });

  test("of a model with a star in its name binds nobody", async () => {
    const world = start();
    await world.learn([reading({ limit: 2, remaining: 0 })], "gpt-*");
    expect(world.account.learned).toHaveLength(1);
    expect([...limitsOf(world, "gpt-*"), ...limitsOf(world, "gpt-5")]).toEqual([]);
    await world.ask("star", { model: "gpt-*" });
    await world.ask("like it", { model: "gpt-5" });
    expect(world.log).toEqual(["star", "like it"]);
  });

  test("that rises keeps what was used", async () => {
    const world = start();
    await world.learn([reading({ limit: 60, remaining: 20 })]);
    for (let i = 0; i < 8; i++) await world.learn([reading({ limit: 120, remaining: 100 - i })]);
    const [{ limit, level }] = limitsOf(world);
    expect(limit).toBe(120);
    expect(level).toBeLessThan(101);
  });
});

describe("whoever waits", () => {
  /** Four run, because nothing is known yet; the others wait. */
  async function crowd(world: World, count: number): Promise<Reservation[]> {
    const names = Array.from({ length: count }, (_, i) => `${i}`);
    const all: Reservation[] = [];
    for (const name of names) all.push(await world.ask(name));
    expect(world.log).toEqual(["0", "1", "2", "3"]);
    for (const reservation of all.slice(0, 4)) reservation.sent(world.clock.now());
    return all;
  }

  test("goes over to the learned limit and is served in its order, as fast as it allows", async () => {
    const world = start();
    const [first] = await crowd(world, 10);
    first.observe(() => [reading({ limit: 60, remaining: 2 })], false);
    await world.clock.advance(0);
    expect(world.log.slice(4)).toEqual(["4", "5"]);
    await world.clock.advance(1_000);
    expect(world.log.slice(6)).toEqual(["6"]);
    await world.clock.advance(3_000);
    expect(world.log.slice(7)).toEqual(["7", "8", "9"]);
    expect(world.account.scheduler.waiting).toBe(0);
  });

  test("keeps its place: what goes first of a tenant goes first there, too", async () => {
    const world = start();
    const [first] = await crowd(world, 6);
    await world.ask("step", { isChainStep: true });
    first.observe(() => [reading({ limit: 60, remaining: 0 })], false);
    await world.clock.advance(3_000);
    expect(world.log.slice(4)).toEqual(["step", "4", "5"]);
  });

  test("is refused if it is hopeless now, and still ends with its max wait", async () => {
    const world = start();
    const tokens = (amount: number) => demandOf({ requests: 1, tokens: amount });
    const [first] = await crowd(world, 4);
    await world.ask("large", { demand: tokens(901) });
    await world.ask("impatient", { demand: tokens(800), maxWaitMs: 5_000 });
    await world.ask("small", { demand: tokens(15) });
    first.observe(() => [reading({ dimension: "tokens", limit: 900, remaining: 0 })], false);
    await world.clock.advance(0);
    expect(world.log.slice(4)).toEqual([
      "large: demand_exceeds_limit",
      "impatient: max_wait_exceeded",
    ]);
    await world.clock.advance(1_000);
    expect(world.log.slice(6)).toEqual(["small"]);
  });

  test("may leave where it waits now", async () => {
    const world = start();
    const all = await crowd(world, 6);
    all[0].observe(() => [reading({ limit: 60, remaining: 0 })], false);
    expect([all[4].cancel(), all[4].cancel(), all[0].cancel()]).toEqual([true, false, false]);
    await world.clock.advance(60_000);
    expect(world.log.slice(4)).toEqual(["5"]);
  });

  test("is told when the account closes, wherever it came from", async () => {
    const world = start();
    const [first] = await crowd(world, 5);
    first.observe(() => [reading({ limit: 60, remaining: 0 })], false);
    world.account.close();
    expect(world.log.slice(4)).toEqual(["4: closed"]);
    await world.clock.advance(60_000);
    expect(world.log.slice(5)).toEqual([]);
  });
});

describe("whatever runs", () => {
  test("is settled where it was granted, and counted until then", async () => {
    const world = start([rule(100, { perMs: 86_400_000 })], CONFIGURED);
    const running = [await world.ask("a"), await world.ask("b"), await world.ask("c")];
    for (const reservation of running) reservation.sent(world.clock.now());
    running[0].observe(() => [reading({ dimension: "tokens", limit: 900, remaining: 900 })], false);
    expect(limitsOf(world).map(({ name }) => name)).toEqual([
      "requests of account",
      "tokens of model:m",
    ]);
    expect(world.account.running).toBe(3);
    expect([...world.account.tenantLoads()]).toEqual([{ id: "only", waiting: 0, running: 3 }]);
    expect(limitsOf(world)[0].level).toBe(97);
    const now = world.clock.now();
    running[0].settle(ONE, now);
    running[1].settle(NO_DEMAND, now);
    running[1].settle(NO_DEMAND, now);
    expect(world.account.running).toBe(1);
    expect(limitsOf(world).map(({ level }) => level)).toEqual([98, 900]);
    expect(world.account.isIdle).toBe(false);
    running[2].settle(ONE, now);
    expect(world.account.isIdle).toBe(true);
    expect([...world.account.tenantLoads()]).toEqual([]);
  });

  test("is tried again under the limits of now", async () => {
    const world = start();
    const reservation = await world.ask("again");
    reservation.sent(world.clock.now());
    reservation.observe(() => [reading({ limit: 60, remaining: 0 })], false);
    const now = world.clock.now();
    reservation.retry(ONE, now, now + 600_000_000, now);
    await world.clock.advance(500);
    expect(world.log).toEqual(["again"]);
    expect([world.account.running, world.account.scheduler.waiting]).toEqual([0, 1]);
    await world.clock.advance(500);
    expect(world.log).toEqual(["again", "again"]);
    expect(world.account.running).toBe(1);
    reservation.settle(ONE, world.clock.now());
    expect(world.account.isIdle).toBe(true);
  });
});

describe("a reload", () => {
  test("keeps what was learned, with its levels, as long as what is said of limits is the same", async () => {
    const world = start();
    await world.learn([reading({ limit: 60, remaining: 10 })]);
    await world.ask("one");
    const before = limitsOf(world);
    expect(before).toEqual([{ name: "requests of model:m", limit: 60, level: 9 }]);
    world.account.reconfigure([], { ...SCHEDULER, maxWaiting: 7 }, { ...UNKNOWN });
    expect(limitsOf(world)).toEqual(before);
    expect(world.account.scheduler.options.maxWaiting).toBe(7);
    expect(world.news).toHaveLength(1);
  });

  test("that configures a limit puts it in the place of what was learned", async () => {
    const world = start();
    await world.learn([reading({ limit: 60, remaining: 0 })]);
    await world.ask("one");
    world.account.reconfigure([rule(5)], SCHEDULER, CONFIGURED);
    await world.clock.advance(0);
    expect(world.log).toEqual(["one"]);
    expect(world.account.learned).toEqual([]);
    expect(limitsOf(world)).toEqual([{ name: "requests of account", limit: 5, level: 4 }]);
  });

  test("that takes the limits out lets them be learned anew", async () => {
    const world = start([rule(5)], CONFIGURED);
    await world.learn([reading({ limit: 60, remaining: 50 })]);
    world.account.reconfigure([], SCHEDULER, UNKNOWN);
    expect(limitsOf(world)).toEqual([]);
    await world.learn([reading({ limit: 60, remaining: 40 })]);
    expect(limitsOf(world)).toEqual([{ name: "requests of model:m", limit: 60, level: 40 }]);
  });

  test("keeps what headers told beyond the configured limits", async () => {
    const world = start([rule(50)], CONFIGURED);
    await world.learn([reading({ dimension: "tokens", limit: 900, remaining: 300 })]);
    world.account.reconfigure([rule(40)], SCHEDULER, CONFIGURED);
    const names = limitsOf(world).map(({ name, limit }) => `${limit} ${name}`);
    expect(names).toEqual(["40 requests of account", "900 tokens of model:m"]);
  });

  test("lets a configured limit of the same kind take over the level of the learned one", async () => {
    const world = start([rule(50)], CONFIGURED);
    await world.learn([reading({ dimension: "tokens", limit: 900, remaining: 300 })]);
    const selector = { models: ["m"], project: null, key: null, each: false };
    const configured = rule(600, { dimension: "tokens", selector });
    world.account.reconfigure([rule(50), configured], SCHEDULER, CONFIGURED);
    const tokens = limitsOf(world).filter(({ name }) => name.startsWith("tokens"));
    // The lower of the two holds, and nothing of what was used is forgotten.
    expect(Math.min(...tokens.map(({ limit }) => limit))).toBe(600);
    for (const { level } of tokens) expect(level).toBe(300);
  });
});

test("a fixed window that was told ends when it was told, and who waited for it goes", async () => {
  const world = start();
  const window = { limit: 3, remaining: 0, resetMs: 7_000, resetMeaning: "window" } as const;
  await world.learn([reading(window)]);
  for (const name of ["a", "b", "c", "d"]) await world.ask(name);
  await world.clock.advance(6_999);
  expect(world.log).toEqual([]);
  await world.clock.advance(1);
  expect(world.log).toEqual(["a", "b", "c"]);
  await world.clock.advance(59_999);
  expect(world.log).toHaveLength(3);
  await world.clock.advance(1);
  expect(world.log).toEqual(["a", "b", "c", "d"]);
});
