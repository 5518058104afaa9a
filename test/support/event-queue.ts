/** Event queue: what happens next on a virtual clock; equal times keep the order in which they were added. */

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

export class EventQueue {
  readonly #entries: Entry[] = [];
  #added = 0;

  /** Time of the next event; Infinity if there is none. */
  get nextAt(): number {
    return this.#entries[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  add(at: number, action: () => void): void {
    const entries = this.#entries;
    const entry = { at, order: this.#added++, action };
    let index = entries.length;
    while (index > 0 && isBefore(entry, entries[(index - 1) >> 1])) {
      entries[index] = entries[(index - 1) >> 1];
      index = (index - 1) >> 1;
    }
    entries[index] = entry;
  }

  /** Takes out the next event's action. */
  take(): () => void {
    const entries = this.#entries;
    const [first] = entries;
    const last = entries.pop() as Entry;
    if (entries.length > 0) this.#sink(last);
    return first.action;
  }

  #sink(entry: Entry): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < entries.length && isBefore(entries[child + 1], entries[child])) child++;
      if (child >= entries.length || !isBefore(entries[child], entry)) break;
      entries[index] = entries[child];
      index = child;
    }
    entries[index] = entry;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
