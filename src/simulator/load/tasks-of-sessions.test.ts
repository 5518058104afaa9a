import { describe, expect, test } from "vitest";
import type { SessionRow } from "../../workload/parse-sessions.ts";
import { createRandom } from "../../workload/random.ts";
import { defaultPlace } from "./place.ts";
import { tasksOfSessions } from "./tasks-of-sessions.ts";

function row(parts: Partial<SessionRow>): SessionRow {
  return {
    session: "s",
    thread: "0",
    atSeconds: 0,
    model: "opus",
    inputTokens: 1_000,
    outputTokens: 100,
    reusableTokens: 0,
    thinkSeconds: 0,
    ...parts,
  };
}

const WISH = { seed: 1, speed: 1, seconds: 1e9, repeats: 1 };
const ANTHROPIC = defaultPlace("anthropic");

function tasksFrom(rows: readonly SessionRow[], wish: Partial<typeof WISH> = {}) {
  return tasksOfSessions(rows, ANTHROPIC, { ...WISH, ...wish }, createRandom(1));
}

describe("a session", () => {
  test("is a chain: each step follows the one before, after a think time of at most two minutes", () => {
    const tasks = tasksFrom([
      row({}),
      row({ atSeconds: 9, thinkSeconds: 4 }),
      row({ atSeconds: 90_000, thinkSeconds: 80_000 }),
    ]);
    expect(tasks.map(({ after }) => after)).toEqual([
      null,
      { task: 0, thinkMs: 4_000 },
      { task: 1, thinkMs: 120_000 },
    ]);
    expect(new Set(tasks.map(({ tenant }) => tenant)).size).toBe(1);
  });

  test("has sub-agents that begin after the step that was under way", () => {
    const tasks = tasksFrom([
      row({ model: "m0" }),
      row({ model: "a0", thread: "1", atSeconds: 5, thinkSeconds: 1 }),
      row({ model: "m1", atSeconds: 6, thinkSeconds: 50 }),
      row({ model: "a1", thread: "1", atSeconds: 7, thinkSeconds: 1 }),
    ]);
    const place = (model: string) => tasks.findIndex((task) => task.model === model);
    expect(tasks[place("a0")].after?.task).toBe(place("m0"));
    expect(tasks[place("m1")].after?.task).toBe(place("m0"));
    expect(tasks[place("a1")].after?.task).toBe(place("a0"));
  });

  test("is charged for what no cache held where the provider leaves that out", () => {
    const rows = [row({ reusableTokens: 900 })];
    expect(tasksFrom(rows)[0]).toMatchObject({ inputTokens: 100, cost: 200 });
    const openai = tasksOfSessions(rows, defaultPlace("openai"), WISH, createRandom(1));
    expect(openai[0]).toMatchObject({ inputTokens: 1_000, cost: 1_000 });
  });
});

describe("sessions", () => {
  const rows = Array.from({ length: 300 }, (_, session) =>
    Array.from({ length: 20 }, (_, step) =>
      row({ session: `s${session}`, atSeconds: step * 60, thinkSeconds: 60 }),
    ),
  ).flat();

  test("lie anywhere, so that as many are under way at the beginning as at the end", () => {
    const tasks = tasksFrom(rows, { seconds: 600 });
    const half = tasks.filter(({ atMs }) => atMs < 300_000).length / tasks.length;
    expect(Math.abs(half - 0.5)).toBeLessThan(0.05);
    expect(tasks.map(({ id }) => id)).toEqual(tasks.map((_, id) => id));
    for (const { atMs, after } of tasks) {
      expect(atMs).toBeLessThan(600_000);
      if (after !== null) expect(tasks[after.task].atMs).toBeLessThan(atMs);
    }
  });

  test("take place more often, or only some of them", () => {
    const count = (repeats: number) => tasksFrom(rows, { seconds: 600, repeats }).length;
    const once = count(1);
    expect(Math.abs(count(2.5) / once - 2.5)).toBeLessThan(0.25);
    expect(Math.abs(count(0.5) / once - 0.5)).toBeLessThan(0.1);
  });
});
