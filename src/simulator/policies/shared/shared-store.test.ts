import { beforeEach, describe, expect, test } from "vitest";
import { demandOf } from "../../../core/demand.ts";
import { NO_PACE } from "../../../core/meter/pace.ts";
import type { StepOperation, StepReply } from "../../../stores/redis/messages.ts";
import type { MeterSpec } from "../../../stores/store.ts";
import { SharedStore } from "./shared-store.ts";

const SECOND = 1_000_000;
const START = 1_000 * SECOND;
const SCHEDULER = {
  ...{ bands: ["first", "last"].map((tier) => ({ tier, latency: "any" })) },
  ...{ guarantees: [], holdback: 0, margin: 0 },
  maxWaiting: 3,
};
const STEP = { layout: "one", grantsPerPump: 64, maxAccounts: 100, learningMicros: 0 };
const SLOTS: MeterSpec = {
  ...{ key: "slots", kind: "slots" as const, dimension: "concurrency" as const },
  ...{ selector: "account", capacity: 2 * SECOND, per: 0, pace: NO_PACE, ends: [] },
};
const PATH = { kind: "path", key: "p", meters: [SLOTS], initialShare: 1 } as const;
const demand = demandOf({ requests: 1 });
const ENQUEUE: StepOperation = {
  ...{ kind: "enqueue", tenant: "t", weight: 1, hasOwnMeters: false, band: 0, path: "p", demand },
  ...{ patience: 60 * SECOND, dueIn: null, isChainStep: false },
} as const;

let store: SharedStore;
let woken: string[];
let now: number;
beforeEach(() => {
  now = START;
  woken = [];
  const size = { paths: 1, tasks: 100 };
  store = new SharedStore({ scheduler: SCHEDULER, now, size, wake: (name) => woken.push(name) });
});

function step(instance: string, number: number, ...operations: StepOperation[]): StepReply {
  const told = { elapsed: null, report: null, isWhole: false, isNewest: false, now: null };
  const options = { ...SCHEDULER, ...STEP };
  return store.step({ instance, number, operations, ...told, options }, now);
}

describe("a shared store in a simulation", () => {
  test("does a step that is repeated once", () => {
    const first = step("a", 1, PATH, ENQUEUE);
    expect(first.granted).toHaveLength(1);
    expect(step("a", 1, PATH, ENQUEUE)).toBe(first);
    expect(step("a", 2, ENQUEUE).granted).toHaveLength(1); // the second of two slots is still there
  });

  test("does nothing for one whose last steps it does not know", () => {
    step("a", 1, PATH);
    expect(step("a", 3, ENQUEUE)).toMatchObject({ isUnknown: true, known: 1, granted: [] });
    expect(step("b", 2, ENQUEUE)).toMatchObject({ isUnknown: true, known: 0 });
  });

  test("tells another instance of its grant, which fetches it", () => {
    const [, first] = step("a", 1, PATH, ENQUEUE, ENQUEUE).results as number[];
    const [waiting] = step("b", 1, ENQUEUE).results;
    expect(woken).toEqual([]);
    step("a", 2, { kind: "settle", ticket: first, counted: demand });
    expect(woken).toEqual(["b"]);
    expect(step("b", 2).granted).toEqual([waiting]);
  });

  test("lets nobody settle what is another's", () => {
    const [, first] = step("a", 1, PATH, ENQUEUE).results as number[];
    expect(step("b", 1, { kind: "settle", ticket: first, counted: demand }).results).toEqual([
      false,
    ]);
  });

  test("gives the slots of one that has been silent for a lease to those who wait", () => {
    step("a", 1, PATH, ENQUEUE, ENQUEUE);
    const [waiting] = step("b", 1, ENQUEUE).results;
    for (let number = 2; number <= 3; number++) {
      now += 0.8 * SECOND;
      expect(step("b", number).granted).toEqual([]);
    }
    now += 0.8 * SECOND;
    expect(step("b", 4).granted).toEqual([waiting]);
  });

  test("holds no silence against anybody while nobody was heard", () => {
    step("a", 1, PATH, ENQUEUE, ENQUEUE);
    step("b", 1, ENQUEUE);
    now += 5 * SECOND;
    expect(step("b", 2).granted).toEqual([]);
    expect(step("a", 2)).not.toHaveProperty("isUnknown");
  });

  test("takes back what an instance had in a life that it has left", () => {
    step("a.0", 1, PATH, ENQUEUE, ENQUEUE);
    step("a.1", 1, { kind: "leave", instance: "a.0", isBehind: false });
    expect(step("a.1", 2, ENQUEUE, ENQUEUE).granted).toHaveLength(2);
  });

  test("has one of many come when something is due, the others later", () => {
    step("a", 1, PATH, ENQUEUE, ENQUEUE, ENQUEUE);
    const due = step("a", 2).wakeAt;
    expect(step("b", 1).wakeAt).toBe(due + 30_000);
    for (let i = 0; i < 98; i++) step(`c${i}`, 1);
    step("a", 3);
    expect(step("b", 2).wakeAt).toBe(due + 200_000);
  });

  test("tells who made room for a more important one, though it wanted to leave in the same step", () => {
    const last = { ...ENQUEUE, band: 1 };
    const { results } = step("a", 1, PATH, ENQUEUE, ENQUEUE);
    expect(results.slice(1)).toEqual([0, 1]);
    step("a", 2, last, last, last);
    step("b", 1, ENQUEUE);
    const { displaced } = step("a", 3);
    expect(displaced).toEqual([4]);
    const leaving = step("a", 4, ENQUEUE, { kind: "cancel", ticket: 3 });
    expect(leaving.displaced).toEqual([3]);
  });

  test("passes notes on to others, the newest of a name", () => {
    const note = (value: string) => ({ kind: "note", key: "k", value, isFirst: false }) as const;
    step("a", 1, note("old"), note("new"));
    const told = { elapsed: null, isWhole: true, isNewest: false, now: null, operations: [] };
    const options = { ...SCHEDULER, ...STEP };
    const { report } = store.step({ instance: "b", number: 1, report: 0, ...told, options }, now);
    expect(report?.notes).toEqual([{ key: "k", value: "new" }]);
    expect(report?.whole?.instances).toBe(1);
  });
});
