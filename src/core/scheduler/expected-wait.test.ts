import { describe, expect, test } from "vitest";
import { bucket, MINUTE, MS, SECOND, slots, T0 } from "../../../test/support/meters.ts";
import { type JobOptions, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { NO_DEMAND } from "../demand.ts";
import { type Meter, MICRO_UNITS } from "../meter/meter.ts";
import { waitOfRequests } from "./expected-wait.ts";

type Part = Omit<JobOptions, "tenant" | "path">;
interface Stream extends Part {
  readonly weight?: number;
  /** Requests a second. */
  readonly rate: number;
}

const BANDS = [
  { tier: "premium", latency: "real-time" },
  { tier: "free", latency: "real-time" },
];
const DURATION = 3 * MINUTE;

/** Sends each stream at its rate; returns |real - foretold| / real of what was granted, at the median. */
function medianError(
  streams: readonly Stream[],
  build: (driver: SchedulerDriver) => JobOptions["path"],
  watch: number,
) {
  const driver = new SchedulerDriver({ bands: BANDS });
  const path = build(driver);
  streams.forEach(({ weight = 1, rate, ...part }, i) => {
    const tenant = driver.tenant(`${i}`, weight);
    const gap = SECOND / rate;
    for (let k = 0; k * gap < DURATION; k++) {
      const options = { ...part, tenant, path, maxWait: part.maxWait ?? 15 * SECOND };
      driver.at(T0 + Math.round((k + i / streams.length) * gap), () => driver.enqueue(options));
    }
  });
  driver.runFor(DURATION);
  const errors = driver.granted
    .filter((job) => job.options.tenant.id === `${watch}` && job.queuedAt > T0 + MINUTE)
    .map((job) => ({ real: job.grantedAt - job.queuedAt, foretold: job.expectedWait }))
    .map(({ real, foretold }) => Math.abs(real - foretold) / Math.max(real, 100 * MS))
    .sort((a, b) => a - b);
  expect(errors.length).toBeGreaterThan(50);
  return errors[Math.floor(errors.length / 2)];
}

const tenASecond = (driver: SchedulerDriver) =>
  driver.path(bucket({ amount: 10, initialShare: 0 }));
const requestsAndTokens = (driver: SchedulerDriver) =>
  driver.path(
    bucket({ amount: 50, initialShare: 0 }),
    bucket({ dimension: "tokens", amount: 10_000, initialShare: 0 }),
  );
const fourSlots = (driver: SchedulerDriver) => driver.path(slots(4));

describe("the expected wait in a steady overload is within 20 % of the real one", () => {
  test.each<{ name: string; streams: Stream[]; watch: number; build: typeof tenASecond }>([
    { name: "a lone tenant", streams: [{ rate: 20 }], watch: 0, build: tenASecond },
    {
      name: "ten equal tenants",
      streams: Array.from({ length: 10 }, () => ({ rate: 2 })),
      watch: 3,
      build: tenASecond,
    },
    {
      name: "the light one of two weights",
      streams: [
        { rate: 20, weight: 1 },
        { rate: 20, weight: 4 },
      ],
      watch: 0,
      build: tenASecond,
    },
    {
      name: "the heavy one of two weights",
      streams: [
        { rate: 20, weight: 1 },
        { rate: 20, weight: 4 },
      ],
      watch: 1,
      build: tenASecond,
    },
    {
      name: "a lower band under one that takes half",
      streams: [{ rate: 5 }, { rate: 20, band: 1 }],
      watch: 1,
      build: tenASecond,
    },
    {
      name: "a flood beside tenants that ask for less than their share",
      streams: [{ rate: 40 }, { rate: 1 }, { rate: 1 }, { rate: 1 }, { rate: 1 }],
      watch: 0,
      build: tenASecond,
    },
    {
      name: "tokens bind, requests do not",
      streams: [
        { rate: 10, demand: { requests: 1, tokens: 1_000 } },
        { rate: 10, demand: { requests: 1, tokens: 1_000 } },
      ],
      watch: 1,
      build: requestsAndTokens,
    },
    {
      name: "slots bind",
      streams: [
        { rate: 10, service: 500 * MS },
        { rate: 10, service: 500 * MS },
      ],
      watch: 0,
      build: fourSlots,
    },
  ])("$name", ({ streams, watch, build }) => {
    expect(medianError(streams, build, watch)).toBeLessThanOrEqual(0.2);
  });
});

describe("the wait for limits of requests alone", () => {
  const demand = { ...NO_DEMAND, requests: 1, tokens: 500 };
  const waitOn = (...meters: readonly Meter[]) =>
    waitOfRequests(new SchedulerDriver().path(...meters), demand, T0);

  test("is until the slowest of them has one", () => {
    const second = bucket({ amount: 1, initialShare: 0 });
    const minute = bucket({ amount: 1, per: MINUTE, initialShare: 0.5 });
    expect(waitOn(second, minute)).toBe(30 * SECOND);
  });

  test("knows nothing of tokens and slots: others may give theirs back", () => {
    const tokens = bucket({ dimension: "tokens", amount: 1_000, per: MINUTE, initialShare: 0 });
    const slot = slots(1);
    slot.debit(MICRO_UNITS, T0);
    expect(waitOn(tokens, slot)).toBe(0);
  });
});
