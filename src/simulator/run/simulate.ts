/** Simulate: runs policies in one world, one after the other, and lets others do something meanwhile. */
import { setImmediate as othersTurn } from "node:timers/promises";
import type { PolicyName } from "../policies/policy.ts";
import type { PolicyReport } from "../report-data.ts";
import type { Scenario } from "../scenario.ts";
import { Simulation } from "../simulation.ts";
import { reportOn } from "./policy-report.ts";
import { Sampler } from "./sampler.ts";

/** One run: a policy, and the world it is in. */
export interface Run {
  /** Of a changed world with the change behind it: `sluice tenants=+20`. */
  readonly name: string;
  readonly policy: PolicyName;
  readonly scenario: Scenario;
}

/** So that a progress bar moves and Ctrl-C is heard: some hundredths of a second. */
const EVENTS_PER_TURN = 20_000;

/** @throws the signal's reason when aborted. */
export async function simulate(
  { name, policy, scenario }: Run,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<PolicyReport> {
  const samplers: Sampler[] = [];
  const simulation = new Simulation(scenario, policy, { isJudged: true }, (world) => {
    const sampler = new Sampler(world, scenario.load.seconds);
    samplers.push(sampler);
    return [sampler];
  });
  const { network } = scenario.setting.instances;
  const advance = () =>
    policy === "sluice" && network !== null
      ? simulation.advanceInTurns(EVENTS_PER_TURN)
      : simulation.advance(EVENTS_PER_TURN);
  while (!(await advance())) {
    onProgress(simulation.progress);
    await othersTurn();
    signal.throwIfAborted();
  }
  onProgress(1);
  return reportOn(name, simulation, samplers[0]);
}
