import { describe, expect, test } from "vitest";
import { endsOf, run, simulationOf, task } from "../../../test/support/small-scenario.ts";
import type { LimitRule } from "../../runtime/account/limit-meter.ts";
import { minuteLimits } from "../load/place.ts";
import { START } from "../world/world.ts";

const [sixRequests, tokens] = minuteLimits(6, 6_000);
const onePlace: LimitRule = { ...sixRequests, dimension: "concurrency", amount: 1, perMs: null };
const top = { tenant: "top", tier: 0 };
const second = { tenant: "second", tier: 1 };

describe("one bucket for all", () => {
  test("sends what fits, spaced, and the rest exactly when it is there", () => {
    const tasks = Array.from({ length: 7 }, () => ({}));
    const { ends, provider } = run({ tasks, limits: [sixRequests] }, "fifo-bucket");
    expect(ends.map(([at]) => at)).toEqual([0, 0, 0, 0, 1_000, 2_000, 10_000]);
    expect(provider.refused429).toBe(0);
  });

  test("lets nobody pass, however small and important", () => {
    const tasks = [
      { inputTokens: 6_000 },
      { tenant: "free", tier: 3, atMs: 1, inputTokens: 2_500 },
      { ...top, atMs: 2, inputTokens: 100 },
    ];
    const { ends } = run({ tasks, limits: [tokens] }, "fifo-bucket");
    expect(ends.map(([at]) => at)).toEqual([0, 25_000, 26_000]);
  });

  test("gives up at the end of the max wait, and those behind move up", () => {
    const tasks = [
      { inputTokens: 6_000 },
      { tenant: "free", tier: 3, inputTokens: 4_000 },
      { ...top, inputTokens: 3_000 },
    ];
    const { ends } = run({ tasks, limits: [tokens] }, "fifo-bucket");
    expect(ends.slice(1)).toEqual([
      [30_000, "max_wait_exceeded"],
      [30_000, "ok"],
    ]);
  });

  test("waits for a place until a call has ended", () => {
    const { ends } = run({ tasks: [{}, {}, {}], limits: [onePlace] }, "fifo-bucket");
    expect(ends.map(([at]) => at)).toEqual([0, 1_100, 2_200]);
  });

  test("refuses at once what no limit can hold", () => {
    const { ends } = run({ tasks: [{ inputTokens: 6_001 }], limits: [tokens] }, "fifo-bucket");
    expect(ends).toEqual([[0, "demand_exceeds_limit"]]);
  });

  test("refuses at once what comes when ten thousand wait", () => {
    const tasks = [{ inputTokens: 6_000 }, ...Array.from({ length: 10_001 }, () => ({}))];
    const { ends } = run({ tasks, limits: [tokens] }, "fifo-bucket");
    expect(ends.filter(([, end]) => end === "queue_full")).toEqual([[0, "queue_full"]]);
  });

  test("after a refusal pauses as long as the provider asks, and goes first again", () => {
    const wish = { tasks: [{}, { atMs: 1 }], limits: [tokens] };
    const simulation = simulationOf(wish, "fifo-bucket");
    simulation.world.provider.admitForeign(task({ inputTokens: 6_000 }), 0, START);
    // Refused at 0.05 s with 5 tokens there; heard of at 0.1 s: the other 95 need 0.95 s.
    const ends = endsOf(simulation);
    expect(ends[0]).toEqual([1_050, "ok"]);
    expect(ends[1][0]).toBeGreaterThan(1_051);
  });
});

describe("a fixed share for each tenant", () => {
  test("is by weight, and is not lent", () => {
    const tasks = [
      { ...second, inputTokens: 2_000 },
      { ...second, inputTokens: 1_000 },
      { ...top, atMs: 1, inputTokens: 4_000 },
      { ...top, atMs: 1, inputTokens: 1_000 },
    ];
    const { ends } = run({ tasks, limits: [tokens] }, "static-caps");
    // 8 of 12 parts are 4,000 a minute, 4 are 2,000.
    expect(ends.map(([at]) => at)).toEqual([0, 30_000, 1, 15_001]);
  });

  test("is overdrawn by what is larger, once it is whole", () => {
    const tasks = [
      { ...second, inputTokens: 3_000 },
      { ...second, inputTokens: 500 },
      { ...top, atMs: 90_000, inputTokens: 1 },
    ];
    const { ends } = run({ tasks, limits: [tokens] }, "static-caps");
    expect(ends.slice(0, 2)).toEqual([
      [0, "ok"],
      [45_000, "ok"],
    ]);
  });
});
