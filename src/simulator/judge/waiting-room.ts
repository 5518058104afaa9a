/**
 * Waiting room: who waits, by band and by the limits they count in, the smallest first, so that "does
 * anybody of a higher band fit" is mostly answered by one look at the smallest.
 */

export interface Door {
  /** Has the smallest kind of request room at all, e.g. one request and one slot? */
  hasRoom(group: number, band: number): boolean;
  /** What the key of a task may be at most. */
  roomFor(group: number, band: number): number;
  /** Does exactly this task fit? Asked only of those whose key is small enough. */
  fits(task: number): boolean;
}

/** A task's place: its heap, and its entry among those it has made there. */
export class WaitingRoom {
  readonly #heaps: Heap[][];
  readonly #bandOf: Int16Array;
  readonly #groupOf: Int32Array;
  readonly #entry: Int32Array;
  readonly #counts: Int32Array;

  constructor(bands: number, groups: number, tasks: number) {
    this.#heaps = Array.from({ length: bands }, () =>
      Array.from({ length: groups }, () => new Heap()),
    );
    this.#bandOf = new Int16Array(tasks);
    this.#groupOf = new Int32Array(tasks);
    this.#entry = new Int32Array(tasks);
    this.#counts = new Int32Array(bands);
  }

  waitingIn(band: number): number {
    return this.#counts[band];
  }

  /** `key`: the amount that decides most often, such as tokens. */
  enter(task: number, band: number, group: number, key: number): void {
    this.#bandOf[task] = band;
    this.#groupOf[task] = group;
    this.#counts[band]++;
    const entry = Math.abs(this.#entry[task]) + 1;
    this.#entry[task] = entry;
    this.#heaps[band][group].add(key, task, entry);
  }

  /** False if it was not here. */
  leave(task: number): boolean {
    if (this.#entry[task] <= 0) return false;
    this.#entry[task] = -this.#entry[task];
    this.#counts[this.#bandOf[task]]--;
    const heap = this.#heaps[this.#bandOf[task]][this.#groupOf[task]];
    heap.leave(this.#entry);
    return true;
  }

  /** Does anybody of a band above fit? */
  someoneAbove(band: number, door: Door): boolean {
    for (let above = 0; above < band; above++) {
      if (this.#counts[above] === 0) continue;
      const heaps = this.#heaps[above];
      for (let group = 0; group < heaps.length; group++) {
        if (heaps[group].live === 0 || !door.hasRoom(group, above)) continue;
        const room = door.roomFor(group, above);
        if (heaps[group].some(room, this.#entry, (task) => door.fits(task))) return true;
      }
    }
    return false;
  }
}

/** By key, smallest first. Who leaves stays in until it comes to the top, or until most have left. */
class Heap {
  live = 0;
  readonly #keys: number[] = [];
  readonly #tasks: number[] = [];
  readonly #entries: number[] = [];

  add(key: number, task: number, entry: number): void {
    this.live++;
    let place = this.#keys.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.#keys[parent] <= key) break;
      this.#put(place, this.#keys[parent], this.#tasks[parent], this.#entries[parent]);
      place = parent;
    }
    this.#put(place, key, task, entry);
  }

  leave(entryOf: Int32Array): void {
    this.live--;
    while (this.#keys.length > 0 && !this.#isLive(0, entryOf)) this.#removeTop();
    if (this.#keys.length > 64 && this.#keys.length > 4 * this.live) this.#rebuild(entryOf);
  }

  /** Is there one with a key of at most `room` that passes? Looks only at keys that small. */
  some(room: number, entryOf: Int32Array, passes: (task: number) => boolean, place = 0): boolean {
    if (place >= this.#keys.length || this.#keys[place] > room) return false;
    if (this.#isLive(place, entryOf) && passes(this.#tasks[place])) return true;
    const child = 2 * place + 1;
    return this.some(room, entryOf, passes, child) || this.some(room, entryOf, passes, child + 1);
  }

  #isLive(place: number, entryOf: Int32Array): boolean {
    return entryOf[this.#tasks[place]] === this.#entries[place];
  }

  #removeTop(): void {
    const key = this.#keys.pop() as number;
    const task = this.#tasks.pop() as number;
    const entry = this.#entries.pop() as number;
    const size = this.#keys.length;
    if (size === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#keys[child + 1] < this.#keys[child]) child++;
      if (key <= this.#keys[child]) break;
      this.#put(place, this.#keys[child], this.#tasks[child], this.#entries[child]);
      place = child;
    }
    this.#put(place, key, task, entry);
  }

  #rebuild(entryOf: Int32Array): void {
    const kept: [number, number, number][] = [];
    for (let place = 0; place < this.#keys.length; place++) {
      if (!this.#isLive(place, entryOf)) continue;
      kept.push([this.#keys[place], this.#tasks[place], this.#entries[place]]);
    }
    this.#keys.length = 0;
    this.#tasks.length = 0;
    this.#entries.length = 0;
    this.live = 0;
    for (const [key, task, entry] of kept) this.add(key, task, entry);
  }

  #put(place: number, key: number, task: number, entry: number): void {
    this.#keys[place] = key;
    this.#tasks[place] = task;
    this.#entries[place] = entry;
  }
}
