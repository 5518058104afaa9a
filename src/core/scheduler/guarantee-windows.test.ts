/**
 * Guarantees in every window: who waits the whole time has had its share of the pool, however
 * overloaded the bands above are. It may lack max(1 s of the pool, one largest request) twice: a
 * window may begin just after a grant, and a head with credit may be passed before its turn.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { bucket, MINUTE, SECOND, T0 } from "../../../test/support/meters.ts";
import { SchedulerDriver } from "../../../test/support/scheduler-driver.ts";
import { longRuns } from "../../../test/support/scheduler-runs.ts";

const BANDS = ["critical", "premium", "free", "batch"].map((tier) => ({ tier, latency: "any" }));
/** Tokens a second: a token is a millisecond of the pool. */
const RATE = 1_000;
const DURATION = 5 * MINUTE;

const size = fc.oneof(fc.constantFrom(20, 50, 8_000), fc.integer({ min: 20, max: 3_000 }));
const worlds = fc.record({
  /** Of the last three bands; their sum is at most 0.5. */
  shares: fc.tuple(
    fc.constantFrom(0.02, 0.1, 0.2),
    fc.constantFrom(0.05, 0.1, 0.15),
    fc.constantFrom(0.01, 0.05, 0.15),
  ),
  sizes: fc.tuple(size, size, size, size),
  holdback: fc.constantFrom(0, 0.1),
});
type World = typeof worlds extends fc.Arbitrary<infer T> ? T : never;

interface Grant {
  readonly at: number;
  readonly tokens: number;
}

/** Grants of each band; the first two have more than enough to do, all of them wait throughout. */
function grantsOf({ shares, sizes, holdback }: World): Grant[][] {
  const guarantees = shares.map((share, i) => ({ label: `${i}`, share, bands: [i + 1] }));
  const driver = new SchedulerDriver({ bands: BANDS, guarantees, holdback });
  const limit = { amount: 60 * RATE, per: MINUTE, initialShare: 0 };
  const path = driver.path(bucket({ ...limit, dimension: "tokens" }));
  sizes.forEach((tokens, band) => {
    for (const name of ["a", "b"]) {
      const tenant = driver.tenant(`${name}-${band}`);
      const count = Math.ceil((1.5 * RATE) / tokens) + 2;
      driver.enqueueMany(Math.min(count, 40), {
        tenant,
        path,
        band,
        demand: { tokens },
        isRepeated: true,
      });
    }
  });
  driver.runFor(DURATION);
  return BANDS.map((_, band) =>
    driver.granted
      .filter((job) => job.options.band === band)
      .map((job) => ({ at: job.grantedAt - T0, tokens: job.demand.tokens })),
  );
}

/** The most that any window, from one moment to another, lacks of `share` of the pool; tokens. */
function worstLack(grants: readonly Grant[], share: number): number {
  let worst = 0;
  let had = 0;
  let most = 0;
  for (const { at, tokens } of [...grants, { at: DURATION, tokens: 0 }]) {
    const due = (share * RATE * at) / SECOND;
    worst = Math.max(worst, most + due - had);
    had += tokens;
    most = Math.max(most, had - due);
  }
  return worst;
}

/** Once only the first guarantee's head was waited for. */
const STARVED: World = { shares: [0.02, 0.15, 0.15], sizes: [20, 50, 342, 66], holdback: 0 };

test("several guarantees at once are all kept, in every window, under bands that want everything", () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const grants = grantsOf(world);
      const slack = 2 * Math.max(RATE, ...world.sizes);
      const lacks = world.shares.map((share, i) => worstLack(grants[i + 1], share));
      for (const lack of lacks) expect(lack).toBeLessThanOrEqual(slack);
      const used = grants.flat().reduce((sum, { tokens }) => sum + tokens, 0);
      expect(used).toBeGreaterThan((0.97 * RATE * DURATION) / SECOND - slack);
    }),
    { ...longRuns(25), examples: [[STARVED]] },
  );
});
