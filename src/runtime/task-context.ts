/** Task context: carries a task to every call inside it, however deep, by AsyncLocalStorage. */
import { AsyncLocalStorage } from "node:async_hooks";
import { SluiceError } from "../core/errors.ts";
import { FALLBACKS, type Fallback, LATENCY_CLASSES, type LatencyClass } from "../core/task.ts";
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
  /** From the call to the complete answer, milliseconds. */
  readonly deadlineMs?: number;
  /** Empty: refuse. */
  readonly fallback?: readonly Fallback[];
  /** Steps of a running chain go before new ones of the same class. */
  readonly chain?: { readonly id: string; readonly step?: number; readonly depth?: number };
  /** 0 to 1. */
  readonly minQuality?: number;
  readonly tags?: readonly string[];
}

const storage = new AsyncLocalStorage<TaskOptions>();

/** Runs `work` as this task; a task inside another inherits what it does not say itself. */
export function runTask<T>(options: TaskOptions, work: () => T): T {
  checkOptions(options);
  return storage.run({ ...storage.getStore(), ...options }, work);
}

export function currentTask(): TaskOptions {
  return storage.getStore() ?? {};
}

export function claimsOf(options: TaskOptions): TaskClaims {
  const { type, latency, maxWaitMs, deadlineMs, fallback, minQuality, tags } = options;
  const chain = options.chain && { step: 1, depth: 0, ...options.chain };
  return { type, latency, maxWaitMs, deadlineMs, fallback, minQuality, tags, chain };
}

function checkOptions({ latency, maxWaitMs, deadlineMs, fallback, minQuality }: TaskOptions): void {
  const check = (isRight: boolean, field: string, value: unknown, allowed: string) => {
    if (isRight) return;
    throw new SluiceError(
      "invalid_request",
      `task.${field}: found ${JSON.stringify(value)}, allowed: ${allowed}`,
    );
  };
  const isTime = (value: number | undefined) =>
    value === undefined || (Number.isFinite(value) && value >= 0);
  const isKnown = (list: readonly string[], value: string) => list.includes(value);
  check(
    latency === undefined || isKnown(LATENCY_CLASSES, latency),
    "latency",
    latency,
    LATENCY_CLASSES.join(", "),
  );
  check(isTime(maxWaitMs), "maxWaitMs", maxWaitMs, "milliseconds, 0 or more");
  check(isTime(deadlineMs), "deadlineMs", deadlineMs, "milliseconds, 0 or more");
  check(
    (fallback ?? []).every((one) => isKnown(FALLBACKS, one)),
    "fallback",
    fallback,
    FALLBACKS.join(", "),
  );
  const isShare = minQuality === undefined || (minQuality >= 0 && minQuality <= 1);
  check(isShare, "minQuality", minQuality, "a number from 0 to 1");
}
