/**
 * Line: one tenant's waiting tickets, the most urgent first.
 *
 * Most come in the order in which they are to go: those form a list, O(1) at both ends. Who comes
 * with a deadline, as a chain step or again after a refusal goes into a heap beside it.
 */
import { TicketHeap } from "./ticket-heap.ts";
import type { Tickets } from "./tickets.ts";

export class Line {
  readonly #tickets: Tickets;
  /** Null: nobody has ever come out of order. */
  #heap: TicketHeap | null = null;
  #first = -1;
  #last = -1;
  #listed = 0;

  constructor(tickets: Tickets) {
    this.#tickets = tickets;
  }

  get size(): number {
    return this.#listed + (this.#heap?.size ?? 0);
  }

  /** The most urgent ticket's row; -1 if empty. */
  get top(): number {
    const first = this.#first;
    const top = this.#heap?.top ?? -1;
    if (top < 0 || first < 0) return top < 0 ? first : top;
    return this.#tickets.isBefore(top, first) ? top : first;
  }

  /** One of the least urgent; -1 if empty. */
  get last(): number {
    return this.#last >= 0 ? this.#last : (this.#heap?.last ?? -1);
  }

  add(row: number): void {
    const last = this.#last;
    if (last >= 0 && !this.#tickets.isBefore(last, row)) {
      this.#heap ??= new TicketHeap(this.#tickets);
      this.#heap.add(row);
      return;
    }
    const { next, previous } = this.#tickets;
    next.set(row, -1);
    previous.set(row, last);
    if (last >= 0) next.set(last, row);
    else this.#first = row;
    this.#last = row;
    this.#listed++;
  }

  remove(row: number): void {
    if (this.#heap !== null && this.#tickets.heapIndex.at(row) >= 0) {
      this.#heap.remove(row);
      return;
    }
    const { next, previous } = this.#tickets;
    const after = next.at(row);
    const before = previous.at(row);
    if (after >= 0) previous.set(after, before);
    else this.#last = before;
    if (before >= 0) next.set(before, after);
    else this.#first = after;
    this.#listed--;
  }

  /** All rows, in no order. */
  *rows(): Iterable<number> {
    for (let row = this.#first; row >= 0; row = this.#tickets.next.at(row)) yield row;
    if (this.#heap !== null) yield* this.#heap.rows;
  }
}
