/** Task context: carries a task to every call inside it, however deep, by AsyncLocalStorage. */
import { AsyncLocalStorage } from "node:async_hooks";
import { MICROS_PER_MS } from "../core/clock.ts";
import type { Fallback, LatencyClass, TrimTo } from "../core/task.ts";
import type { TaskClaims } from "./policy/task-claims.ts";

/** What a task says of itself; what is absent comes from its type, then its tier. */
export interface TaskOptions {
  /** @default `defaults.tenant` of the configuration */
  readonly tenant?: string;
  /** Task type of the configuration. @default `defaults.task_type` */
  readonly type?: string;
  readonly latency?: LatencyClass;
  /** Longest time in the queue, milliseconds. */
  readonly maxWaitMs?: number;
  /**
   * From the call to the complete answer, milliseconds. A task inside this one that states none has
   * what is left of it, counted from the start of this one.
   */
  readonly deadlineMs?: number;
  /** Empty: refuse. */
  readonly fallback?: readonly Fallback[];
  /** Steps of a running chain go before new ones of the same class. */
  readonly chain?: { readonly id: string; readonly step?: number; readonly depth?: number };
  /** 0 to 1. */
  readonly minQuality?: number;
  /** Leaves the oldest turns of a chat out that is too long: what fits, or so many tokens of input. @default the configuration's */
  readonly trim?: TrimTo;
  readonly tags?: readonly string[];
}

interface TaskContext {
  /** Of this task and those around it; the deadline of this one only. */
  readonly options: TaskOptions;
  /** When the innermost deadline is over, microseconds; null: there is none. */
  readonly dueAt: number | null;
}

const NO_TASK: TaskContext = Object.freeze({ options: Object.freeze({}), dueAt: null });

const storage = new AsyncLocalStorage<TaskContext>();

/**
 * Runs `work` as this task, whose options were checked; a task inside another inherits what it does
 * not say itself.
 */
export function runTask<T>(options: TaskOptions, work: () => T, now: number): T {
  const outer = storage.getStore() ?? NO_TASK;
  const { deadlineMs } = options;
  const dueAt = deadlineMs === undefined ? outer.dueAt : now + deadlineMs * MICROS_PER_MS;
  const merged = { ...outer.options, ...said(options), deadlineMs };
  return storage.run({ options: merged, dueAt }, work);
}

/** The task that the caller runs in, with what an outer deadline has left at `now`. */
export function currentTask(now: number): TaskOptions {
  const { options, dueAt } = storage.getStore() ?? NO_TASK;
  if (dueAt === null || options.deadlineMs !== undefined) return options;
  return { ...options, deadlineMs: Math.max(0, dueAt - now) / MICROS_PER_MS };
}

/** The task that the caller runs in, with what these options say instead. */
export function taskWith<T extends TaskOptions>(options: T, now: number): TaskOptions {
  const outer = currentTask(now);
  return outer === NO_TASK.options ? options : { ...outer, ...said<TaskOptions>(options) };
}

/** Without what is undefined: to leave a field out and to leave it open is the same. */
export function said<T extends object>(options: T): Partial<T> {
  let isComplete = true;
  for (const name in options) if (options[name] === undefined) isComplete = false;
  if (isComplete) return options;
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}

export function claimsOf(options: TaskOptions): TaskClaims {
  const { type, latency, maxWaitMs, deadlineMs, fallback, minQuality, trim, tags } = options;
  const chain = options.chain && { step: 1, depth: 0, ...options.chain };
  return { type, latency, maxWaitMs, deadlineMs, fallback, minQuality, trim, tags, chain };
}
