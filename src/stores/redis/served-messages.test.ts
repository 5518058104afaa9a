import { describe, expect, test } from "vitest";
import { demandOf } from "../../core/demand.ts";
import type { MeterSpec } from "../store.ts";
import { decodeReply, encodeRequest, type StepOperation, type StepReply } from "./messages.ts";
import { decodeRequest, encodeReply } from "./served-messages.ts";

const demand = demandOf({ requests: 1, tokens: 12.5, inputTokens: 10, units: { records: 3 } });
const entry: StepOperation = {
  ...{ kind: "enqueue", tenant: "t", weight: 2, hasOwnMeters: false, band: 1, path: "p", demand },
  ...{ patience: 5, dueIn: null, isChainStep: true },
} as const;
const pace = { interval: 3, allowance: 4 };
const OPERATIONS: readonly StepOperation[] = [
  entry,
  { ...entry, dueIn: 7 },
  { kind: "refused", path: "p", band: 1, demand, count: 2 },
  { kind: "weigh", tenant: "t", weight: 3 },
  { kind: "cancel", ticket: 4 },
  { kind: "settle", ticket: 5, counted: demand },
  { kind: "retry", ticket: 6, counted: demand, eligibleIn: 7, expiresIn: 8 },
  { kind: "adjust", meter: "m", delta: -4, seen: 2 },
  { kind: "adjust", meter: { tenant: "t", place: 1 }, delta: 4 },
  { kind: "resize", meter: 1, capacity: 9, per: 10, pace },
  { kind: "foreign", meter: "m", rate: 0.5 },
  { kind: "margin", meter: "m", share: 0.1 },
  { kind: "freeze", meter: "m", micros: 11 },
  { kind: "rest", meter: "m", micros: 12, probeIn: null },
  { kind: "leave", instance: "a.0", isBehind: true },
  { kind: "goodbye" },
  { kind: "cap", share: 0.5 },
  { kind: "charge", path: "p", counted: demand, isUnsettled: true },
  { kind: "note", key: "k", value: "v", isFirst: false },
];
const OPTIONS = {
  ...{ bands: [], guarantees: [], holdback: 0, margin: 0, maxWaiting: 1, layout: "l" },
  ...{ grantsPerPump: 1, maxAccounts: 1, learningMicros: 0 },
};

describe("the other side of messages", () => {
  test("reads what an instance has written", () => {
    const request = {
      ...{ instance: "a.1", number: 3, elapsed: null, operations: OPERATIONS, report: 0 },
      ...{ isWhole: true, isNewest: false, options: OPTIONS, now: null },
    };
    expect(decodeRequest(encodeRequest(request))).toEqual(request);
  });

  test("reads meters, but not what they are called", () => {
    const meter: MeterSpec = {
      ...{ key: "m", kind: "bucket" as const, dimension: "tokens" as const, selector: "account" },
      ...{ capacity: 1, per: 2, pace, ends: [3], level: 4 },
    };
    const path = { kind: "path", key: "p", meters: [meter], initialShare: 1 } as const;
    const request = {
      ...{ instance: "a.1", number: 1, elapsed: 5, operations: [path], report: null },
      ...{ isWhole: false, isNewest: true, options: OPTIONS, now: null },
    };
    const [read] = decodeRequest(encodeRequest(request)).operations;
    expect(read).toEqual({ ...path, meters: [{ ...meter, selector: "m" }] });
  });

  test("writes what an instance reads", () => {
    const meter = {
      ...{ key: "m", level: 1, charged: 2, corrections: 3, corrected: 4, capacity: 5, per: 6 },
      ...{ foreign: 7, margin: null, restsFor: 8, probeIn: null },
    };
    const reply: StepReply = {
      ...{ now: 1, epoch: 1, wakeAt: -1, aheads: [0, 2, 0], granted: [1], expired: [2] },
      results: [3, true, { code: "queue_full", meter: "" }],
      displaced: [],
      report: {
        meters: [meter],
        notes: [{ key: "k", value: "v" }],
        noteVersion: 9,
        whole: {
          bands: [{ activeWeight: 1, queued: [2], arrived: [3], refused: [4] }],
          holds: [{ key: "p", pressure: 0.9, isActing: true }],
          instances: 4,
        },
      },
    };
    expect(decodeReply(encodeReply(reply))).toEqual(reply);
  });
});
