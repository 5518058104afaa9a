/** Outcome: what a simulation comes to, in the figures that every run of policies is told in. */
import { type Books, figuresOf } from "../figures/figures.ts";
import type { PolicyFigures } from "../figures/policy-figures.ts";
import type { Outcome, TaskResult } from "../figures/task-result.ts";
import type { ProviderBooks } from "./provider/provider.ts";
import type { Simulation } from "./simulation.ts";
import { ENDS, type History, TASK } from "./world/history.ts";
import { START, type World } from "./world/world.ts";

const MICROS_PER_MS = 1_000;
const SERVED: Outcome = { kind: "ok" };
const NOTHING: Pick<Books, "charged" | "available"> = { charged: {}, available: {} };

/** Of a simulation that is over. */
export function figuresFrom(simulation: Simulation, results: readonly TaskResult[]): PolicyFigures {
  const { world, scenario, standing, inversions } = simulation;
  const { requests, refused429 } = world.provider;
  const counted = { requests, refused429, ...NOTHING };
  const books = {
    atWindowStart: { ...counted, ...noneCharged(world) },
    atWindowEnd: { ...counted, ...chargedWhileHeld(world) },
    atEnd: counted,
  };
  const tiers = scenario.setting.tiers.map(({ name }) => name);
  return figuresOf({ results, books, inversions }, scenario.load, { tiers, standing });
}

/** Of every task that has arrived. */
export function resultsOf({ history, tasks }: World): TaskResult[] {
  const results: TaskResult[] = [];
  for (const task of tasks) {
    const { id } = task;
    if (history.state[id] === TASK.absent) continue;
    const arrivedAt = history.arrivedAt[id];
    const atMs = (arrivedAt - START) / MICROS_PER_MS;
    results.push({
      // Only a step of a chain comes at another time than was foreseen.
      task: task.after === null ? task : { ...task, atMs },
      outcome: outcomeOf(history, id),
      waitMs: (history.waitedUntil[id] - arrivedAt) / MICROS_PER_MS,
      answeredMs: null,
      wasGranted: history.state[id] === TASK.ok,
    });
  }
  return results;
}

function outcomeOf({ state, end, isAtOnce }: History, id: number): Outcome {
  if (state[id] === TASK.ok) return SERVED;
  return { kind: "refused", code: ENDS[end[id]], isAtOnce: isAtOnce[id] === 1 };
}

function noneCharged({ provider }: World): Pick<Books, "charged" | "available"> {
  const zeros = Object.fromEntries(provider.allowances.map(({ label }) => [label.name, 0]));
  return { charged: zeros, available: zeros };
}

function chargedWhileHeld(world: World): Pick<Books, "charged" | "available"> {
  const { charged, available } = usedBooks(world);
  const named = (amounts: Float64Array) =>
    Object.fromEntries(
      world.provider.allowances.map(({ label }, place) => [label.name, amounts[place]]),
    );
  return { charged: named(charged), available: named(available) };
}

/** Demand exceeds supply while a task is held back; where none ever was, the whole time counts. */
function usedBooks({ provider, held, now }: World): ProviderBooks {
  return held.available.some((amount) => amount > 0) ? held : provider.books(now);
}

/** Place of the allowance that bound most. */
export function mostUsed(world: World): number {
  const { charged, available } = usedBooks(world);
  const uses = Array.from(charged, (amount, i) => (available[i] > 0 ? amount / available[i] : 0));
  return uses.indexOf(Math.max(...uses));
}
