import { describe, expect, test } from "vitest";
import { bucket, fixedWindow, HOUR, MINUTE, SECOND, T0 } from "../../../test/support/meters.ts";
import { type Job, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { NO_DEMAND } from "../demand.ts";
import type { GuaranteeOptions, ReliefOptions } from "./options.ts";
import type { Path } from "./path.ts";
import { pressureOf } from "./pressure.ts";

const [PREMIUM, FREE, BATCH, FREE_BATCH] = [0, 1, 2, 3];
const BANDS = [
  { tier: "premium", latency: "real-time" },
  { tier: "free", latency: "real-time" },
  { tier: "premium", latency: "batch" },
  { tier: "free", latency: "batch" },
];
const RELIEF: ReliefOptions = {
  act: 0.9,
  calm: 0.8,
  held: [BATCH, FREE_BATCH],
  refused: [FREE],
  lowestTier: "free",
  keepsLine: false,
};
const FOR_BATCH: GuaranteeOptions = { label: "batch", share: 0.05, bands: [BATCH, FREE_BATCH] };
const FOR_FREE: GuaranteeOptions = { label: "free", share: 0.1, bands: [FREE, FREE_BATCH] };

/** Ten requests a second. */
function pool(guarantees: readonly GuaranteeOptions[] = [], relief: Partial<ReliefOptions> = {}) {
  const driver = new SchedulerDriver({
    bands: BANDS,
    guarantees,
    relief: { ...RELIEF, ...relief },
  });
  const meter = bucket({ amount: 10, per: SECOND });
  const path = driver.path(meter);
  const one = (band: number, name = `of-${band}`, on: Path = path) => {
    const tenant = tenants.get(name) ?? driver.tenant(name);
    tenants.set(name, tenant);
    return { tenant, path: on, band };
  };
  const tenants = new Map<string, ReturnType<SchedulerDriver["tenant"]>>();
  /** So many a second from now on, for so many seconds. */
  const stream = (band: number, perSecond: number, seconds: number, on: Path = path) => {
    for (let i = 0; i < perSecond * seconds; i++) {
      driver.at(driver.now + (i / perSecond) * SECOND, () =>
        driver.enqueue(one(band, undefined, on)),
      );
    }
  };
  const pressure = (on: Path = path) => pressureOf(on, driver.scheduler.bands, driver.now);
  return { driver, path, one, stream, pressure };
}

const inBand = (jobs: readonly Job[], band: number) =>
  jobs.filter(({ options }) => options.band === band);
const between = (jobs: readonly Job[], from: number, to: number) =>
  jobs.filter(({ grantedAt }) => grantedAt >= T0 + from * SECOND && grantedAt < T0 + to * SECOND);

describe("batch", () => {
  test("fills every gap while pressure is below act", () => {
    const { driver, stream, one, pressure } = pool();
    driver.enqueueMany(5_000, one(BATCH));
    stream(PREMIUM, 8, 300);
    driver.runFor(300 * SECOND);
    expect(pressure()).toBeGreaterThan(0.75);
    expect(driver.granted.length).toBeGreaterThan(2_990);
  });

  test("waits from act on and goes on below calm, as the pressure says, and not in between", () => {
    const { driver, stream, one, pressure } = pool();
    driver.enqueueMany(9_000, one(BATCH));
    let isActing = false;
    let last = 0;
    const broken: string[] = [];
    const changes: number[] = [];
    driver.afterPump = () => {
      const granted = inBand(driver.granted, BATCH).length;
      const now = pressure();
      // What is decided is at most 50 ms old.
      if (granted > last && isActing && now > 0.8) broken.push(`${now} at ${driver.now - T0}`);
      last = granted;
      const acts = now >= (isActing ? 0.8 : 0.9);
      if (acts !== isActing) changes.push(now);
      isActing = acts;
    };
    stream(PREMIUM, 9.5, 400);
    driver.runFor(400 * SECOND);
    expect(isActing).toBe(true);
    const heldFrom = inBand(driver.granted, BATCH).at(-1)?.grantedAt ?? 0;
    expect(heldFrom - T0).toBeLessThan(250 * SECOND);
    stream(PREMIUM, 8.5, 100);
    driver.runFor(100 * SECOND);
    // Between calm and act it goes on as it was.
    expect([isActing, inBand(driver.granted, BATCH).at(-1)?.grantedAt]).toEqual([true, heldFrom]);
    driver.runFor(30 * SECOND);
    expect(inBand(driver.granted, BATCH).at(-1)?.grantedAt).toBeGreaterThan(driver.now - SECOND);
    expect(broken).toEqual([]);
    expect(changes).toHaveLength(2);
  });

  test("has what it is guaranteed, and no more", () => {
    const { driver, stream, one } = pool([FOR_BATCH]);
    driver.enqueueMany(9_000, one(BATCH));
    stream(PREMIUM, 9.3, 600);
    driver.runFor(600 * SECOND);
    // A twentieth of ten a second; in the strict order there would be 0.7 a second.
    const late = between(inBand(driver.granted, BATCH), 300, 600);
    expect(late.length).toBeGreaterThanOrEqual(148);
    expect(late.length).toBeLessThanOrEqual(152);
  });

  test("on a path that nobody presses on is not held back for another", () => {
    const { driver, one, stream, path } = pool();
    const other = driver.path(bucket({ amount: 10, per: SECOND, selector: "model:other" }));
    stream(PREMIUM, 20, 60);
    driver.runFor(10 * SECOND);
    driver.enqueueMany(100, one(BATCH, "a", path));
    driver.enqueueMany(100, one(BATCH, "b", other));
    driver.runFor(5 * SECOND);
    const tenants = new Set(inBand(driver.granted, BATCH).map(({ options }) => options.tenant.id));
    expect([...tenants]).toEqual(["b"]);
  });

  test("may use up a window of a day that nobody else asks for", () => {
    const { driver, one } = pool();
    const day = driver.path(fixedWindow({ amount: 1_000, per: 24 * HOUR }));
    for (let i = 0; i < 1_000; i++) {
      driver.at(T0 + i * SECOND, () => driver.enqueue(one(BATCH, "a", day)));
    }
    driver.runFor(1_000 * SECOND);
    expect(driver.granted.length).toBe(1_000);
  });

  test("leaves what is left of such a window to people who ask for it", () => {
    const { driver, one, stream } = pool();
    const day = driver.path(fixedWindow({ amount: 1_000, per: 24 * HOUR }));
    driver.enqueueMany(880, one(BATCH, "a", day));
    driver.runFor(MINUTE);
    stream(PREMIUM, 1, 60, day);
    driver.runFor(30 * SECOND);
    driver.enqueueMany(500, one(BATCH, "a", day));
    driver.runFor(30 * SECOND);
    expect([inBand(driver.granted, BATCH).length, inBand(driver.granted, PREMIUM).length]).toEqual([
      880, 60,
    ]);
  });

  test("is told how long it will wait, by its guarantee at the latest", () => {
    const unguaranteed = pool();
    unguaranteed.stream(PREMIUM, 20, 60);
    unguaranteed.driver.runFor(30 * SECOND);
    const held = unguaranteed.driver.enqueue(unguaranteed.one(BATCH));
    expect(held.expectedWait).toBeGreaterThan(10 * SECOND);
    const { driver, one, stream } = pool([FOR_BATCH]);
    stream(PREMIUM, 20, 60);
    driver.runFor(30 * SECOND);
    expect(driver.enqueue(one(BATCH)).expectedWait).toBe(2 * SECOND);
  });
});

describe("newcomers of the lowest tier", () => {
  /** Premium alone asks for twice of what there is. */
  function pressed(guarantees: readonly GuaranteeOptions[] = []) {
    const world = pool(guarantees, { keepsLine: guarantees.length > 0 });
    const before = world.driver.submit(world.one(FREE, "before"));
    world.driver.enqueueMany(30, world.one(PREMIUM));
    const early = world.driver.enqueue(world.one(FREE, "early"));
    world.stream(PREMIUM, 20, 60);
    world.driver.runFor(20 * SECOND);
    return { ...world, before, early };
  }

  test("are refused while the others press, with the time to come back", () => {
    const { driver, one, before, early } = pressed();
    const late = driver.enqueue({ ...one(FREE, "late"), maxWait: HOUR });
    expect([before.state, early.state, late.state]).toEqual(["settled", "waiting", "refused"]);
    expect(late.refusal).toMatchObject({ code: "max_wait_exceeded", isShed: true });
    expect(late.refusal?.retryAfter).toBeGreaterThan(10 * SECOND);
    expect(late.refusal?.retryAfter).toBeLessThan(HOUR);
  });

  test("are the only ones: other tiers and batch wait, and whoever waits goes on waiting", () => {
    const { driver, one, early } = pressed();
    const others = [PREMIUM, BATCH, FREE_BATCH].map((band) => driver.enqueue(one(band)));
    expect(others.map(({ state }) => state)).toEqual(["waiting", "waiting", "waiting"]);
    driver.runFor(10 * MINUTE);
    expect([...others, early].map(({ state }) => state)).toEqual(Array(4).fill("settled"));
  });

  test("may wait again once the pressure is over, and are sent where there is room", () => {
    const { driver, one } = pressed();
    driver.runFor(5 * MINUTE);
    const free = driver.enqueueMany(30, one(FREE));
    driver.pump();
    expect(new Set(free.map(({ state }) => state))).toEqual(new Set(["running", "waiting"]));
  });

  test("are not refused for a pressure that is their own", () => {
    const { driver, one, stream, pressure } = pool();
    stream(PREMIUM, 5, 120);
    stream(FREE, 20, 120);
    driver.runFor(119 * SECOND);
    expect(pressure()).toBe(1);
    expect(inBand(driver.jobs, FREE).some(({ state }) => state === "refused")).toBe(false);
    expect(driver.enqueue(one(FREE)).state).toBe("waiting");
  });

  test("may keep one waiting each where their tier has a guarantee, which is kept and goes round", () => {
    const { driver, one } = pressed([FOR_FREE]);
    driver.runFor(5 * SECOND);
    const from = driver.granted.length;
    for (let i = 0; i < 300; i++) {
      driver.at(driver.now + (i / 10) * SECOND, () => {
        for (const name of ["a", "b", "c"]) driver.enqueue(one(FREE, name));
      });
    }
    driver.runFor(30 * SECOND);
    const granted = inBand(driver.granted.slice(from), FREE);
    // A tenth of ten a second.
    expect(granted.length).toBeGreaterThanOrEqual(28);
    expect(granted.length).toBeLessThanOrEqual(31);
    for (const name of ["a", "b", "c"]) {
      const own = granted.filter(({ options }) => options.tenant.id === name).length;
      expect(own).toBeGreaterThanOrEqual(9);
      expect(own).toBeLessThanOrEqual(11);
    }
    const waiting = driver.jobs.filter(({ state, options }) => {
      return state === "waiting" && options.band === FREE;
    });
    expect(waiting.length).toBeLessThanOrEqual(3);
  });
});

describe("a copy of a scheduler that others share", () => {
  const found = { pressure: 0.95, isActing: true };

  test("believes what was found there for as long as it may, then looks for itself", () => {
    const { driver, path } = pool();
    const { relief } = driver.scheduler;
    relief.follow(path, found, T0 + SECOND, T0);
    expect(relief.wasHeld(path, BATCH)).toBe(true);
    expect(relief.isHeld(path, BATCH, T0 + SECOND - 1)).toBe(true);
    expect(relief.isHeld(path, PREMIUM, T0)).toBe(false);
    expect(relief.heldFor(path, BATCH, T0)).toBeGreaterThan(10 * SECOND);
    expect(relief.isHeld(path, BATCH, T0 + SECOND)).toBe(false);
    expect(relief.holdOn(path, SECOND, T0 + SECOND)).toEqual(
      expect.objectContaining({ pressure: 0, isActing: false }),
    );
  });

  test("is told only what was found lately", () => {
    const { driver, path } = pool();
    const { relief } = driver.scheduler;
    expect(relief.holdOn(path, SECOND, T0)).toBeNull();
    relief.isHeld(path, BATCH, T0);
    expect(relief.holdOn(path, SECOND, T0 + SECOND)).toMatchObject({ isActing: false });
    expect(relief.holdOn(path, SECOND, T0 + SECOND + 1)).toBeNull();
  });

  test("has its newcomers of the lowest tier refused for what others refuse, too", () => {
    const { driver, one, path } = pool();
    const demand = { ...NO_DEMAND, requests: 600 };
    driver.scheduler.countRefused({ path, band: PREMIUM, demand, count: 600 }, T0);
    driver.runFor(SECOND);
    driver.enqueueMany(20, one(PREMIUM));
    expect(driver.enqueue({ ...one(FREE), maxWait: HOUR }).refusal).toMatchObject({ isShed: true });
  });
});

test("without relief nothing gives way", () => {
  const driver = new SchedulerDriver({ bands: BANDS });
  const path = driver.path(bucket({ amount: 10, per: SECOND }));
  const tenant = driver.tenant("one");
  driver.enqueueMany(500, { tenant, path, band: PREMIUM });
  const late = [FREE, BATCH].map((band) => driver.enqueue({ tenant, path, band }));
  driver.runFor(MINUTE);
  expect(late.map(({ state }) => state)).toEqual(["settled", "settled"]);
});
