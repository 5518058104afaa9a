/** Shared world: many instances over one store, and a load of twenty tenants that ask for three times the limits. */
import type { PolicyFigures } from "../../src/figures/policy-figures.ts";
import { defaultPlace } from "../../src/simulator/load/place.ts";
import { prepare } from "../../src/simulator/load/prepare.ts";
import { figuresFrom, resultsOf } from "../../src/simulator/outcome.ts";
import { instancesFor, type StoreNetwork } from "../../src/simulator/setting.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { createRandom } from "../../src/workload/random.ts";
import type { TraceRow } from "../../src/workload/trace-row.ts";

const TENANTS = 20;

export interface SharedWish {
  readonly seed: number;
  readonly instances: number;
  readonly seconds: number;
  /** Tasks that arrive. */
  readonly perSecond: number;
  readonly network: StoreNetwork;
}

export async function runShared(wish: SharedWish): Promise<Simulation> {
  const { seed, instances, network } = wish;
  const recording = { kind: "requests", rows: rowsOf(wish) } as const;
  const scenario = prepare(recording, defaultPlace("openai"), {
    ...{ seed, scale: 3, speed: null, seconds: null, foreign: 0, source: "random" },
    instances: instancesFor(instances, seed, network),
  });
  const simulation = new Simulation(scenario, "sluice", { isJudged: true });
  while (!(await simulation.advanceInTurns(10_000)));
  return simulation;
}

export function figuresOfShared(simulation: Simulation): PolicyFigures {
  return figuresFrom(simulation, resultsOf(simulation.world));
}

function rowsOf({ seed, seconds, perSecond }: SharedWish): TraceRow[] {
  const random = createRandom(seed);
  const rows: TraceRow[] = [];
  let atSeconds = 0;
  while (atSeconds < seconds) {
    atSeconds -= Math.log(1 - random()) / perSecond;
    rows.push({
      atSeconds,
      client: `tenant-${Math.floor(TENANTS * random() ** 2)}`,
      inputTokens: 50 + Math.floor(1_500 * random() ** 3),
      outputTokens: 20 + Math.floor(400 * random() ** 2),
    });
  }
  return rows;
}
