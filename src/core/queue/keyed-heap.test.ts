import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Keyed, KeyedHeap } from "./keyed-heap.ts";

function item(id: number): Keyed {
  return { id, key: Number.NaN, heapIndex: -1 };
}

const keys = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(Infinity), fc.integer());
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("add"), place: fc.nat(), key: keys }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("rekey"), place: fc.nat(), key: keys }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant("remove"), place: fc.nat(), key: keys }),
    },
  ),
  { maxLength: 200, size: "max" },
);

function naiveTop(items: readonly Keyed[]): Keyed | undefined {
  return [...items].sort((a, b) => (a.key === b.key ? a.id - b.id : a.key < b.key ? -1 : 1))[0];
}

describe("keyed heap", () => {
  test("has the smallest key on top, whatever is added, rekeyed and removed", () => {
    fc.assert(
      fc.property(steps, (history) => {
        const heap = new KeyedHeap<Keyed>();
        const items: Keyed[] = [];
        history.forEach(({ kind, place, key }, id) => {
          if (kind === "add") {
            const added = item(id);
            items.push(added);
            heap.add(added, key);
          } else if (items.length > 0 && kind === "rekey") {
            heap.rekey(items[place % items.length], key);
          } else if (items.length > 0) {
            const [removed] = items.splice(place % items.length, 1);
            heap.remove(removed);
            expect(removed.heapIndex).toBe(-1);
          }
          expect(heap.size).toBe(items.length);
          expect(heap.top).toBe(naiveTop(items));
        });
      }),
      { numRuns: 200 },
    );
  });

  test("equal keys are told apart by id, not by history", () => {
    const orders = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 });
    fc.assert(
      fc.property(orders, (ids) => {
        const heap = new KeyedHeap<Keyed>();
        for (const id of ids) heap.add(item(id), 1);
        const drained: number[] = [];
        for (let top = heap.top; top; top = heap.top) {
          drained.push(top.id);
          heap.remove(top);
        }
        expect(drained).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      }),
      { numRuns: 50 },
    );
  });
});
