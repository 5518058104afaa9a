import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { demandOf, NO_DEMAND } from "../demand.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { COLUMNS, TicketState, Tickets, toMicro } from "./tickets.ts";

/** A row in use, as the scheduler leaves it. */
function take(tickets: Tickets, reference: unknown = null): number {
  const row = tickets.allocate(NO_DEMAND, reference);
  tickets.state.set(row, TicketState.waiting);
  return row;
}

describe("tickets", () => {
  test("a handle finds its row until the ticket ends, and never again", () => {
    const tickets = new Tickets();
    const row = take(tickets, "first");
    const handle = tickets.handleOf(row);
    expect(tickets.rowOf(handle)).toBe(row);
    tickets.free(row);
    expect(tickets.rowOf(handle)).toBe(-1);
    expect(take(tickets, "second")).toBe(row);
    expect(tickets.rowOf(handle)).toBe(-1);
    expect(tickets.rowOf(tickets.handleOf(row))).toBe(row);
    expect(tickets.references[row]).toBe("second");
  });

  test.each([-1, 2 ** 24 - 1, 2 ** 52 + 5])(
    "a handle that was never given, %d, finds none",
    (handle) => {
      const tickets = new Tickets();
      take(tickets);
      expect(tickets.rowOf(handle)).toBe(-1);
    },
  );

  test("lets go of what an ended ticket refers to", () => {
    const tickets = new Tickets();
    const row = take(tickets, { heavy: true });
    tickets.free(row);
    expect(tickets.references[row]).toBeUndefined();
  });

  test("every handle finds its own ticket while any others come and go", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 400 }), (choices) => {
        const tickets = new Tickets();
        const live = new Map<number, number>();
        const ended: number[] = [];
        let next = 0;
        for (const choice of choices) {
          if (choice % 3 > 0 || live.size === 0) {
            live.set(tickets.handleOf(take(tickets, next)), next++);
          } else {
            const handle = [...live.keys()][choice % live.size];
            tickets.free(tickets.rowOf(handle));
            live.delete(handle);
            ended.push(handle);
          }
        }
        expect(tickets.inUse).toBe(live.size);
        for (const handle of ended) expect(tickets.rowOf(handle)).toBe(-1);
        for (const [handle, reference] of live) {
          expect(tickets.references[tickets.rowOf(handle)]).toBe(reference);
        }
      }),
      { numRuns: 100 },
    );
  });

  test("keeps every column while it grows", () => {
    const tickets = new Tickets();
    const rows = Array.from({ length: 3_000 }, (_, i) => {
      const row = tickets.allocate(demandOf({ requests: i, usd: i / 4 }), i);
      tickets.state.set(row, TicketState.waiting);
      tickets.urgency.set(row, -i);
      tickets.expiresAt.set(row, 2 ** 50 + i);
      return row;
    });
    expect(new Set(rows).size).toBe(3_000);
    rows.forEach((row, i) => {
      expect(tickets.amount(row, 0)).toBe(i * MICRO_UNITS);
      expect(tickets.amount(row, COLUMNS.indexOf("usd"))).toBe(i * 250_000);
      expect(tickets.urgency.at(row)).toBe(-i);
      expect(tickets.expiresAt.at(row)).toBe(2 ** 50 + i);
      expect(tickets.references[row]).toBe(i);
    });
  });

  test("a reused row carries nothing over", () => {
    const tickets = new Tickets();
    const row = tickets.allocate(demandOf({ requests: 3, tokens: 99 }), "old");
    tickets.bypassed.set(row, 7);
    tickets.free(row);
    expect(tickets.allocate(NO_DEMAND, "new")).toBe(row);
    expect(tickets.bypassed.at(row)).toBe(0);
    expect(COLUMNS.map((_, column) => tickets.amount(row, column))).toEqual([0, 0, 0, 0, 0]);
  });

  test.each([
    { amount: 1, micro: 1_000_000 },
    { amount: 0.000_000_1, micro: 1 },
    { amount: 0, micro: 0 },
    { amount: 200_000, micro: 2e11 },
  ])("$amount is $micro micro-units: never less than asked", ({ amount, micro }) => {
    expect(toMicro(amount)).toBe(micro);
  });
});
