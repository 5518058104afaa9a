/** Compare: runs several policies in one world, and Sluice in a changed one, and puts them side by side. */
import { selectorLabel } from "../../runtime/account/limit-meter.ts";
import type { PolicyName } from "../policies/policy.ts";
import type { PolicyReport, ReportedLimit, SimulationReport } from "../report-data.ts";
import type { Scenario } from "../scenario.ts";
import { changedWorld } from "../what-if/change-world.ts";
import { parseChanges } from "../what-if/parse-changes.ts";
import { type Run, simulate } from "./simulate.ts";

/** Hears how far each run is. */
export interface Progress {
  begun(run: Run): void;
  at(share: number): void;
  ended(): void;
}

/** `whatIf` as it was written: `tenants=+20`; null: nothing. */
export function runsOf(
  scenario: Scenario,
  policies: readonly PolicyName[],
  whatIf: string | null,
): Run[] {
  const runs = policies.map((policy): Run => ({ name: policy, policy, scenario }));
  if (whatIf === null) return runs;
  const changed = changedWorld(scenario, parseChanges(whatIf));
  return [...runs, { name: `sluice ${whatIf}`, policy: "sluice", scenario: changed }];
}

/** @throws the signal's reason when aborted. */
export async function compare(
  scenario: Scenario,
  runs: readonly Run[],
  progress: Progress,
  signal: AbortSignal,
): Promise<SimulationReport> {
  const policies: PolicyReport[] = [];
  for (const run of runs) {
    progress.begun(run);
    try {
      policies.push(await simulate(run, (share) => progress.at(share), signal));
    } finally {
      progress.ended();
    }
  }
  const { load, setting, scale, source } = scenario;
  return {
    seed: setting.seed,
    seconds: load.seconds,
    scale,
    source,
    tiers: setting.tiers.map(({ name }) => name),
    limits: setting.limits.map(
      (limit): ReportedLimit => ({
        dimension: limit.dimension,
        amount: limit.amount,
        perSeconds: limit.perMs === null ? null : limit.perMs / 1_000,
        selector: selectorLabel(limit, null),
      }),
    ),
    policies,
  };
}
