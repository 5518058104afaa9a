/** Drive: lets a load arrive in open loop (no arrival waits for an answer) and hears how every task ends. */

import type { TaskResult, Witness } from "../../figures/task-result.ts";
import type { Load, LoadTask } from "../../workload/load.ts";
import type { OpenPolicy } from "./policy.ts";

/** Hears of every task on its way. */
export interface Audience extends Witness {
  arrived(task: LoadTask): void;
  ended(result: TaskResult): void;
}

export interface Driven {
  /** In the order of the load. */
  readonly results: readonly TaskResult[];
  /** How late the last percent of arrivals was sent, milliseconds: what this process itself added. */
  readonly latenessMs: readonly number[];
}

/** Resolves when every task has ended; rejects with the signal's reason. */
export async function drive(
  load: Load,
  policy: OpenPolicy,
  audience: Audience,
  signal: AbortSignal,
): Promise<Driven> {
  const startedAt = performance.now();
  const running: Promise<TaskResult>[] = [];
  const latenessMs: number[] = [];
  await arrivals(load, startedAt, signal, (task) => {
    const arrivedAt = startedAt + task.atMs;
    latenessMs.push(performance.now() - arrivedAt);
    audience.arrived(task);
    running.push(
      policy.run(task, arrivedAt, audience).then((result) => {
        audience.ended(result);
        return result;
      }),
    );
  });
  return { results: await unlessAborted(Promise.all(running), signal), latenessMs };
}

/** Calls `arrive` for each task at its time, measured from the start so that late timers do not add up. */
function arrivals(
  { tasks }: Load,
  startedAt: number,
  signal: AbortSignal,
  arrive: (task: LoadTask) => void,
): Promise<void> {
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  const arriving = new Promise<void>((resolve) => {
    const step = () => {
      const now = performance.now() - startedAt;
      while (next < tasks.length && tasks[next].atMs <= now) arrive(tasks[next++]);
      if (next === tasks.length) resolve();
      else timer = setTimeout(step, tasks[next].atMs - now);
    };
    step();
  });
  return unlessAborted(arriving, signal).finally(() => clearTimeout(timer));
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
