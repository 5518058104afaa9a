import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { afterLong } from "./coarse-timers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  { ms: 20, latest: 20 },
  { ms: 9_999, latest: 9_999 },
  { ms: 10_000, latest: 10_500 },
  { ms: 600_000, latest: 600_500 },
])("$ms ms fire not before, and at $latest ms at the latest", ({ ms, latest }) => {
  const fire = vi.fn();
  afterLong(ms, fire);
  vi.advanceTimersByTime(ms - 1);
  expect(fire).not.toHaveBeenCalled();
  vi.advanceTimersByTime(latest - ms + 1);
  expect(fire).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(latest);
  expect(fire).toHaveBeenCalledTimes(1);
});

test("what is cancelled never fires, in whatever order, and the others do", () => {
  const fired: number[] = [];
  const cancels = Array.from({ length: 6 }, (_, i) => afterLong(20_000 + i, () => fired.push(i)));
  for (const i of [5, 0, 2, 2]) cancels[i]();
  vi.advanceTimersByTime(21_000);
  expect(fired.sort()).toEqual([1, 3, 4]);
});

test("one that is cancelled by another of the same tick does not fire", () => {
  const fired: string[] = [];
  const cancels: (() => void)[] = [];
  const rival = (name: string, other: number) => () => {
    fired.push(name);
    cancels[other]();
  };
  cancels.push(afterLong(20_000, rival("a", 1)), afterLong(20_000, rival("b", 0)));
  vi.advanceTimersByTime(21_000);
  expect(fired).toHaveLength(1);
});
