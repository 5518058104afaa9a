import { describe, expect, test } from "vitest";
import { createRandom } from "../../workload/random.ts";
import { EventHeap } from "./event-heap.ts";

describe("events", () => {
  test("come in the order of their time, equal ones in the order in which they were added", () => {
    const random = createRandom(1);
    const heap = new EventHeap();
    const added = Array.from({ length: 5_000 }, (_, subject) => {
      const at = Math.floor(random() * 500);
      heap.add(at, subject % 16, subject);
      return { at, kind: subject % 16, subject };
    });
    const taken = added.map(() => {
      const at = heap.nextAt;
      heap.take();
      return { at, kind: heap.kind, subject: heap.subject };
    });
    expect(taken).toEqual(added.toSorted((a, b) => a.at - b.at || a.subject - b.subject));
    expect(heap.nextAt).toBe(Number.POSITIVE_INFINITY);
  });
});
