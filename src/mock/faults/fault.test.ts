import { describe, expect, test } from "vitest";
import { createRandom } from "../answer/random.ts";
import { checkFault, type Fault, parseFaults } from "./fault.ts";
import { afflict, FaultSet } from "./fault-set.ts";

describe("a fault as text", () => {
  test.each<[string, Fault[]]>([
    ["overload", [{ kind: "overload" }]],
    ["status:503", [{ kind: "status", status: 503 }]],
    ["status", [{ kind: "status", status: 500 }]],
    ["cut-stream:7", [{ kind: "cut-stream", afterTokens: 7 }]],
    ["error-in-stream:0", [{ kind: "error-in-stream", afterTokens: 0 }]],
    ["slow:30, no-headers", [{ kind: "slow", firstTokenMs: 30 }, { kind: "no-headers" }]],
  ])("%s", (text, faults) => {
    expect(parseFaults(text)).toEqual(faults);
  });

  test.each([
    [
      "explode",
      "fault.kind must be one of status, overload, billing, reset, hang, error-in-stream",
    ],
    ["status:abc", "fault.status must be a number from 200 to 599, got NaN"],
    ["status:42", "fault.status must be a number from 200 to 599, got 42"],
    ["slow:-1", "fault.firstTokenMs must be a number of at least 0, got -1"],
    ["__proto__", "fault.kind must be one of"],
  ])("%s is refused with the reason", (text, reason) => {
    expect(() => parseFaults(text)).toThrow(reason);
  });
});

describe("a fault as an object", () => {
  test.each([
    [null, "a fault must be an object"],
    [{}, "got nothing"],
    [{ kind: "cut-stream" }, "fault.afterTokens must be a number of at least 0, got undefined"],
    [{ kind: "overload", count: 0 }, "fault.count must be a number of at least 1, got 0"],
    [{ kind: "overload", model: 5 }, "fault.model must be a string, got 5"],
  ])("%o is refused with the reason", (fault, reason) => {
    expect(() => checkFault(fault)).toThrow(reason);
  });
});

describe("armed faults", () => {
  const kinds = (set: FaultSet, model = "gpt-5", now = 0, own: Fault[] = []) =>
    set.hit(own, model, now, createRandom(1)).map((fault) => fault.kind);

  test("hit as often as their count says, one after the other", () => {
    const set = new FaultSet();
    set.add({ kind: "overload", count: 1 }, 0);
    set.add({ kind: "billing", count: 1 }, 0);
    expect([kinds(set), kinds(set), kinds(set)]).toEqual([["overload"], ["billing"], []]);
    expect(set.list()).toEqual([]);
  });

  test("those that colour an answer join the one that ends it", () => {
    const set = new FaultSet();
    set.add({ kind: "slow", firstTokenMs: 9 }, 0);
    set.add({ kind: "overload" }, 0);
    set.add({ kind: "no-headers" }, 0);
    const affliction = afflict(set.hit([], "gpt-5", 0, createRandom(1)));
    expect(affliction).toEqual({ end: { kind: "overload" }, firstTokenMs: 9, hidesHeaders: true });
  });

  test("a call's own fault comes first and spends nothing of theirs", () => {
    const set = new FaultSet();
    set.add({ kind: "overload", count: 1 }, 0);
    expect(kinds(set, "gpt-5", 0, [{ kind: "hang" }])).toEqual(["hang"]);
    expect(set.list()).toEqual([{ kind: "overload", count: 1 }]);
  });

  test("hit only the models they name, in the time they are given", () => {
    const set = new FaultSet();
    set.add({ kind: "overload", model: "gpt-*", fromMs: 10, untilMs: 20 }, 1_000);
    const at = (now: number, model = "gpt-5") => kinds(set, model, now).length;
    expect([at(1_009), at(1_010), at(1_019), at(1_020), at(1_015, "o3")]).toEqual([0, 1, 1, 0, 0]);
  });

  test("hit with their probability", () => {
    const set = new FaultSet();
    set.add({ kind: "overload", probability: 0.25 }, 0);
    const random = createRandom(7);
    let hits = 0;
    for (let i = 0; i < 4_000; i++) hits += set.hit([], "gpt-5", 0, random).length;
    expect(hits).toBeGreaterThan(900);
    expect(hits).toBeLessThan(1_100);
  });

  test("are bounded in number", () => {
    const set = new FaultSet();
    for (let i = 0; i < 1_000; i++) set.add({ kind: "overload" }, 0);
    expect(() => set.add({ kind: "overload" }, 0)).toThrow("no more than 1000 faults");
    set.clear();
    expect(set.list()).toEqual([]);
  });
});
