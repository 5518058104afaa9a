import { describe, expect, test } from "vitest";
import { endsOf, run, simulationOf } from "../../../test/support/small-scenario.ts";
import { minuteLimits } from "../load/place.ts";
import { figuresFrom, resultsOf } from "../outcome.ts";
import { TASK } from "./history.ts";
import { START } from "./world.ts";

const AMPLE = minuteLimits(6_000, 6_000_000);

describe("chains", () => {
  const chain = [
    {},
    { atMs: 1_000, after: { task: 0, thinkMs: 5_000 } },
    { atMs: 2_000, after: { task: 1, thinkMs: 0 } },
    { atMs: 3_000, after: { task: 0, thinkMs: 7_000 } },
  ];

  test("go on when the answer is there and has been thought about; several steps may follow one", () => {
    const { ends } = run({ tasks: chain, limits: AMPLE }, "sluice");
    // 50 ms up, 1 s of service, 50 ms down.
    expect(ends.map(([at]) => at)).toEqual([0, 6_100, 7_200, 8_100]);
  });

  test("end with the run: what would come later never arrives", () => {
    const simulation = simulationOf({ tasks: chain, limits: AMPLE, seconds: 7 }, "sluice");
    endsOf(simulation);
    const { state } = simulation.world.history;
    expect([...state]).toEqual([TASK.ok, TASK.ok, TASK.absent, TASK.absent]);
    expect(resultsOf(simulation.world).map(({ task }) => task.atMs)).toEqual([0, 6_100]);
  });

  test("go on after a step that was given up", () => {
    const limits = minuteLimits(60, 50);
    const { ends } = run({ tasks: [{}, { inputTokens: 10, ...chain[1] }], limits }, "fifo-bucket");
    expect(ends).toEqual([
      [0, "demand_exceeds_limit"],
      [5_000, "ok"],
    ]);
  });
});

describe("the budget used", () => {
  const [, tokens] = minuteLimits(60, 6_000);

  test("is measured while somebody is held back", () => {
    // From 0 to 30 s the second task waits: 3,000 tokens come, the first task's 6,000 go at 50 ms.
    const tasks = [{ inputTokens: 6_000 }, { inputTokens: 3_000 }, { atMs: 95_000 }];
    const { simulation } = run({ tasks, limits: [tokens] }, "fifo-bucket");
    const { held } = simulation.world;
    expect(held.available[0]).toBeCloseTo(3_000, 3);
    expect(held.charged[0]).toBeCloseTo(6_000, 3);
    expect(figuresFrom(simulation, resultsOf(simulation.world)).budgetUsed).toBe(1);
  });

  test("is that of the whole time where nobody ever was", () => {
    const { simulation } = run(
      { tasks: [{ inputTokens: 3_000 }], limits: [tokens] },
      "fifo-bucket",
    );
    const { budgetUsed } = figuresFrom(simulation, resultsOf(simulation.world));
    const seconds = (simulation.world.now - START) / 1_000_000;
    expect(budgetUsed).toBeCloseTo(3_000 / (6_000 + 100 * seconds), 4);
  });

  test.each([
    [0, false],
    [0.5, true],
  ])("with a foreign share of %d counts what others were charged: %s", (foreign, isMore) => {
    const tasks = Array.from({ length: 200 }, (_, id) => ({ atMs: id * 300 }));
    const wish = { tasks, limits: [tokens], setting: { foreign }, seconds: 60 };
    const { simulation } = run(wish, "fifo-bucket");
    const ours = resultsOf(simulation.world).filter(({ wasGranted }) => wasGranted).length * 100;
    const { charged } = simulation.world.provider.books(simulation.world.now);
    expect(charged[0] > ours).toBe(isMore);
  });
});
