import { describe, expect, test } from "vitest";
import { percentile } from "../../figures/percentile.ts";
import { OVERLOAD } from "../../workload/load.ts";
import { createRandom } from "../../workload/random.ts";
import { LATENCY_GUARANTEES, TIERS } from "../../workload/tiers.ts";
import { AZURE_CONVERSATIONS } from "../profile/azure-conversations.ts";
import { drawRows } from "../profile/draw-rows.ts";
import { buildLoad } from "./build-load.ts";
import { cutSlice, rowsWanted } from "./cut-slice.ts";

function loadOf(seed: number, seconds = 30) {
  const random = createRandom(seed);
  const rows = drawRows(AZURE_CONVERSATIONS, random, rowsWanted(seconds));
  return buildLoad(cutSlice(rows, { seconds, speed: null }, OVERLOAD), random);
}

describe.each([1, 2, 3])("the load of seed %d", (seed) => {
  const load = loadOf(seed);
  const demand = load.tasks.reduce((sum, { cost }) => sum + cost, 0);
  const budget = (load.limits.tpm / 60) * load.seconds;

  test("asks for three times the tokens, and for less than that of requests", () => {
    expect(demand / budget).toBeCloseTo(OVERLOAD, 2);
    expect((load.tasks.length / load.seconds) * 60).toBeLessThan(2 * load.limits.rpm);
  });

  test("has at least 300 tasks of the first tier to measure", () => {
    const measured = load.tasks.filter(
      ({ tier, atMs }) => tier === 0 && atMs >= load.measuredFromMs,
    );
    expect(measured.length).toBeGreaterThanOrEqual(300);
  });

  test("leaves the first tier's demand far below what guarantees leave", () => {
    const first = load.tasks.filter(({ tier }) => tier === 0);
    const share = first.reduce((sum, { cost }) => sum + cost, 0) / budget;
    const guaranteed = [
      ...TIERS.map(({ guarantee }) => guarantee),
      ...Object.values(LATENCY_GUARANTEES),
    ];
    expect(share).toBeLessThan(0.8 * (1 - guaranteed.reduce((sum, part) => sum + part, 0)));
  });

  test("has requests whose 99th percentile costs at most 0.3 s of the budget", () => {
    const costs = load.tasks.map(({ cost }) => cost);
    expect(percentile(costs, 0.99) / (load.limits.tpm / 60)).toBeLessThan(0.3);
  });

  test("arrives in order, within its time", () => {
    const times = load.tasks.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[times.length - 1]).toBeLessThan(load.seconds * 1_000);
  });
});

test("the same seed makes the same load, with batch work in the last tier only", () => {
  const load = loadOf(5);
  expect(load).toEqual(loadOf(5));
  expect(load).not.toEqual(loadOf(6));
  const batchTiers = new Set(
    load.tasks.filter(({ latency }) => latency === "batch").map(({ tier }) => TIERS[tier].name),
  );
  expect([...batchTiers]).toEqual(["free"]);
});

test("a short run is measured after its first third", () => {
  expect(loadOf(1, 6).measuredFromMs).toBe(2_000);
  expect(loadOf(1, 30).measuredFromMs).toBe(5_000);
});
