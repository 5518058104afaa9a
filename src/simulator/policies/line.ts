/** Line: tasks that wait for one set of client limits; who came first goes first, and nobody passes. */
import type { ProviderRefusal } from "../provider/provider.ts";
import type { ClientLimits } from "./client-limits.ts";
import type { Scene } from "./policy.ts";

/** Who stands in some line. */
export class Waiting {
  count = 0;
  readonly #isWaiting: Uint8Array;

  constructor(tasks: number) {
    this.#isWaiting = new Uint8Array(tasks);
  }

  has(task: number): boolean {
    return this.#isWaiting[task] === 1;
  }

  add(task: number): void {
    this.#isWaiting[task] = 1;
    this.count++;
  }

  remove(task: number): void {
    this.#isWaiting[task] = 0;
    this.count--;
  }
}

/** Taken places are cut off when there are so many. */
const FORGET_FROM = 1_024;

export class Line {
  readonly #scene: Scene;
  readonly #limits: ClientLimits;
  readonly #waiting: Waiting;
  #tasks: number[] = [];
  #first = 0;
  #wakeAt = Number.POSITIVE_INFINITY;

  /** `waiting` may be shared by lines, as a task stands in one. */
  constructor(scene: Scene, limits: ClientLimits, waiting: Waiting) {
    this.#scene = scene;
    this.#limits = limits;
    this.#waiting = waiting;
  }

  canEverSend(task: number): boolean {
    return !this.#limits.isTooLarge(task);
  }

  join(task: number): void {
    this.#waiting.add(task);
    this.#tasks.push(task);
    this.advance();
  }

  /** The provider has refused it. If it still waits, it is back in its old place. */
  refused(task: number, refusal: ProviderRefusal, stillWaits: boolean): void {
    this.#limits.refused(task, refusal);
    if (stillWaits) {
      this.#waiting.add(task);
      this.#insert(task);
    }
    this.advance();
  }

  leave(task: number): void {
    this.#waiting.remove(task);
    this.advance();
  }

  ended(task: number): void {
    this.#limits.ended(task);
    this.advance();
  }

  /** Sends whoever may go. */
  advance(): void {
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      const wait = this.#limits.waitFor(head);
      if (wait > 0) {
        this.#wakeIn(wait);
        return;
      }
      this.#first++;
      this.#waiting.remove(head);
      this.#limits.take(head);
      this.#scene.send(head);
    }
  }

  /** Near the front, where only others that were refused are. */
  #insert(task: number): void {
    const arrivedAt = this.#scene.arrivedAt(task);
    let place = this.#first;
    while (this.#isBefore(this.#tasks[place], arrivedAt)) place++;
    this.#tasks.splice(place, 0, task);
  }

  #isBefore(other: number | undefined, arrivedAt: number): boolean {
    return other !== undefined && this.#scene.arrivedAt(other) < arrivedAt;
  }

  #head(): number | undefined {
    while (this.#first < this.#tasks.length && !this.#waiting.has(this.#tasks[this.#first])) {
      this.#first++;
    }
    if (this.#first > FORGET_FROM && 2 * this.#first > this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#first);
      this.#first = 0;
    }
    return this.#tasks[this.#first];
  }

  /** One alarm is enough, unless this one is earlier. */
  #wakeIn(wait: number): void {
    const at = this.#scene.now + wait;
    if (at >= this.#wakeAt || at === Number.POSITIVE_INFINITY) return;
    this.#wakeAt = at;
    this.#scene.doAt(at, () => {
      if (this.#wakeAt === at) this.#wakeAt = Number.POSITIVE_INFINITY;
      this.advance();
    });
  }
}
