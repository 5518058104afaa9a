import { describe, expect, test } from "vitest";
import { bucket, HOUR, MINUTE, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { type Job, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { DEFAULT_BREAKER } from "../breaker/breaker.ts";
import type { LimitReading } from "../dialect.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import type { Path } from "../scheduler/path.ts";
import { OK_VERDICT, type Verdict, type VerdictClass } from "../verdict/verdict.ts";
import { Budget } from "./budget.ts";
import type { Dispatch } from "./dispatch.ts";
import type { BudgetOptions } from "./options.ts";

const ADAPTIVE = { initial: 10, min: 1, max: 200 };
const CONFIGURED: BudgetOptions = { margin: "auto", hasLimits: true, adaptive: ADAPTIVE };
const UNKNOWN: BudgetOptions = { ...CONFIGURED, hasLimits: false };

function verdict(parts: Partial<Verdict>): Verdict {
  return { ...OK_VERDICT, class: "quota", retryable: true, ...parts };
}

function reading(parts: Partial<LimitReading> = {}): LimitReading {
  return {
    dimension: "requests",
    perMs: 60_000,
    limit: 600,
    remaining: 500,
    resetMs: null,
    resetMeaning: "full",
    quantum: 1,
    ...parts,
  };
}

/** An upstream account with a scheduler before it; its calls end when a test says so. */
class Account {
  readonly driver = new SchedulerDriver();
  readonly budget: Budget;
  readonly #tenant = this.driver.tenant("acme");
  readonly #dispatches = new Map<Job, Dispatch>();

  constructor(options: BudgetOptions) {
    this.budget = new Budget(this.driver.scheduler, options, T0);
    this.driver.afterPump = () => {
      for (const job of this.driver.granted) {
        if (this.#dispatches.has(job)) continue;
        const { now } = this.driver;
        this.#dispatches.set(job, this.budget.sent(job.options.path, job.demand, now));
      }
    };
  }

  unreached(job: Job): void {
    this.budget.concludeUnreached(this.#dispatches.get(job) as Dispatch, this.driver.now);
    this.driver.settle(job);
  }

  path(model: string | null, ...meters: Meter[]): Path {
    return this.driver.path(...meters, ...this.budget.metersFor(model));
  }

  queue(count: number, path: Path, tokens = 0): Job[] {
    const demand = { requests: 1, tokens };
    const jobs = this.driver.enqueueMany(count, {
      tenant: this.#tenant,
      path,
      demand,
      service: null,
      maxWait: 3 * HOUR,
    });
    this.driver.pump();
    return jobs;
  }

  get running(): Job[] {
    return this.driver.jobs.filter((job) => job.state === "running");
  }

  observe(job: Job, readings: readonly LimitReading[]): readonly LimitReading[] {
    const { now } = this.driver;
    return this.budget.observe(this.dispatchOf(job), readings, now, now);
  }

  conclude(job: Job, how: Verdict | null) {
    return this.budget.conclude(this.dispatchOf(job), how, this.driver.now);
  }

  /** The whole of an answer. */
  answer(job: Job, how: Verdict = OK_VERDICT, readings: readonly LimitReading[] = []): void {
    this.observe(job, readings);
    this.conclude(job, how);
    this.driver.settle(job);
  }

  dispatchOf(job: Job): Dispatch {
    const dispatch = this.#dispatches.get(job);
    if (dispatch === undefined) throw new Error(`job ${job.number} was not sent`);
    return dispatch;
  }
}

/** 600 requests and 60,000 tokens a minute are configured. */
function configured(options: Partial<BudgetOptions> = {}) {
  const account = new Account({ ...CONFIGURED, ...options });
  const requests = bucket({ amount: 600, per: MINUTE });
  const tokens = bucket({ dimension: "tokens", amount: 60_000, per: MINUTE });
  const path = account.path("gpt-5", requests, tokens);
  return { account, requests, tokens, path };
}

describe("an account of which nothing is known", () => {
  test("has at most four calls in flight before the first answer, then twice as many a round", () => {
    const account = new Account({ ...UNKNOWN, adaptive: null });
    account.queue(100, account.path("gpt-5"));
    const inFlight = [account.running.length];
    for (const round of [4, 8, 16]) {
      for (const job of account.running.slice(0, round)) account.answer(job);
      inFlight.push(account.running.length);
    }
    expect(inFlight).toEqual([4, 8, 16, 32]);
  });

  test("shares the four among its models", () => {
    const account = new Account({ ...UNKNOWN, adaptive: null });
    for (const model of ["a", "b", "c"]) account.queue(5, account.path(model));
    expect(account.running).toHaveLength(4);
  });

  test("sends no more than its adaptive rate, and raises it by 10 % a second at most", () => {
    const account = new Account(UNKNOWN);
    account.queue(2_000, account.path("gpt-5"));
    for (let second = 1; second <= 20; second++) {
      for (const job of account.running) account.answer(job);
      const before = account.driver.granted.length;
      account.driver.runUntil(T0 + second * SECOND);
      for (const job of account.running) account.answer(job);
      const most = 2 * 10 * 1.1 ** second + 4;
      expect(account.driver.granted.length - before).toBeLessThanOrEqual(most);
    }
    expect(account.budget.metersFor("gpt-5")[0].capacity).toBeGreaterThan(40 * MICRO_UNITS);
  });

  test("feels its rate out again where requests are refused and headers tell of tokens only", () => {
    const account = new Account(UNKNOWN);
    const path = account.path("gpt-5", bucket({ dimension: "tokens", amount: 9_000, per: MINUTE }));
    const tokens = reading({ dimension: "tokens", limit: 9_000, remaining: 8_000 });
    const [first] = account.queue(1, path);
    account.observe(first, [tokens]);
    account.answer(first);
    const [rate] = account.budget.metersFor("gpt-5");
    expect(rate.capacity).toBe(1e6 * MICRO_UNITS);
    const [second] = account.queue(1, path);
    account.answer(second, verdict({ dimension: "requests", retryAfterMs: 1_000 }));
    expect(rate.capacity).toBe(5 * MICRO_UNITS);
    account.driver.runFor(2 * SECOND);
    const [third] = account.queue(1, path);
    account.observe(third, [tokens]);
    account.answer(third);
    expect(rate.capacity).toBe(5 * MICRO_UNITS);
  });

  test("halves its adaptive rate once for all refusals in flight", () => {
    const account = new Account(UNKNOWN);
    account.queue(100, account.path("gpt-5"));
    account.driver.runFor(SECOND);
    const sent = account.running;
    const news = sent.map((job) => account.conclude(job, verdict({})).isNewEpoch);
    expect(sent).toHaveLength(4);
    expect(news).toEqual([true, false, false, false]);
    const [{ capacity }] = account.budget.metersFor("gpt-5");
    expect(capacity).toBe(5 * MICRO_UNITS);
  });

  test("learns its limits from an answer's headers, and feels out nothing any more", () => {
    const account = new Account(UNKNOWN);
    account.queue(20_000, account.path("gpt-5"));
    const [job] = account.running;
    const limits = [reading({}), reading({ dimension: "tokens", limit: 60_000, remaining: 7 })];
    expect(account.observe(job, limits)).toEqual(limits);
    expect(account.budget.learned).toEqual([
      expect.objectContaining({ model: "gpt-5", dimension: "requests", limit: 600, perMs: 60_000 }),
      expect.objectContaining({ model: "gpt-5", dimension: "tokens", limit: 60_000, remaining: 7 }),
    ]);
    account.driver.runFor(SECOND);
    expect(account.running).toHaveLength(20_000);
  });

  test("keeps feeling out its rate where headers tell of slots alone", () => {
    const account = new Account(UNKNOWN);
    account.queue(100, account.path("gpt-5"));
    account.observe(account.running[0], [reading({ dimension: "concurrency", limit: 50 })]);
    expect(account.budget.learned).toHaveLength(1);
    expect(account.budget.metersFor("gpt-5")[0].capacity).toBe(10 * MICRO_UNITS);
  });
});

describe("an account with configured limits", () => {
  test("neither begins slowly nor feels out a rate", () => {
    const { account, path } = configured();
    account.queue(100, path);
    expect(account.running).toHaveLength(100);
  });

  test("takes what headers say of them, on success and on failure", () => {
    const { account, path, requests, tokens } = configured();
    const [first, second] = account.queue(2, path, 100);
    expect(account.observe(first, [reading({ remaining: 300 })])).toEqual([]);
    const left = reading({ dimension: "tokens", limit: 60_000, remaining: 5_000 });
    account.observe(second, [left]);
    account.conclude(second, verdict({ class: "transient" }));
    expect(requests.level(T0)).toBe(301 * MICRO_UNITS);
    expect(tokens.level(T0)).toBe(5_001 * MICRO_UNITS);
  });

  test("says once that the provider's limit is lower than its own, and learns it", () => {
    const { account, path } = configured();
    const jobs = account.queue(20, path);
    const lists = jobs.map((job) => {
      account.observe(job, [reading({ limit: 400 })]);
      return account.budget.differences;
    });
    expect(lists[0]).toEqual([
      { dimension: "requests", selector: "account", perMs: 60_000, configured: 600, told: 400 },
    ]);
    expect(new Set(lists).size).toBe(1);
    expect(account.budget.learned.map(({ limit }) => limit)).toEqual([400]);
  });

  test("takes no reading that is of one limit for a difference of another one like it", () => {
    const account = new Account(CONFIGURED);
    const [model, all] = [600, 900].map((amount) => bucket({ amount, per: MINUTE }));
    const [job] = account.queue(1, account.path("gpt-5", model, all));
    expect(account.observe(job, [reading({ limit: 600 })])).toEqual([]);
    expect(account.budget.differences).toEqual([]);
    expect(account.budget.learned).toEqual([]);
  });

  test("keeps to them where the provider allows more", () => {
    const { account, path } = configured();
    const [job] = account.queue(1, path);
    const higher = reading({ limit: 900 });
    expect(account.observe(job, [higher])).toEqual([higher]);
    expect(account.budget.differences).toEqual([]);
    expect(account.budget.learned).toEqual([]);
  });

  test("learns the limits that they leave out", () => {
    const { account, path } = configured();
    const [job] = account.queue(1, path);
    account.observe(job, [reading({}), reading({ dimension: "input_tokens", limit: 9_000 })]);
    expect(account.budget.learned.map(({ dimension }) => dimension)).toEqual(["input_tokens"]);
  });

  test("takes slots told for slots of its own, and no others", () => {
    const account = new Account(CONFIGURED);
    const [job] = account.queue(1, account.path("gpt-5", slots(10)));
    const told = (limit: number) => reading({ dimension: "concurrency", perMs: null, limit });
    expect(account.observe(job, [told(10)])).toEqual([]);
    expect(account.observe(job, [told(5)])).toEqual([told(5)]);
  });
});

describe("a quota refusal", () => {
  test.each([
    { why: "as long as it says", retryAfterMs: 7_000, rest: 7 * SECOND },
    {
      why: "a second where it says nothing and the ledger has room",
      retryAfterMs: null,
      rest: SECOND,
    },
  ])("lets only the meter it names rest, $why", ({ retryAfterMs, rest }) => {
    const { account, path, requests, tokens } = configured();
    const other = account.path("embed", requests);
    const [job] = account.queue(1, path, 100);
    const named = verdict({ dimension: "tokens", retryAfterMs });
    expect(account.conclude(job, named)).toEqual({ frozenUntil: T0 + rest, isNewEpoch: true });
    expect([requests.frozenUntil, tokens.frozenUntil]).toEqual([0, T0 + rest]);
    const [blocked] = account.queue(1, path, 100);
    const [free] = account.queue(1, other);
    expect([blocked.state, free.state]).toEqual(["waiting", "running"]);
    account.driver.runUntil(T0 + rest - 1);
    expect(blocked.state).toBe("waiting");
    account.driver.runUntil(T0 + rest + 10 * SECOND);
    expect(blocked.state).toBe("running");
  });

  test("without a wait rests until the ledger is out of debt", () => {
    const { account, path, tokens } = configured();
    const [job] = account.queue(1, path, 100);
    tokens.debit(70_000 * MICRO_UNITS, T0);
    const { frozenUntil } = account.conclude(job, verdict({ dimension: "tokens" }));
    expect(frozenUntil - T0).toBeGreaterThan(10 * SECOND);
    expect(frozenUntil - T0).toBeLessThan(10.5 * SECOND);
  });

  test("that names nothing lets all that time fills rest, and no slots", () => {
    const { account, path, requests, tokens } = configured();
    const [job] = account.queue(1, path, 100);
    account.conclude(job, verdict({ retryAfterMs: 2_000 }));
    const until = path.meters.map((meter) => meter.frozenUntil);
    expect([requests.frozenUntil, tokens.frozenUntil]).toEqual([T0 + 2e6, T0 + 2e6]);
    expect(until.at(-1)).toBe(0);
  });

  test("that names nothing means what its own headers show to be short", () => {
    const { account, path, requests, tokens } = configured();
    const [job] = account.queue(1, path, 100);
    const short = { dimension: "tokens", limit: 60_000, remaining: 40 } as const;
    account.observe(job, [reading({ remaining: 500 }), reading(short)]);
    account.conclude(job, verdict({ retryAfterMs: 2_000 }));
    expect([requests.frozenUntil, tokens.frozenUntil]).toEqual([0, T0 + 2 * SECOND]);
  });

  test("of two hundred in flight is one epoch: one cut, one raise of the margin", () => {
    const { account, path, requests } = configured();
    const jobs = account.queue(200, path);
    account.driver.runFor(SECOND);
    const named = verdict({ dimension: "requests", retryAfterMs: 500 });
    const news = jobs.map((job) => account.conclude(job, named).isNewEpoch);
    expect(news.filter((isNew) => isNew)).toHaveLength(1);
    expect(requests.margin).toBeCloseTo(0.12);
    expect(requests.level(account.driver.now)).toBeLessThanOrEqual(10 * MICRO_UNITS);
  });

  test("is over when something sent after it is served", () => {
    const { account, path, tokens } = configured();
    const other = account.path("gpt-5-mini", tokens);
    const [early] = account.queue(1, other, 10);
    const [job] = account.queue(1, path, 100);
    account.driver.runFor(SECOND);
    account.conclude(job, verdict({ dimension: "tokens", retryAfterMs: 3_600_000 }));
    account.driver.runFor(SECOND);
    account.answer(early);
    expect(tokens.frozenUntil).toBe(T0 + SECOND + HOUR);
    account.driver.runUntil(T0 + 61 * SECOND);
    const [probe] = account.queue(1, path, 100);
    const [waiting] = account.queue(1, path, 100);
    expect([probe.state, waiting.state]).toEqual(["running", "waiting"]);
    account.driver.runFor(SECOND);
    account.answer(probe);
    expect(waiting.state).toBe("running");
  });

  test("raises the floor that admission keeps, and that is learned down again", () => {
    const { account, path, requests } = configured();
    const [job] = account.queue(1, path);
    expect(path.floorsFirst[0]).toBe(60 * MICRO_UNITS);
    account.conclude(job, verdict({ dimension: "requests", retryAfterMs: 1 }));
    expect(path.floorsFirst[0]).toBe(72 * MICRO_UNITS);
    expect(requests.margin).toBeCloseTo(0.12);
  });

  test("leaves a configured margin as it is", () => {
    const { account, path, requests } = configured({ margin: 0.05 });
    const [job] = account.queue(1, path);
    account.conclude(job, verdict({ dimension: "requests", retryAfterMs: 1 }));
    expect(requests.margin).toBe(0.05);
  });
});

describe("calls in flight", () => {
  /** So many calls to a model at once. */
  function busy(count: number) {
    const breaker = { ...DEFAULT_BREAKER, failures: 1_000, rate: 1 };
    const account = new Account({ ...CONFIGURED, breaker });
    const requests = bucket({ amount: 100_000, per: MINUTE });
    const path = account.path("gpt-5", requests);
    const jobs = account.queue(count, path);
    account.driver.runFor(SECOND);
    const [limit] = account.budget.metersFor("gpt-5");
    return { account, path, jobs, limit, requests };
  }

  test.each(["overload", "timeout"] as const)("are cut to 0.7 by %s, once an epoch", (name) => {
    const { account, jobs, limit } = busy(100);
    const ends = jobs.map((job) => account.conclude(job, verdict({ class: name })));
    expect(ends.filter(({ isNewEpoch }) => isNewEpoch)).toHaveLength(1);
    expect(ends.every(({ frozenUntil }) => frozenUntil === 0)).toBe(true);
    expect(limit.capacity).toBe(70 * MICRO_UNITS);
  });

  test("are cut for the model that is overloaded, and no other", () => {
    const { account, jobs } = busy(10);
    account.conclude(jobs[0], verdict({ class: "overload" }));
    expect(account.budget.metersFor("embed")[0].capacity).toBe(1e6 * MICRO_UNITS);
  });

  test("hold back what comes next, and grow by one with their limit's worth of successes", () => {
    const { account, path, jobs, limit } = busy(10);
    account.answer(jobs[0], verdict({ class: "overload" }));
    account.queue(40, path);
    for (const job of jobs.slice(1)) {
      account.conclude(job, null);
      account.driver.settle(job);
    }
    expect(account.running).toHaveLength(7);
    const capacities = Array.from({ length: 15 }, () => {
      account.answer(account.running[0]);
      return limit.capacity / MICRO_UNITS;
    });
    expect(capacities).toEqual([7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 8, 9]);
  });

  test("refused as too many at once are cut and rest, and no meter of the account does", () => {
    const { account, jobs, limit, requests } = busy(10);
    const crowded = verdict({ dimension: "concurrency", retryAfterMs: 2_000 });
    expect(account.conclude(jobs[0], crowded)).toEqual({
      frozenUntil: account.driver.now + 2 * SECOND,
      isNewEpoch: true,
    });
    expect(limit.capacity).toBe(7 * MICRO_UNITS);
    expect(requests.frozenUntil).toBe(0);
    expect(requests.margin).toBeCloseTo(0.1);
  });
});

describe("the end of an attempt", () => {
  test.each<VerdictClass>([
    "billing",
    "transient",
    "auth",
    "invalid_request",
    "context_length",
    "content_filter",
    "not_found",
  ])("by %s corrects nothing", (name) => {
    const { account, path, requests } = configured();
    const [job] = account.queue(1, path, 100);
    expect(account.conclude(job, verdict({ class: name, retryAfterMs: 9_000 }))).toEqual({
      frozenUntil: 0,
      isNewEpoch: false,
    });
    expect(path.meters.map(({ frozenUntil }) => frozenUntil)).toEqual([0, 0, 0]);
    expect(requests.margin).toBeCloseTo(0.1);
  });

  test("is taken in once, and without an answer it says nothing", () => {
    const { account, path, requests } = configured();
    const [job, cutOff] = account.queue(2, path);
    const named = verdict({ dimension: "requests", retryAfterMs: 1_000 });
    expect(account.conclude(job, named).isNewEpoch).toBe(true);
    expect(account.conclude(job, named)).toEqual({ frozenUntil: 0, isNewEpoch: false });
    expect(account.conclude(cutOff, null)).toEqual({ frozenUntil: 0, isNewEpoch: false });
    expect(account.conclude(cutOff, named)).toEqual({ frozenUntil: 0, isNewEpoch: false });
    expect(requests.margin).toBeCloseTo(0.12);
  });
});

test("what was learned stays when another scheduler takes over the meters", () => {
  const { account, path, requests } = configured();
  const [job] = account.queue(1, path);
  account.conclude(job, verdict({ dimension: "requests", retryAfterMs: 1_000 }));
  const next = new SchedulerDriver();
  const nextPath = next.path(requests, ...account.budget.metersFor("gpt-5"));
  account.budget.attach(next.scheduler);
  const dispatch = account.budget.sent(nextPath, job.demand, T0 + 2 * SECOND);
  expect(nextPath.floorsFirst[0]).toBe(72 * MICRO_UNITS);
  const named = verdict({ dimension: "requests", retryAfterMs: 1_000 });
  account.budget.conclude(dispatch, named, T0 + 3 * SECOND);
  expect(nextPath.floorsFirst[0]).toBeGreaterThanOrEqual(84 * MICRO_UNITS);
});

describe("a breaker", () => {
  const FAILURE = verdict({ class: "transient" });

  /** Calls to a model of which five have failed. */
  function failing() {
    const account = new Account(CONFIGURED);
    const path = account.path("gpt-5", bucket({ amount: 100_000, per: MINUTE }));
    const jobs = account.queue(8, path);
    account.driver.runFor(SECOND);
    const ends = jobs.slice(0, 5).map((job) => account.conclude(job, FAILURE));
    for (const job of jobs.slice(0, 5)) account.driver.settle(job);
    const [limit] = account.budget.metersFor("gpt-5");
    return { account, path, ends, limit, rest: jobs.slice(5) };
  }

  test("opens at the fifth failure, and nothing is sent until its time is over", () => {
    const { account, path, ends } = failing();
    const { now } = account.driver;
    expect(ends.map(({ frozenUntil }) => frozenUntil)).toEqual([0, 0, 0, 0, now + 5 * SECOND]);
    account.queue(10, path);
    account.driver.runFor(5 * SECOND - 1);
    expect(account.running).toHaveLength(3);
  });

  test("lets one probe through, in order, and one more with each answer", () => {
    const { account, path, rest } = failing();
    for (const job of rest) account.answer(job);
    const jobs = account.queue(40, path);
    account.driver.runFor(5 * SECOND);
    expect(account.running).toEqual([jobs[0]]);
    const running = Array.from({ length: 9 }, () => {
      account.answer(account.running[0]);
      return account.running.length;
    });
    expect(running).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("waits on while probes fail", () => {
    const { account, path, rest } = failing();
    for (const job of rest) account.answer(job);
    account.queue(40, path);
    account.driver.runFor(5 * SECOND);
    const [probe] = account.running;
    account.conclude(probe, FAILURE);
    account.driver.settle(probe);
    account.driver.runFor(2.5 * SECOND - 1);
    expect(account.running).toHaveLength(0);
    account.driver.runFor(1);
    expect(account.running).toHaveLength(1);
  });

  test("is of one model, but of all where no connection is made", () => {
    const { account } = failing();
    const { now } = account.driver;
    const other = account.path("embed", bucket({ amount: 100_000, per: MINUTE }));
    expect(account.budget.breakerOf("embed", now).kind).toBe("closed");
    const jobs = account.queue(5, other);
    account.driver.runFor(SECOND);
    for (const job of jobs) account.unreached(job);
    expect(account.budget.breakerOf("never called before", account.driver.now).kind).toBe("open");
  });

  test("is not opened by quota, billing or requests that are bad", () => {
    const account = new Account(CONFIGURED);
    const path = account.path("gpt-5", bucket({ amount: 100_000, per: MINUTE }));
    const classes: VerdictClass[] = ["quota", "billing", "auth", "invalid_request", "not_found"];
    for (const name of classes) {
      const jobs = account.queue(20, path);
      account.driver.runFor(10 * SECOND);
      for (const job of jobs) account.answer(job, verdict({ class: name, retryAfterMs: 1 }));
    }
    expect(account.budget.breakerOf("gpt-5", account.driver.now).kind).toBe("closed");
  });
});
