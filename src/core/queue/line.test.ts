import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_DEMAND } from "../demand.ts";
import { Line } from "./line.ts";
import { Tickets } from "./tickets.ts";

/** Tickets in a line; a smaller urgency goes first, then the earlier one. */
class Queue {
  readonly tickets = new Tickets();
  readonly line = new Line(this.tickets);
  #sequence = 0;

  add(urgency = 0): number {
    const row = this.tickets.allocate(NO_DEMAND, null);
    this.tickets.urgency.set(row, urgency);
    this.tickets.sequence.set(row, this.#sequence++);
    this.line.add(row);
    return row;
  }

  remove(row: number): void {
    this.line.remove(row);
    this.tickets.free(row);
  }

  /** Takes all out, the most urgent first. */
  drain(): number[] {
    const drained: number[] = [];
    for (let { top } = this.line; top >= 0; top = this.line.top) {
      drained.push(top);
      this.line.remove(top);
    }
    return drained;
  }
}

describe("a line", () => {
  test("is nobody's at first", () => {
    const { line } = new Queue();
    expect([line.top, line.last, line.size, [...line.rows()]]).toEqual([-1, -1, 0, []]);
  });

  test("goes in the order of arrival", () => {
    const queue = new Queue();
    const rows = [1, 2, 3, 4, 5].map(() => queue.add());
    expect([queue.line.top, queue.line.last]).toEqual([rows[0], rows[4]]);
    expect(queue.drain()).toEqual(rows);
    expect(queue.line.size).toBe(0);
  });

  test("lets the more urgent go before it, and keeps the order of the others", () => {
    const queue = new Queue();
    const [late, later, urgent, latest, most] = [5, 7, 2, 9, 1].map((urgency) =>
      queue.add(urgency),
    );
    expect(queue.drain()).toEqual([most, urgent, late, later, latest]);
  });

  test("who comes again after a refusal goes back to its old place", () => {
    const queue = new Queue();
    const rows = [1, 2, 3].map(() => queue.add());
    queue.line.remove(rows[0]);
    queue.line.add(rows[0]);
    expect(queue.drain()).toEqual(rows);
  });

  test("has one of the least urgent last, also where all came out of order", () => {
    const queue = new Queue();
    const first = queue.add(9);
    const urgent = queue.add(1);
    queue.remove(first);
    expect(queue.line.last).toBe(urgent);
    expect(queue.line.top).toBe(urgent);
  });

  test("is in order whatever comes and goes", () => {
    const steps = fc.array(
      fc.record({ urgency: fc.nat(5), pick: fc.nat(), isLeaving: fc.boolean() }),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(steps, (history) => {
        const queue = new Queue();
        const rows: number[] = [];
        for (const { urgency, pick, isLeaving } of history) {
          if (isLeaving && rows.length > 0) {
            const [row] = rows.splice(pick % rows.length, 1);
            queue.remove(row);
          } else {
            rows.push(queue.add(urgency));
          }
          rows.sort((a, b) => (queue.tickets.isBefore(a, b) ? -1 : 1));
          expect(queue.line.size).toBe(rows.length);
          expect(queue.line.top).toBe(rows[0] ?? -1);
          expect(rows.length === 0 ? -1 : rows.includes(queue.line.last)).not.toBe(false);
          expect([...queue.line.rows()].sort()).toEqual([...rows].sort());
        }
        expect(queue.drain()).toEqual(rows);
      }),
      { numRuns: 200 },
    );
  });
});
