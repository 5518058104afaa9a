/** Policy: decides which task is sent when; the world carries it out and tells what came of it. */
import type { LimitReading } from "../../core/dialect.ts";
import type { LoadTask } from "../../workload/load.ts";
import type { Provider, ProviderRefusal } from "../provider/provider.ts";
import type { Setting } from "../setting.ts";
import type { Traffic } from "../store-traffic.ts";
import type { End } from "../world/history.ts";

export const POLICIES = [
  "sluice",
  "naive-backoff",
  "jitter-backoff",
  "fifo-bucket",
  "static-caps",
] as const;
export type PolicyName = (typeof POLICIES)[number];

/** The head of an answer, as a client sees it. */
export interface AnswerHead {
  readonly refusal: ProviderRefusal | null;
  /** Empty unless the policy reads headers. */
  readonly readings: readonly LimitReading[];
}

export interface Policy {
  /** Without it no headers are written, which saves time. */
  readonly readsHeaders: boolean;
  /** When `wake` is due, microseconds; Infinity: not by itself. */
  readonly wakeAt: number;
  arrived(task: number): void;
  answered(task: number, head: AnswerHead): void;
  /** The whole answer is there. */
  ended(task: number): void;
  /** A timer set with `callAt` is due. */
  timer(task: number): void;
  wake(): void;
  /**
   * Has it done something since the last time that goes on in promises? They are let run before
   * anything else happens. Absent: it has none.
   */
  takeStir?(): boolean;
}

/** What a policy may see of the world and do in it. All times are whole microseconds. */
export interface Scene {
  readonly now: number;
  readonly setting: Setting;
  readonly tasks: readonly LoadTask[];
  /** How long a task may wait. */
  maxWait(task: number): number;
  arrivedAt(task: number): number;
  /** When its last attempt was sent. */
  sentAt(task: number): number;
  /** Which models' limits a task counts in, by number; and the model of each number. */
  groupOf(task: number): number;
  readonly models: readonly (string | null)[];
  readonly provider: Provider;
  /** The task has to wait: nothing is sent for it now. */
  hold(task: number): void;
  send(task: number): void;
  giveUp(task: number, end: End, isAtOnce: boolean): void;
  callAt(at: number, task: number): void;
  /** Does `act` at that time. */
  doAt(at: number, act: () => void): void;
  /** A forecast was made when the task came. */
  foresee(task: number, wait: number): void;
}

/** Hears of what happens, before it does. */
export interface Watcher {
  /** Time goes on to `now`. */
  passing(now: number): void;
  /** An attempt is at the provider. */
  admitting(task: number, now: number): void;
  held(task: number): void;
  released(task: number): void;
}

/** A policy at work. */
export interface OpenPolicy {
  readonly policy: Policy;
  readonly watchers: readonly Watcher[];
  /** Grants while a registered waiter of a higher band would have fitted. */
  inversions(): number;
  /** What went over the network of a shared store; absent: there is none. */
  traffic?(): Traffic;
}
