/** Change load: more tenants like those that are there, or more (or less) work of each. */
import type { LoadTask, LoadTenant } from "../../workload/load.ts";
import type { Random } from "../../workload/random.ts";
import type { SimulatedLoad } from "../scenario.ts";

/** Each new tenant does what one that is there does, but at other times. */
export function withMoreTenants(load: SimulatedLoad, more: number, random: Random): SimulatedLoad {
  const byTenant = Map.groupBy(load.tasks, ({ tenant }) => tenant);
  const added = Array.from({ length: more }, (_, index): LoadTenant => {
    const like = load.tenants[Math.floor(random() * load.tenants.length)];
    return { ...like, name: `${like.name}+${index + 1}` };
  });
  const copies = added.flatMap(({ name }) => {
    const like = name.slice(0, name.lastIndexOf("+"));
    const tasks = copied(byTenant.get(like) ?? [], load.seconds, () => true, random);
    return tasks.map((task) => ({ ...task, tenant: name }));
  });
  return {
    ...load,
    tenants: [...load.tenants, ...added],
    tasks: merged([...load.tasks.map(alone), ...copies]),
  };
}

/** Of a part of a whole, chains are drawn that come (once more) or do not. */
export function withDemand(load: SimulatedLoad, times: number, random: Random): SimulatedLoad {
  const whole = Math.floor(times);
  const isDrawn = () => random() < times - whole;
  if (whole === 0) return { ...load, tasks: merged(chainsOf(load.tasks, isDrawn)) };
  const tenants = [...Map.groupBy(load.tasks, ({ tenant }) => tenant).values()];
  const copies = Array.from({ length: whole }, (_, index) => {
    const passes = index === whole - 1 ? isDrawn : () => true;
    return tenants.flatMap((tasks) => copied(tasks, load.seconds, passes, random));
  });
  return { ...load, tasks: merged([...load.tasks.map(alone), ...copies.flat()]) };
}

/** A task with the one it follows instead of that one's number. */
interface Linked extends Omit<LoadTask, "after"> {
  readonly original: LoadTask;
  /** Tells copies of the same task apart. */
  readonly copy: object;
  readonly after: LoadTask["after"];
}

const FIRST_COPY = {};

function alone(task: LoadTask): Linked {
  return { ...task, original: task, copy: FIRST_COPY };
}

/** All of them later by the same time; what would come after the end comes at the beginning. */
function copied(
  tasks: readonly LoadTask[],
  seconds: number,
  passes: () => boolean,
  random: Random,
): Linked[] {
  const end = seconds * 1_000;
  const laterMs = random() * end;
  const copy = {};
  return chainsOf(tasks, passes).map((task) => ({
    ...task,
    copy,
    atMs: (task.atMs + laterMs) % end,
  }));
}

/** Whole chains: a step without the ones before it would never come. */
function chainsOf(tasks: readonly LoadTask[], passes: () => boolean): Linked[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const chosen = new Map<LoadTask, boolean>();
  return tasks.flatMap((task) => {
    const first = firstOf(task, byId);
    const isChosen = chosen.get(first) ?? passes();
    chosen.set(first, isChosen);
    return isChosen ? [alone(task)] : [];
  });
}

function firstOf(task: LoadTask, byId: ReadonlyMap<number, LoadTask>): LoadTask {
  let first = task;
  while (first.after !== null) first = byId.get(first.after.task) as LoadTask;
  return first;
}

/** In the order of their times, numbered anew. */
function merged(linked: readonly Linked[]): LoadTask[] {
  const inOrder = linked.toSorted((a, b) => a.atMs - b.atMs);
  const ids = new Map<object, Map<number, number>>();
  inOrder.forEach(({ copy, original }, id) => {
    const ofCopy = ids.get(copy) ?? new Map<number, number>();
    ids.set(copy, ofCopy.set(original.id, id));
  });
  return inOrder.map(({ original: _, copy, after, ...task }, id) => ({
    ...task,
    id,
    after: after && { ...after, task: ids.get(copy)?.get(after.task) as number },
  }));
}
