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
  /** Of the items, in the same places: a sift looks at keys side by side, not at items all over. */
  readonly #keys: number[] = [];

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
    this.#keys.push(key);
    this.#siftUp(this.#items.length - 1, item, key);
  }

  remove(item: T): void {
    const index = item.heapIndex;
    const last = this.#items.pop() as T;
    const key = this.#keys.pop() as number;
    item.heapIndex = -1;
    if (last !== item) this.#settle(index, last, key);
  }

  /** Changes the key of an item that is in this heap. */
  rekey(item: T, key: number): void {
    if (item.key === key) return;
    item.key = key;
    this.#settle(item.heapIndex, item, key);
  }

  #settle(index: number, item: T, key: number): void {
    if (index > 0 && this.#isBefore(item, key, (index - 1) >> 2)) this.#siftUp(index, item, key);
    else this.#siftDown(index, item, key);
  }

  #siftUp(start: number, item: T, key: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      if (!this.#isBefore(item, key, parent)) break;
      this.#place(index, this.#items[parent], this.#keys[parent]);
      index = parent;
    }
    this.#place(index, item, key);
  }

  #siftDown(start: number, item: T, key: number): void {
    let index = start;
    for (;;) {
      const child = this.#firstChild(index);
      if (child < 0 || this.#isBefore(item, key, child)) break;
      this.#place(index, this.#items[child], this.#keys[child]);
      index = child;
    }
    this.#place(index, item, key);
  }

  #firstChild(index: number): number {
    const keys = this.#keys;
    const first = index * ARITY + 1;
    if (first >= keys.length) return -1;
    const end = Math.min(first + ARITY, keys.length);
    let best = first;
    for (let child = first + 1; child < end; child++) {
      if (keys[child] > keys[best]) continue;
      if (keys[child] < keys[best] || this.#items[child].id < this.#items[best].id) best = child;
    }
    return best;
  }

  /** Does an item go before the one at `index`? */
  #isBefore(item: T, key: number, index: number): boolean {
    const other = this.#keys[index];
    return key === other ? item.id < this.#items[index].id : key < other;
  }

  #place(index: number, item: T, key: number): void {
    this.#items[index] = item;
    this.#keys[index] = key;
    item.heapIndex = index;
  }
}
