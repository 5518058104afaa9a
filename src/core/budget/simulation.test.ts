/** Simulation of whole accounts against the table in research/schedulers.md 3d: refusals and use, by seed. */
import { describe, expect, test } from "vitest";
import {
  AccountWorld,
  type WorldOptions,
  type WorldReport,
} from "../../../test/support/account-world.ts";

const SEEDS = [1, 2, 3];
/** Shares of refused requests that are allowed, by the share of the limit that others ask for. */
const BARS = [
  { foreign: 0, most: 0.001 },
  { foreign: 0.3, most: 0.005 },
  { foreign: 0.6, most: 0.01 },
];
const LEAST_USE = 0.97;

function simulate({
  foreign = 0,
  ...options
}: Omit<WorldOptions, "foreign"> & { foreign?: number }) {
  return new AccountWorld({
    ...options,
    foreign: foreign > 0 ? [{ fromSecond: 0, share: foreign }] : [],
  }).run();
}

function expectWithin(reports: readonly WorldReport[], most: number, seeds: string): void {
  const sent = reports.reduce((sum, report) => sum + report.sent, 0);
  const refused = reports.reduce((sum, report) => sum + report.refused, 0);
  const least = Math.min(...reports.map(({ used }) => used));
  expect(refused / sent, `share refused, ${seeds}`).toBeLessThanOrEqual(most);
  expect(least, `use, ${seeds}`).toBeGreaterThanOrEqual(LEAST_USE);
}

describe.each(BARS)("with others asking for $foreign of the limit", ({ foreign, most }) => {
  test.each<{ why: string; options: Partial<WorldOptions> }>([
    { why: "as in the research", options: {} },
    { why: "the provider stamps on arrival", options: { stampAt: 0 } },
    { why: "half way", options: { stampAt: 0.5 } },
    { why: "as it answers", options: { stampAt: 1 } },
    { why: "answers take up to half a minute", options: { serviceSeconds: [0.5, 30] } },
    { why: "all answers take half a second", options: { serviceSeconds: [0.5, 0.6] } },
    { why: "refusals tell no wait", options: { tellsWait: false } },
  ])("few are refused and nothing is left: $why", ({ options }) => {
    for (const seed of SEEDS) {
      expectWithin([simulate({ ...options, seed, foreign })], most, `seed ${seed}`);
    }
  });

  test("nor with requests so large that one hour has only some hundreds of them", () => {
    const reports = SEEDS.map((seed) =>
      simulate({ seed, foreign, meanTokens: 3_000, seconds: 3_600 }),
    );
    expectWithin(reports, most, `seeds ${SEEDS}`);
  });
});

test.each(SEEDS)(
  "an account that is half asked for is refused next to nothing (seed %d)",
  (seed) => {
    expect(simulate({ seed, load: 0.5 }).refused).toBe(0);
    expect(simulate({ seed, load: 0.5, foreign: 0.3 }).refusedShare).toBeLessThanOrEqual(0.001);
  },
);

describe("what others do with the same headers", () => {
  test.each(SEEDS)("`level = remaining` has a fifth and more refused (seed %d)", (seed) => {
    for (const { foreign } of BARS) {
      const { refusedShare } = simulate({ seed, foreign, learning: "remaining" });
      expect(refusedShare).toBeGreaterThan(0.2);
    }
  });

  test.each(SEEDS)("the ledger alone is right only while nobody else takes (seed %d)", (seed) => {
    expect(simulate({ seed, learning: "ledger" }).refusedShare).toBeLessThanOrEqual(0.001);
    const { refusedShare } = simulate({ seed, foreign: 0.3, learning: "ledger" });
    expect(refusedShare).toBeGreaterThan(0.05);
  });

  test.each(SEEDS)("bounds without drift have several times as much refused (seed %d)", (seed) => {
    for (const foreign of [0.3, 0.6]) {
      const options = { seed, foreign, margin: 0.05, seconds: 1_800 };
      const bounds = simulate({ ...options, learning: "bounds" });
      const drift = simulate({ ...options, learning: "drift" });
      expect(bounds.refusedShare).toBeGreaterThan(0.005);
      expect(drift.refusedShare).toBeLessThan(bounds.refusedShare / 5);
    }
  });
});

describe("an account that changes", () => {
  test.each(SEEDS)("is used when others come and go every five minutes (seed %d)", (seed) => {
    const foreign = [0, 0.6, 0, 0.9, 0, 0.6, 0, 0.9].map((share, i) => ({
      fromSecond: i * 300,
      share,
    }));
    for (const meanTokens of [300, 3_000]) {
      const report = new AccountWorld({ seed, foreign, meanTokens, seconds: 2_400 }).run();
      expectWithin([report], 0.02, `seed ${seed}, ${meanTokens} tokens`);
      expect(report.longestPause, `pause, seed ${seed}`).toBeLessThan(180);
    }
  });

  test.each(SEEDS)("is found again after others have taken all of it (seed %d)", (seed) => {
    for (const meanTokens of [300, 3_000]) {
      const foreign = [
        { fromSecond: 0, share: 1.5 },
        { fromSecond: 300, share: 0 },
      ];
      const world = new AccountWorld({ seed, foreign, meanTokens, seconds: 900 });
      let servedAtOnce = 0;
      world.check = () => {
        if (world.second >= 420) servedAtOnce = Math.max(servedAtOnce, world.trulyLeft);
      };
      world.run();
      expect(servedAtOnce, `left two minutes later, ${meanTokens} tokens`).toBeLessThan(30_000);
    }
  });

  test.each(SEEDS)("begun on as if it were full is soon used as it is (seed %d)", (seed) => {
    for (const initialShare of [0, 0.5]) {
      for (const meanTokens of [300, 3_000]) {
        const world = new AccountWorld({ seed, initialShare, meanTokens, seconds: 120 });
        let most = 0;
        world.check = () => {
          if (world.second >= 10) most = Math.max(most, world.trulyLeft);
        };
        world.run();
        expect(most, `left of 60,000, ${meanTokens} tokens`).toBeLessThan(36_000);
      }
    }
  });
});
