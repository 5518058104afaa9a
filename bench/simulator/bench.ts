/** Simulator benchmark: simulated requests a second under each policy, at three times the budget. */
import { defaultPlace } from "../../src/simulator/load/place.ts";
import { prepare } from "../../src/simulator/load/prepare.ts";
import { POLICIES, type PolicyName } from "../../src/simulator/policies/policy.ts";
import type { Scenario } from "../../src/simulator/scenario.ts";
import { ONE_INSTANCE } from "../../src/simulator/setting.ts";
import { Simulation } from "../../src/simulator/simulation.ts";
import { createRandom } from "../../src/workload/random.ts";
import type { TraceRow } from "../../src/workload/trace-row.ts";
import { type Figure, median } from "../figure.ts";

const ROUNDS = 3;
const SEED = 1;
const REQUESTS = 20_000;
/** SPEC Q5. */
const MANY_REQUESTS = 1_000_000;
const PER_SECOND = 300;
const MEAN_INPUT_TOKENS = 800;
const MEAN_OUTPUT_TOKENS = 250;
const EVENTS_PER_TURN = 100_000;

export async function benchSimulator(): Promise<readonly Figure[]> {
  const few = scenarioOf(REQUESTS);
  const rounds = Array.from({ length: ROUNDS }, () =>
    POLICIES.map((policy) => requestsPerSecond(few, policy, true)),
  );
  const perPolicy = POLICIES.map((policy, place) =>
    own(`simulator.${policy}_judged`, median(rounds.map((round) => round[place])), "requests/s"),
  );
  const many = scenarioOf(MANY_REQUESTS);
  const speeds = Array.from({ length: ROUNDS }, () => requestsPerSecond(many, "sluice", false));
  const speed = median(speeds);
  return [
    own("simulator.requests_per_second", speed, "requests/s"),
    own("simulator.seconds_per_million", MANY_REQUESTS / speed, "s"),
    ...perPolicy,
  ];
}

/** Poisson arrivals of requests with exponential lengths. */
function scenarioOf(count: number): Scenario {
  const random = createRandom(SEED);
  const drawn = (mean: number) => -Math.log(1 - random()) * mean;
  let atSeconds = 0;
  const rows = Array.from({ length: count }, (): TraceRow => {
    atSeconds += drawn(1 / PER_SECOND);
    return {
      atSeconds,
      client: null,
      inputTokens: Math.ceil(drawn(MEAN_INPUT_TOKENS)),
      outputTokens: Math.ceil(drawn(MEAN_OUTPUT_TOKENS)),
    };
  });
  const wish = { seed: SEED, scale: 3, speed: null, seconds: null, foreign: 0 };
  return prepare({ kind: "requests", rows }, defaultPlace("openai"), {
    ...wish,
    instances: ONE_INSTANCE,
    source: "drawn",
  });
}

/** `isJudged`: inversions are counted, as `sluice simulate` does. */
function requestsPerSecond(scenario: Scenario, policy: PolicyName, isJudged: boolean): number {
  const startedAt = performance.now();
  const simulation = new Simulation(scenario, policy, { isJudged });
  while (!simulation.advance(EVENTS_PER_TURN));
  return (scenario.load.tasks.length / (performance.now() - startedAt)) * 1_000;
}

function own(name: string, value: number, unit: string): Figure {
  return { name, value, unit, peer: false };
}
