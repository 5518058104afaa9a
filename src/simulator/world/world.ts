/**
 * World: virtual time, and what becomes of every task.
 *
 * Everything that happens is an event with a time; equal times keep their order. All that is drawn
 * depends on the seed and on whom it is for, so the same seed gives the same history to the bit.
 */
import type { LoadTask } from "../../workload/load.ts";
import type { Policy, Scene, Watcher } from "../policies/policy.ts";
import type { Provider } from "../provider/provider.ts";
import type { SimulatedLoad } from "../scenario.ts";
import type { Setting } from "../setting.ts";
import { Arrivals } from "./arrivals.ts";
import { EventHeap } from "./event-heap.ts";
import { EVENT } from "./events.ts";
import { Flights } from "./flights.ts";
import type { Foreign } from "./foreign.ts";
import { Held } from "./held.ts";
import { ENDS, type End, History, TASK } from "./history.ts";
import { micros } from "./timing.ts";

/** Midnight, UTC, so that windows of the clock begin with the run: 2023-11-14. */
export const START = 1_699_920_000_000_000;

export interface WorldOptions {
  readonly load: SimulatedLoad;
  readonly setting: Setting;
  readonly provider: Provider;
  readonly models: readonly (string | null)[];
  /** Each task's place in `models`. */
  readonly groups: Int32Array;
  readonly foreign: Foreign;
}

export class World implements Scene {
  readonly setting: Setting;
  readonly tasks: readonly LoadTask[];
  readonly provider: Provider;
  readonly models: readonly (string | null)[];
  readonly history: History;
  readonly held: Held;
  now = START;
  readonly #groups: Int32Array;
  readonly #maxWaits: Float64Array;
  readonly #events = new EventHeap();
  readonly #arrivals: Arrivals;
  readonly #foreign: Foreign;
  readonly #load: SimulatedLoad;
  readonly #watchers: Watcher[] = [];
  readonly #acts: (() => void)[] = [];
  readonly #freeActs: number[] = [];
  #policy!: Policy;
  #flights!: Flights;
  /** Tasks that have arrived and not ended, and steps that are thought about. */
  #open = 0;

  constructor({ load, setting, provider, models, groups, foreign }: WorldOptions) {
    this.setting = setting;
    this.tasks = load.tasks;
    this.provider = provider;
    this.models = models;
    this.history = new History(load.tasks.length);
    this.held = new Held(provider, load.tasks.length, setting.tiers.length);
    this.#groups = groups;
    this.#maxWaits = Float64Array.from(setting.tiers, ({ maxWaitMs }) => micros(maxWaitMs));
    this.#arrivals = new Arrivals(load, START);
    this.#foreign = foreign;
    this.#load = load;
  }

  /** Call it once, before `advance`. */
  begin(policy: Policy, watchers: readonly Watcher[]): void {
    const { seed, timing } = this.setting;
    const { tasks, provider } = this;
    const writesHeaders = policy.readsHeaders;
    const options = { tasks, provider, timing, seed, writesHeaders, groups: this.#groups };
    this.#policy = policy;
    this.#flights = new Flights(options, this.#events, this.models.length);
    this.#watchers.push(...watchers);
    this.#events.add(START + micros(this.#load.measuredFromMs), EVENT.open, 0);
    this.#events.add(START + micros(this.#load.seconds * 1_000), EVENT.close, 0);
    this.#scheduleForeign();
  }

  /** Lets this many events happen; true once everything is over. */
  advance(events: number): boolean {
    for (let count = 0; count < events; count++) {
      if (this.#open === 0 && this.#arrivals.nextAt === Number.POSITIVE_INFINITY) {
        return this.#close();
      }
      this.#step();
    }
    return false;
  }

  /** Something goes on in promises, which are to run before the next event. */
  takeStir(): boolean {
    return this.#policy.takeStir?.() ?? false;
  }

  maxWait(task: number): number {
    return this.#maxWaits[this.tasks[task].tier];
  }

  arrivedAt(task: number): number {
    return this.history.arrivedAt[task];
  }

  /** A task waits until its last attempt is sent. */
  sentAt(task: number): number {
    return this.history.waitedUntil[task];
  }

  groupOf(task: number): number {
    return this.#groups[task];
  }

  hold(task: number): void {
    if (this.held.has(task)) return;
    this.held.add(task, this.tasks[task].tier);
    for (const watcher of this.#watchers) watcher.held(task);
  }

  send(task: number): void {
    this.#release(task);
    this.history.waitedUntil[task] = this.now;
    this.#flights.send(task, this.now);
  }

  giveUp(task: number, end: End, isAtOnce: boolean): void {
    const { history } = this;
    this.#release(task);
    history.note(EVENT.surrender, task, this.now);
    history.state[task] = TASK.refused;
    history.waitedUntil[task] = this.now;
    history.end[task] = ENDS.indexOf(end);
    history.isAtOnce[task] = isAtOnce ? 1 : 0;
    this.#ended(task);
  }

  callAt(at: number, task: number): void {
    this.#events.add(Math.max(at, this.now), EVENT.timer, task);
  }

  doAt(at: number, act: () => void): void {
    const number = this.#freeActs.pop() ?? this.#acts.length;
    this.#acts[number] = act;
    this.#events.add(Math.max(at, this.now), EVENT.act, number);
  }

  foresee(task: number, wait: number): void {
    this.history.foreseen[task] = wait;
  }

  #step(): void {
    const eventAt = this.#events.nextAt;
    const arrivalAt = this.#arrivals.nextAt;
    const { wakeAt } = this.#policy;
    const next = Math.min(eventAt, arrivalAt, wakeAt);
    if (next > this.now) {
      this.held.passing(this.now);
      for (const watcher of this.#watchers) watcher.passing(next);
      this.now = next;
    }
    if (eventAt <= next) this.#happen();
    else if (arrivalAt <= next) this.#arrive(this.#arrivals.take());
    else this.#policy.wake();
  }

  #arrive(task: number): void {
    const { history, now } = this;
    this.#open++;
    history.state[task] = TASK.pending;
    history.arrivedAt[task] = now;
    history.waitedUntil[task] = now;
    history.note(EVENT.arrival, task, now);
    this.#policy.arrived(task);
  }

  #happen(): void {
    const events = this.#events;
    events.take();
    const { kind, subject } = events;
    this.history.note(kind, subject, this.now);
    switch (kind) {
      case EVENT.timer:
        this.#policy.timer(subject);
        return;
      case EVENT.reach:
        this.#reach(subject);
        return;
      case EVENT.begin:
        this.#flights.begin(subject, this.now);
        return;
      case EVENT.finish:
        this.#flights.finish(subject, this.now);
        return;
      case EVENT.stamp:
        this.#flights.stamp(subject, this.now);
        return;
      case EVENT.head:
        this.#policy.answered(subject, this.#flights.takeHead(subject));
        return;
      case EVENT.end:
        this.#end(subject);
        return;
      default:
        this.#happenRarely(kind, subject);
        return;
    }
  }

  #happenRarely(kind: number, subject: number): void {
    switch (kind) {
      case EVENT.foreign:
        this.#foreign.arrive(this.now);
        this.#scheduleForeign();
        return;
      case EVENT.act: {
        const act = this.#acts[subject];
        this.#freeActs.push(subject);
        act();
        return;
      }
      case EVENT.follow:
        this.#open--;
        this.#arrive(subject);
        return;
      case EVENT.open:
        this.held.openWindow(this.now);
        return;
      default:
        this.#close();
    }
  }

  #reach(task: number): void {
    for (const watcher of this.#watchers) watcher.admitting(task, this.now);
    this.#flights.reach(task, this.now);
  }

  #end(task: number): void {
    this.history.state[task] = TASK.ok;
    this.#policy.ended(task);
    this.#ended(task);
  }

  #ended(task: number): void {
    this.#open--;
    this.#arrivals.followersOf(task, this.now, this.#follow);
  }

  /** A step that is being thought about. */
  readonly #follow = (task: number, at: number): void => {
    this.#open++;
    this.#events.add(at, EVENT.follow, task);
  };

  #release(task: number): void {
    if (!this.held.has(task)) return;
    this.held.remove(task, this.tasks[task].tier, this.now);
    for (const watcher of this.#watchers) watcher.released(task);
  }

  #scheduleForeign(): void {
    const at = this.#foreign.nextAfter(this.now);
    if (at < Number.POSITIVE_INFINITY) this.#events.add(at, EVENT.foreign, 0);
  }

  #close(): true {
    this.held.closeWindow(this.now);
    return true;
  }
}
