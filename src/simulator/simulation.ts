/** Simulation: one policy in one world, advanced step by step so that somebody can watch it. */
import { setImmediate as promisesRun } from "node:timers/promises";
import { poolSecondsOf, type Standing } from "../figures/standing.ts";
import { openPolicy } from "./policies/open-policy.ts";
import type { OpenPolicy, PolicyName, Watcher } from "./policies/policy.ts";
import { createProvider } from "./provider/create-provider.ts";
import type { Scenario } from "./scenario.ts";
import { standingOf } from "./standing.ts";
import type { Traffic } from "./store-traffic.ts";
import { Foreign } from "./world/foreign.ts";
import { START, World } from "./world/world.ts";

export interface SimulationOptions {
  /** Inversions are counted, which takes time. */
  readonly isJudged: boolean;
}

export class Simulation {
  readonly scenario: Scenario;
  readonly policy: PolicyName;
  readonly standing: Standing;
  readonly world: World;
  readonly #open: OpenPolicy;

  constructor(
    scenario: Scenario,
    policy: PolicyName,
    { isJudged }: SimulationOptions,
    watchersOf: (world: World) => readonly Watcher[] = () => [],
  ) {
    const { load, setting } = scenario;
    this.scenario = scenario;
    this.policy = policy;
    this.standing = standingOf(setting, load.tenants);
    this.world = createWorld(scenario, this.standing);
    this.#open = openPolicy(policy, {
      scene: this.world,
      tenants: load.tenants,
      standing: this.standing,
      isJudged,
    });
    this.world.begin(this.#open.policy, [...this.#open.watchers, ...watchersOf(this.world)]);
  }

  /** Lets this many things happen; true once everything is over. */
  advance(events: number): boolean {
    return this.world.advance(events);
  }

  /** The same where a policy works with promises: they run between the events. */
  async advanceInTurns(events: number): Promise<boolean> {
    for (let count = 0; count < events; count++) {
      if (this.world.takeStir()) await promisesRun();
      if (this.world.advance(1)) return true;
    }
    return false;
  }

  /** Share of the time in which tasks arrive that is over, 0 to 1. */
  get progress(): number {
    const elapsed = (this.world.now - START) / 1_000_000;
    return Math.min(1, elapsed / this.scenario.load.seconds);
  }

  /** Null: nothing was shared over a network. */
  get traffic(): Traffic | null {
    return this.#open.traffic?.() ?? null;
  }

  get inversions(): number {
    return this.#open.inversions();
  }
}

function createWorld({ load, setting }: Scenario, standing: Standing): World {
  const { tasks } = load;
  const { seed, dialect, limits, initialShare } = setting;
  const models = [...new Set(tasks.map(({ model }) => model))];
  const places = new Map(models.map((model, place) => [model, place]));
  const groups = Int32Array.from(tasks, ({ model }) => places.get(model) as number);
  const provider = createProvider({ dialect, limits, models, initialShare }, START);
  const share = setting.foreign;
  const foreign = new Foreign({
    tasks,
    groups,
    provider,
    seed,
    share,
    poolSecondsOf: (task) => poolSecondsOf(task, standing),
  });
  return new World({ load, setting, provider, models, groups, foreign });
}
