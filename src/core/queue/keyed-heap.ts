/** Keyed heap: items ordered by a number of their own, each knowing its place; 4-ary, O(log n) for all. */

/** `heapIndex` is -1 while the item is in no heap; `key` may only be changed through the heap. */
export interface Keyed {
  key: number;
  /** Breaks ties, so that order never depends on history; unique. */
  readonly id: number;
  heapIndex: number;
}

const ARITY = 4;

export class KeyedHeap<T extends Keyed> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  /** One of those with the largest keys. */
  get last(): T | undefined {
    return this.#items[this.#items.length - 1];
  }

  /** All of them, in no order. */
  get items(): readonly T[] {
    return this.#items;
  }

  add(item: T, key: number): void {
    item.key = key;
    this.#items.push(item);
    this.#siftUp(this.#items.length - 1, item);
  }

  remove(item: T): void {
    const index = item.heapIndex;
    const last = this.#items.pop() as T;
    item.heapIndex = -1;
    if (last !== item) this.#settle(index, last);
  }

  /** Changes the key of an item that is in this heap. */
  rekey(item: T, key: number): void {
    if (item.key === key) return;
    item.key = key;
    this.#settle(item.heapIndex, item);
  }

  #settle(index: number, item: T): void {
    if (index > 0 && isBefore(item, this.#items[(index - 1) >> 2])) this.#siftUp(index, item);
    else this.#siftDown(index, item);
  }

  #siftUp(start: number, item: T): void {
    const items = this.#items;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      if (!isBefore(item, items[parent])) break;
      this.#place(index, items[parent]);
      index = parent;
    }
    this.#place(index, item);
  }

  #siftDown(start: number, item: T): void {
    let index = start;
    for (;;) {
      const child = this.#firstChild(index);
      if (child < 0 || !isBefore(this.#items[child], item)) break;
      this.#place(index, this.#items[child]);
      index = child;
    }
    this.#place(index, item);
  }

  #firstChild(index: number): number {
    const items = this.#items;
    const first = index * ARITY + 1;
    if (first >= items.length) return -1;
    const end = Math.min(first + ARITY, items.length);
    let best = first;
    for (let child = first + 1; child < end; child++) {
      if (isBefore(items[child], items[best])) best = child;
    }
    return best;
  }

  #place(index: number, item: T): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }
}

function isBefore(a: Keyed, b: Keyed): boolean {
  return a.key === b.key ? a.id < b.id : a.key < b.key;
}
