import { describe, expect, test } from "vitest";
import { bucket, HOUR, MINUTE, MS, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { type Job, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { Ceiling } from "./ceiling.ts";

const BANDS = [
  { tier: "premium", latency: "real-time" },
  { tier: "free", latency: "real-time" },
  { tier: "free", latency: "batch" },
  { tier: "premium", latency: "batch" },
];
const [HIGHER, LOWER] = [0, 3];
const FREE = { share: 0.3, bands: [1, 2] };
const WINDOW = 10 * SECOND;

/** A pool of 1,000 tokens a second, so that a token is a millisecond of it. */
function pooled(initialShare = 0) {
  const driver = new SchedulerDriver({ bands: BANDS, ceilings: [FREE] });
  const meter = bucket({ dimension: "tokens", amount: 60_000, per: MINUTE, initialShare });
  const path = driver.path(meter);
  const flood = (band: number, tokens: number) =>
    driver.enqueueMany(20, {
      tenant: driver.tenant(`flood-${band}`),
      path,
      band,
      demand: { tokens },
      isRepeated: true,
    });
  /** Asks for half of the pool. */
  const stream = (band: number, tokens: number) => {
    const options = { tenant: driver.tenant(`stream-${band}`), path, band, demand: { tokens } };
    for (let i = 0; i < 3_000; i++) {
      driver.at(T0 + i * 2 * tokens * MS, () => driver.enqueue(options));
    }
  };
  return { driver, path, flood, stream };
}

function under(jobs: readonly Job[]): Job[] {
  return jobs.filter((job) => FREE.bands.includes(job.options.band ?? 0));
}

function tokensOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, { demand }) => sum + demand.tokens, 0);
}

/** The most tokens granted in any window of this length, of jobs in the order of their grants. */
function mostIn(jobs: readonly Job[], window: number): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const job of jobs) {
    sum += job.demand.tokens;
    while (jobs[first].grantedAt <= job.grantedAt - window) sum -= jobs[first++].demand.tokens;
    most = Math.max(most, sum);
  }
  return most;
}

describe("bands under a ceiling of 0.3", () => {
  test.each([
    { why: "while nobody else has work", size: 50 },
    { why: "while lower bands have", size: 50, lower: 100 },
    { why: "while higher bands ask for half", size: 50, higher: 100 },
    { why: "with requests of two seconds of the pool, alone", size: 2_000 },
    { why: "with such requests, while lower bands have work", size: 2_000, lower: 100 },
  ])("have 30 % of any 10 s and a request at most, $why", ({ size, lower, higher }) => {
    const { driver, flood, stream } = pooled(1);
    if (lower !== undefined) flood(LOWER, lower);
    if (higher !== undefined) stream(HIGHER, higher);
    flood(1, size);
    driver.runFor(10 * MINUTE);
    const capped = under(driver.granted);
    // What has been saved up before the first grant: a second's share, once.
    expect(mostIn(capped, WINDOW)).toBeLessThanOrEqual(3_000 + 300 + size);
    const steady = capped.filter(({ grantedAt }) => grantedAt > T0 + 20 * SECOND);
    expect(mostIn(steady, WINDOW)).toBeLessThanOrEqual(3_000 + size);
    // A large one waits for the meter, too, and earns no more than a second's share meanwhile.
    const least = size > 1_000 ? 0.25 : 0.3;
    expect(tokensOf(capped)).toBeGreaterThanOrEqual(least * 600_000 - size);
  });

  test("leave the rest to others, or to nobody", () => {
    const { driver, flood } = pooled();
    flood(1, 100);
    driver.runFor(10 * MINUTE);
    expect(tokensOf(driver.granted) / 600_000).toBeCloseTo(0.3, 2);
    flood(LOWER, 100);
    const before = driver.granted.length;
    driver.runFor(10 * MINUTE);
    const since = driver.granted.slice(before);
    expect(tokensOf(under(since)) / 600_000).toBeCloseTo(0.3, 2);
    // And what had been left in the meter.
    expect((tokensOf(since) - tokensOf(under(since))) / 600_000).toBeCloseTo(0.8, 2);
  });

  test("have it together, the first of them first", () => {
    const { driver, flood } = pooled(1);
    flood(1, 50);
    flood(2, 50);
    driver.runFor(5 * MINUTE);
    expect(mostIn(driver.granted, WINDOW)).toBeLessThanOrEqual(3_000 + 300 + 50);
    expect(driver.granted.every((job) => job.options.band === 1)).toBe(true);
  });

  test("save up a second's share in an idle hour, and no more", () => {
    const { driver, path } = pooled(1);
    driver.runFor(HOUR);
    const tenant = driver.tenant("free");
    driver.enqueueMany(100, { tenant, path, band: 1, demand: { tokens: 50 } });
    driver.pump();
    expect(driver.granted).toHaveLength(6);
    driver.runFor(SECOND);
    expect(driver.granted).toHaveLength(12);
  });

  test("do not pass each other: a small one waits behind the large one before it", () => {
    const { driver, path } = pooled(1);
    const tenant = driver.tenant("free");
    const submit = (tokens: number) =>
      driver.submit({ tenant, path, band: 1, demand: { tokens }, maxWait: HOUR });
    submit(3_000);
    const [large, small] = [submit(3_000), submit(1)];
    driver.runFor(8_900 * MS);
    expect([large.state, small.state]).toEqual(["waiting", "waiting"]);
    driver.runFor(200 * MS);
    expect([large.state, small.state]).toEqual(["settled", "waiting"]);
  });

  test("are not lifted over it by a guarantee", () => {
    const guarantee = { label: "free", share: 0.5, bands: [1] };
    const driver = new SchedulerDriver({ bands: BANDS, ceilings: [FREE], guarantees: [guarantee] });
    const path = driver.path(bucket({ dimension: "tokens", amount: 60_000, per: MINUTE }));
    for (const band of [0, 1]) {
      const tenant = driver.tenant(`flood-${band}`);
      driver.enqueueMany(20, { tenant, path, band, demand: { tokens: 50 }, isRepeated: true });
    }
    driver.runFor(5 * MINUTE);
    expect(mostIn(under(driver.granted), WINDOW)).toBeLessThanOrEqual(3_000 + 300 + 50);
    expect(tokensOf(under(driver.granted)) / 300_000).toBeCloseTo(0.3, 1);
  });

  test("count slots by how long they are held", () => {
    const driver = new SchedulerDriver({ bands: BANDS, ceilings: [FREE] });
    const path = driver.path(slots(10));
    driver.enqueueMany(5, {
      tenant: driver.tenant("free"),
      path,
      band: 1,
      service: SECOND,
      isRepeated: true,
    });
    driver.runFor(5 * MINUTE);
    expect(driver.granted.length / (300 * 10)).toBeCloseTo(0.3, 1);
  });
});

describe("the expected wait under a ceiling", () => {
  test("is that of its share, though the pool is full and nobody else waits", () => {
    const { driver, path } = pooled(1);
    const tenant = driver.tenant("free");
    const jobs = driver.enqueueMany(200, { tenant, path, band: 1, demand: { tokens: 50 } });
    driver.runFor(MINUTE);
    const late = jobs.slice(20);
    expect(late.every(({ state }) => state === "settled")).toBe(true);
    for (const { expectedWait, grantedAt, queuedAt } of late) {
      expect(Math.abs(expectedWait / (grantedAt - queuedAt) - 1)).toBeLessThan(0.2);
    }
  });

  test("counts what waits in the other bands under it that go first", () => {
    const { driver, path } = pooled(1);
    const free = { path, demand: { tokens: 50 } };
    driver.enqueueMany(60, { ...free, tenant: driver.tenant("free"), band: 1 });
    const last = driver.submit({ ...free, tenant: driver.tenant("batch"), band: 2 });
    driver.runFor(MINUTE);
    const real = last.grantedAt - last.queuedAt;
    expect(real).toBeGreaterThan(8 * SECOND);
    expect(Math.abs(last.expectedWait / real - 1)).toBeLessThan(0.2);
  });

  test("makes hopeless what could not wait so long, and nothing of the bands above", () => {
    const { driver, path } = pooled(1);
    const options = { path, demand: { tokens: 50 }, maxWait: 5 * SECOND };
    const capped = driver.enqueueMany(60, { ...options, tenant: driver.tenant("free"), band: 1 });
    const codes = capped.map(({ refusal }) => refusal?.code);
    const queued = codes.filter((code) => code === undefined).length;
    expect(queued).toBeGreaterThanOrEqual(30);
    expect(queued).toBeLessThanOrEqual(37);
    expect(new Set(codes.slice(queued))).toEqual(new Set(["max_wait_exceeded"]));
    const above = driver.submit({ ...options, tenant: driver.tenant("premium"), band: 0 });
    expect([above.refusal, above.expectedWait]).toEqual([null, 0]);
    driver.runFor(MINUTE);
    expect(driver.expired).toEqual([]);
  });
});

describe("a ceiling's own account", () => {
  const ceiling = () => new Ceiling({ share: 0.25, bands: [0] }, T0);

  test("lets through what is larger than it has, and waits for that afterwards", () => {
    const one = ceiling();
    expect(one.waitFor(T0)).toBe(0);
    one.spend(2e9);
    expect(one.waitFor(T0)).toBe(7 * SECOND + 1);
    expect(one.waitFor(T0 + 7 * SECOND)).toBe(1);
    expect(one.waitFor(T0 + 7 * SECOND + 1)).toBe(0);
  });

  test("tells the wait behind what is to be taken before", () => {
    expect(ceiling().waitFor(T0, 1e9)).toBe(3 * SECOND + 1);
  });

  test("earns nothing from a clock that steps back", () => {
    const one = ceiling();
    one.spend(0.5e9);
    const wait = one.waitFor(T0);
    expect(one.waitFor(T0 - HOUR)).toBe(wait);
    expect(one.waitFor(T0)).toBe(wait);
  });
});
