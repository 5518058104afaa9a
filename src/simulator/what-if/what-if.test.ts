import { describe, expect, test } from "vitest";
import { smallScenario } from "../../../test/support/small-scenario.ts";
import { changedWorld } from "./change-world.ts";
import { parseChanges } from "./parse-changes.ts";

const tasks = Array.from({ length: 40 }, (_, id) => ({
  atMs: id * 1_000,
  tenant: `t${id % 4}`,
  tier: id % 4,
  after: id % 10 === 9 ? { task: id - 4, thinkMs: 500 } : null,
}));
const scenario = smallScenario({ tasks });

function changed(text: string) {
  return changedWorld(scenario, parseChanges(text));
}

function isSound({ load }: ReturnType<typeof changed>): void {
  load.tasks.forEach((task, id) => {
    expect(task.id).toBe(id);
    expect(load.tenants.map(({ name }) => name)).toContain(task.tenant);
    if (task.after !== null) expect(load.tasks[task.after.task].tenant).toBe(task.tenant);
  });
  const times = load.tasks.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[times.length - 1]).toBeLessThan(load.seconds * 1_000);
}

describe("what if", () => {
  test("there were more tenants: each like one that is there, at other times", () => {
    const world = changed("tenants=+3");
    expect(world.load.tenants).toHaveLength(7);
    expect(world.load.tasks).toHaveLength(70);
    expect(world.scale).toBeCloseTo((70 / 40) * (scenario.scale * (40 / 100)), 2);
    isSound(world);
  });

  test("everybody asked for more, or less", () => {
    const more = changed("demand=x2.5");
    expect(more.load.tenants).toHaveLength(4);
    expect(more.load.tasks.length).toBeGreaterThan(90);
    expect(more.load.tasks.length).toBeLessThan(110);
    isSound(more);
    const less = changed("demand=x0.5");
    expect(less.load.tasks.length).toBeLessThan(30);
    isSound(less);
    expect(changed("demand=x1").load.tasks).toEqual(scenario.load.tasks);
  });

  test("limits, others or the provider were different", () => {
    const { setting } = changed("limits=x0.5,foreign=0.2,dialect=anthropic");
    expect(setting.limits.map(({ amount }) => amount)).toEqual([30, 30_000]);
    expect(setting).toMatchObject({ foreign: 0.2, dialect: "anthropic" });
    expect(changed("dialect=anthropic").load.tasks[0].cost).toBe(101);
  });

  test("several changes come one after the other", () => {
    const world = changed("demand=x2,tenants=+4");
    expect(world.load.tasks.length).toBe(160);
    isSound(world);
  });

  test.each([
    "tenants=20",
    "tenants=+0",
    "limits=2",
    "limits=x0",
    "luck=+1",
    "foreign=1",
    "",
    "demand=x1e9",
  ])("%j is refused with what is allowed", (text) => {
    expect(() => parseChanges(text)).toThrow(
      `--what-if: found ${JSON.stringify(text)}; allowed: tenants=+1..+10000, demand=x0.01..x100, `,
    );
  });
});
