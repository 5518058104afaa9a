import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { atTurnEnd } from "./turn-end.ts";

describe("turn end", () => {
  test("acts run after what is at hand, in their order", async () => {
    const seen: string[] = [];
    atTurnEnd(() => seen.push("first"));
    atTurnEnd(() => {
      seen.push("second");
      atTurnEnd(() => seen.push("next turn"));
    });
    await Promise.resolve();
    expect(seen).toEqual([]);
    await nextTurn();
    expect(seen.slice(0, 2)).toEqual(["first", "second"]);
    await nextTurn();
    expect(seen).toEqual(["first", "second", "next turn"]);
  });

  test("one that throws does not keep the others from running", async () => {
    const seen: string[] = [];
    const caught = new Promise((resolve) => {
      const listeners = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const listener of listeners) process.on("uncaughtException", listener);
        resolve(error);
      });
    });
    atTurnEnd(() => {
      throw new Error("of one act");
    });
    atTurnEnd(() => seen.push("the other"));
    expect(await caught).toEqual(new Error("of one act"));
    await nextTurn();
    await nextTurn();
    expect(seen).toEqual(["the other"]);
  });
});
