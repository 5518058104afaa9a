/** Arrivals: which task comes when: at its time, or some time after the one before it in its chain. */
import type { SimulatedLoad } from "../scenario.ts";
import { micros } from "./timing.ts";

export class Arrivals {
  /** Tasks that arrive at a time of their own, in the order of these times. */
  readonly #first: Int32Array;
  readonly #times: Float64Array;
  /** Of each task the first that follows it, and of each that follows the next one; -1: none. */
  readonly #followers: Int32Array;
  readonly #siblings: Int32Array;
  readonly #thinkMicros: Float64Array;
  readonly #endAt: number;
  #next = 0;

  constructor({ tasks, seconds }: SimulatedLoad, start: number) {
    const own = tasks.filter(({ after }) => after === null);
    this.#first = Int32Array.from(own, ({ id }) => id);
    this.#times = Float64Array.from(own, ({ atMs }) => start + micros(atMs));
    this.#followers = new Int32Array(tasks.length).fill(-1);
    this.#siblings = new Int32Array(tasks.length).fill(-1);
    this.#thinkMicros = new Float64Array(tasks.length);
    this.#endAt = start + micros(seconds * 1_000);
    for (const { id, after } of tasks) {
      if (after === null) continue;
      this.#siblings[id] = this.#followers[after.task];
      this.#followers[after.task] = id;
      this.#thinkMicros[id] = micros(after.thinkMs);
    }
  }

  /** Infinity once all have come. */
  get nextAt(): number {
    return this.#next < this.#times.length ? this.#times[this.#next] : Number.POSITIVE_INFINITY;
  }

  take(): number {
    return this.#first[this.#next++];
  }

  /** Calls `each` for the tasks that follow one that has ended, unless they would come after the end. */
  followersOf(task: number, now: number, each: (follower: number, at: number) => void): void {
    let follower = this.#followers[task];
    for (; follower >= 0; follower = this.#siblings[follower]) {
      const at = now + this.#thinkMicros[follower];
      if (at < this.#endAt) each(follower, at);
    }
  }
}
