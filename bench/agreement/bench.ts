/**
 * Agreement benchmark: the demo, with real processes in real time, beside the simulation of the very
 * same load: does the simulator tell what will happen? `--trace FILE` replays a recorded load,
 * `--seconds N` for how long.
 */
import { loadConfig } from "../../src/config/index.ts";
import { loadFor, runDemo } from "../../src/demo/demo.ts";
import { gatewayConfig } from "../../src/demo/provider/gateway-config.ts";
import type { PolicyFigures } from "../../src/figures/policy-figures.ts";
import { minuteLimits, policyOf } from "../../src/simulator/load/place.ts";
import { figuresFrom, resultsOf } from "../../src/simulator/outcome.ts";
import { ONE_INSTANCE, type Setting } from "../../src/simulator/setting.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import type { Load } from "../../src/workload/load.ts";
import { WAIT_RESERVE_MS } from "../../src/workload/tiers.ts";
import type { Figure } from "../figure.ts";

/** The demo's provider: first token after 100 ms, give or take, and 500 tokens a second. */
const TIMING: Setting["timing"] = {
  uplinkMs: [0.5, 2],
  downlinkMs: [0.5, 2],
  firstTokenMs: [65, 135],
  tokensPerSecond: [500, 500],
  serviceMs: [10, 60_000],
  streamedShare: 0,
  stamp: "admission",
};

export async function benchAgreement(args: readonly string[]): Promise<readonly Figure[]> {
  const options = {
    seconds: Number(flagValue(args, "--seconds") ?? 30),
    seed: Number(flagValue(args, "--seed") ?? 1),
    trace: flagValue(args, "--trace"),
    speed: null,
    policies: ["sluice" as const],
  };
  const load = loadFor(options);
  const simulated = simulate(load, options.seed);
  const { signal } = new AbortController();
  const means = { stream: process.stderr, isAnimated: false, signal };
  const { report } = await runDemo(options, means);
  return compared(report.policies.sluice, simulated);
}

function simulate(load: Load, seed: number): PolicyFigures {
  const { rpm, tpm } = load.limits;
  const object = gatewayConfig({ baseUrl: "http://127.0.0.1:1", ...load });
  const loaded = loadConfig({ object, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const policy = policyOf(loaded.config);
  const tiers = policy.tiers.map((tier) => ({
    ...tier,
    maxWaitMs: tier.maxWaitMs - WAIT_RESERVE_MS,
  }));
  const setting: Setting = {
    ...policy,
    seed,
    tiers,
    dialect: "openai",
    limits: minuteLimits(rpm, tpm),
    initialShare: 0,
    timing: TIMING,
    foreign: 0,
    instances: ONE_INSTANCE,
  };
  const scenario = { load, setting, scale: 3, source: "the demo" };
  const simulation = new Simulation(scenario, "sluice", { isJudged: true });
  while (!simulation.advance(100_000));
  return figuresFrom(simulation, resultsOf(simulation.world));
}

function compared(real: PolicyFigures, simulated: PolicyFigures): Figure[] {
  const figures = [
    own("demo.budget_used", real.budgetUsed, "share"),
    own("simulated.budget_used", simulated.budgetUsed, "share"),
    own("budget_used.difference_points", 100 * (simulated.budgetUsed - real.budgetUsed), "points"),
  ];
  for (const [tier, { waitMs }] of Object.entries(real.tiers)) {
    const foretold = simulated.tiers[tier].waitMs;
    for (const share of ["p50", "p95", "p99"] as const) {
      figures.push(own(`demo.${tier}.wait_${share}`, waitMs[share], "ms"));
      figures.push(own(`simulated.${tier}.wait_${share}`, foretold[share], "ms"));
    }
    figures.push(own(`${tier}.wait_p99.ratio`, foretold.p99 / waitMs.p99, "ratio"));
  }
  return figures;
}

function flagValue(args: readonly string[], flag: string): string | null {
  const at = args.indexOf(flag);
  return at < 0 ? null : (args[at + 1] ?? null);
}

function own(name: string, value: number, unit: string): Figure {
  return { name, value, unit, peer: false };
}
