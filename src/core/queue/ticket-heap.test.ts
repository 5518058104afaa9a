import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_DEMAND } from "../demand.ts";
import { TicketHeap } from "./ticket-heap.ts";
import { Tickets } from "./tickets.ts";

interface Waiting {
  readonly row: number;
  readonly urgency: number;
  readonly sequence: number;
}

function byUrgency(a: Waiting, b: Waiting): number {
  return a.urgency - b.urgency || a.sequence - b.sequence;
}

/** A heap and the naive list it must agree with. */
class Pair {
  readonly tickets = new Tickets();
  readonly heap = new TicketHeap(this.tickets);
  readonly list: Waiting[] = [];
  #sequence = 0;

  add(urgency: number): void {
    const row = this.tickets.allocate(NO_DEMAND, null);
    const sequence = this.#sequence++;
    this.tickets.urgency.set(row, urgency);
    this.tickets.sequence.set(row, sequence);
    this.heap.add(row);
    this.list.push({ row, urgency, sequence });
    this.list.sort(byUrgency);
  }

  removeAt(place: number): void {
    const [{ row }] = this.list.splice(place % this.list.length, 1);
    this.heap.remove(row);
    expect(this.tickets.heapIndex.at(row)).toBe(-1);
    this.tickets.free(row);
  }

  expectEqual(): void {
    expect(this.heap.size).toBe(this.list.length);
    expect(this.heap.top).toBe(this.list[0]?.row ?? -1);
  }
}

const urgencies = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: urgencies }) },
    { weight: 2, arbitrary: fc.record({ removeAt: fc.nat() }) },
  ),
  { maxLength: 200, size: "max" },
);

describe("ticket heap", () => {
  test("has the most urgent on top, whatever is added and removed", () => {
    fc.assert(
      fc.property(fc.array(urgencies, { maxLength: 80, size: "max" }), steps, (first, history) => {
        const pair = new Pair();
        for (const urgency of first) pair.add(urgency);
        for (const step of history) {
          if ("add" in step) pair.add(step.add);
          else if (pair.list.length > 0) pair.removeAt(step.removeAt);
          pair.expectEqual();
        }
        while (pair.list.length > 0) {
          pair.removeAt(0);
          pair.expectEqual();
        }
      }),
      { numRuns: 200 },
    );
  });

  test("equally urgent ones keep the order of their arrival", () => {
    const pair = new Pair();
    for (let i = 0; i < 100; i++) pair.add(7);
    for (let i = 0; i < 100; i++) {
      expect(pair.tickets.sequence.at(pair.heap.top)).toBe(i);
      pair.removeAt(0);
    }
  });
});
