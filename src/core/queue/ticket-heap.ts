/** Ticket heap: one tenant's waiting tickets, the most urgent on top; 4-ary, O(log n) also for removal. */
import type { Tickets } from "./tickets.ts";

const ARITY = 4;

export class TicketHeap {
  readonly #tickets: Tickets;
  readonly #rows: number[] = [];

  constructor(tickets: Tickets) {
    this.#tickets = tickets;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The most urgent ticket's row; -1 if empty. */
  get top(): number {
    return this.#rows.length > 0 ? this.#rows[0] : -1;
  }

  /** One of the least urgent; -1 if empty. */
  get last(): number {
    return this.#rows.length > 0 ? this.#rows[this.#rows.length - 1] : -1;
  }

  /** All rows, in no order. */
  get rows(): readonly number[] {
    return this.#rows;
  }

  add(row: number): void {
    this.#rows.push(row);
    this.#siftUp(this.#rows.length - 1, row);
  }

  remove(row: number): void {
    const index = this.#tickets.heapIndex.at(row);
    const last = this.#rows.pop() as number;
    this.#tickets.heapIndex.set(row, -1);
    if (last === row) return;
    if (index > 0 && this.#tickets.isBefore(last, this.#rows[(index - 1) >> 2])) {
      this.#siftUp(index, last);
    } else {
      this.#siftDown(index, last);
    }
  }

  #siftUp(start: number, row: number): void {
    const rows = this.#rows;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 2;
      if (!this.#tickets.isBefore(row, rows[parent])) break;
      this.#place(index, rows[parent]);
      index = parent;
    }
    this.#place(index, row);
  }

  #siftDown(start: number, row: number): void {
    let index = start;
    for (;;) {
      const child = this.#firstChild(index);
      if (child < 0 || !this.#tickets.isBefore(this.#rows[child], row)) break;
      this.#place(index, this.#rows[child]);
      index = child;
    }
    this.#place(index, row);
  }

  /** Index of the most urgent child; -1 if there is none. */
  #firstChild(index: number): number {
    const rows = this.#rows;
    const first = index * ARITY + 1;
    if (first >= rows.length) return -1;
    const end = Math.min(first + ARITY, rows.length);
    let best = first;
    for (let child = first + 1; child < end; child++) {
      if (this.#tickets.isBefore(rows[child], rows[best])) best = child;
    }
    return best;
  }

  #place(index: number, row: number): void {
    this.#rows[index] = row;
    this.#tickets.heapIndex.set(row, index);
  }
}
