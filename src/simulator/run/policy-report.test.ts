import { describe, expect, test } from "vitest";
import { endsOf, smallScenario } from "../../../test/support/small-scenario.ts";
import { minuteLimits } from "../load/place.ts";
import { renderReport } from "../report/render-report.ts";
import { Simulation } from "../simulation.ts";
import { compare, runsOf } from "./compare.ts";
import { reportOn } from "./policy-report.ts";
import { Sampler } from "./sampler.ts";
import { summaryLines } from "./summary.ts";

const [, tokens] = minuteLimits(60, 6_000);
const tasks = Array.from({ length: 20 }, (_, id) => ({
  atMs: id * 1_000,
  tenant: id % 2 === 0 ? "a" : "b",
  tier: 3,
  latency: "near-real-time" as const,
  inputTokens: 1_000,
}));
const scenario = smallScenario({ tasks, limits: [tokens], seconds: 40 });

function reported() {
  const samplers: Sampler[] = [];
  const simulation = new Simulation(scenario, "sluice", { isJudged: true }, (world) => {
    samplers.push(new Sampler(world, 40));
    return samplers;
  });
  endsOf(simulation);
  return reportOn("sluice", simulation, samplers[0]);
}

describe("a report", () => {
  const report = reported();

  test("has a value for each second of the run", () => {
    const { series } = report;
    expect(series.everySeconds).toBe(1);
    for (const values of [...series.waitingByTier, series.refused429, series.chargedShare]) {
      expect(values).toHaveLength(40);
    }
    expect(series.jain).toHaveLength(40);
    expect(Math.max(...series.waitingByTier[3])).toBeGreaterThan(0);
    expect(Math.max(...series.waitingByTier[0])).toBe(0);
    const charged = series.chargedShare.reduce((sum, share) => sum + share * 100, 0);
    // The full bucket the run begins with is in the first step's supply.
    expect(charged).toBeGreaterThan(6_000);
  });

  test("has quantiles of those tiers that have waits, growing with their share", () => {
    const [first, , , last] = report.waitQuantilesByTier;
    expect(first).toEqual({ tier: "critical", quantiles: [] });
    const waits = last.quantiles.map(({ waitMs }) => waitMs);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[waits.length - 1]).toBeGreaterThan(waits[0]);
  });

  test("says how good forecasts were, and what was refused at once", () => {
    const { refusedAtOnce, realOverForeseen, brokenPromises } = report.foresight;
    expect(refusedAtOnce).toBeGreaterThan(0);
    expect(realOverForeseen).not.toBeNull();
    expect(brokenPromises).toBeLessThan(1);
  });
});

describe("a comparison", () => {
  test("has the policies in the order asked for, and the changed world behind them", async () => {
    const runs = runsOf(scenario, ["fifo-bucket", "sluice"], "limits=x2");
    const shares: number[] = [];
    const progress = { begun() {}, at: (share: number) => shares.push(share), ended() {} };
    const report = await compare(scenario, runs, progress, new AbortController().signal);
    expect(report.policies.map(({ name }) => name)).toEqual([
      "fifo-bucket",
      "sluice",
      "sluice limits=x2",
    ]);
    expect(shares[shares.length - 1]).toBe(1);
    const lines = summaryLines(report);
    expect(lines.filter((line) => line.startsWith("sluice limits=x2"))).toHaveLength(5);
    expect(renderReport(report)).toContain("sluice limits=x2");
    const [, sluice, changed] = report.policies;
    expect(changed.figures.tiers.free.ok).toBeGreaterThan(sluice.figures.tiers.free.ok);
  });

  test("ends when it is told to", async () => {
    const ended = AbortSignal.abort(new Error("told to"));
    const many = Array.from({ length: 10_000 }, (_, id) => ({ atMs: id, inputTokens: 1 }));
    const large = smallScenario({ tasks: many, limits: minuteLimits(600_000, 6_000_000) });
    const nothing = { begun() {}, at() {}, ended() {} };
    const runs = runsOf(large, ["sluice"], null);
    await expect(compare(large, runs, nothing, ended)).rejects.toThrow("told to");
  });
});
