/** Batch of the first tier never goes before interactive work of the last one that would have fitted. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { pick, seeded } from "../../../test/support/gateway-random.ts";
import { bucket, MINUTE, MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { SchedulerChecks } from "../../../test/support/scheduler-checks.ts";
import { type Job, SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { runs } from "../../../test/support/scheduler-runs.ts";

const TIERS = ["critical", "premium", "standard", "free"];
/** As `policy.order: [tier, latency]` with `batch_last` makes them. */
const BANDS = [
  ...TIERS.flatMap((tier) => [
    { tier, latency: "real-time" },
    { tier, latency: "near-real-time" },
  ]),
  ...TIERS.map((tier) => ({ tier, latency: "batch" })),
];
const DURATION = 20 * SECOND;

const worlds = fc.record({
  seed: fc.nat(),
  /** Times what the pool supplies. */
  load: fc.constantFrom(0.8, 1.5, 3),
  batchShare: fc.constantFrom(0.2, 0.6),
  largest: fc.constantFrom(300, 3_000),
  tenants: fc.integer({ min: 1, max: 6 }),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

function isBatch(job: Job): boolean {
  return BANDS[job.options.band ?? 0].latency === "batch";
}

/** Judges every grant; says how much interactive work waited for its model beside a batch grant. */
function play({ seed, load, batchShare, largest, tenants }: World): number {
  const driver = new SchedulerDriver({ bands: BANDS });
  const tokens = bucket({ dimension: "tokens", amount: 60_000, per: MINUTE, initialShare: 0.02 });
  const selector = "model:mini";
  const mini = bucket({
    dimension: "tokens",
    amount: 9_000,
    per: MINUTE,
    selector,
    initialShare: 0.1,
  });
  const requests = bucket({ amount: 600, per: MINUTE });
  const paths = [driver.path(requests, tokens), driver.path(requests, tokens, mini)];
  const owners = Array.from({ length: tenants }, (_, i) => driver.tenant(`${i}`, 1 + i));
  const random = seeded(seed);
  const perSecond = (load * 1_000) / (largest / 2);
  for (let at = 0; at < DURATION; at += (-Math.log(1 - random()) * SECOND) / perSecond) {
    const latencies = random() < batchShare ? ["batch"] : ["real-time", "near-real-time"];
    const [tier, latency] = [pick(random, TIERS), pick(random, latencies)];
    const options = {
      tenant: pick(random, owners),
      path: pick(random, paths),
      band: BANDS.findIndex((band) => band.tier === tier && band.latency === latency),
      demand: { requests: 1, tokens: 1 + Math.floor(largest * random()) },
      service: 200 * MS,
    };
    driver.at(T0 + Math.round(at), () => driver.enqueue(options));
  }
  new SchedulerChecks(driver, [requests, tokens, mini]);
  const check = driver.afterPump;
  let seen = 0;
  let besides = 0;
  driver.afterPump = () => {
    check();
    const batch = driver.granted.slice(seen).filter(isBatch).length;
    const waiting = driver.jobs.filter((job) => job.state === "waiting" && !isBatch(job));
    seen = driver.granted.length;
    if (batch === 0) return;
    // Whoever waits for the account waits for a meter that every batch request touches.
    expect(waiting.filter((job) => job.options.path === paths[0])).toEqual([]);
    besides += waiting.length;
  };
  driver.runFor(DURATION);
  return besides;
}

test("batch of any tier yields to interactive work of every tier, whatever its size and model", () => {
  let besides = 0;
  fc.assert(
    fc.property(worlds, (world) => {
      besides += play(world);
    }),
    runs(40),
  );
  // It does pass those who wait for their model, or the test would have nothing to judge.
  expect(besides).toBeGreaterThan(10);
});
