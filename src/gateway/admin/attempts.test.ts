import { expect, test, vi } from "vitest";
import { AttemptGuard, delayAfter } from "./attempts.ts";

test("each wrong attempt takes longer, up to a bound", () => {
  expect([1, 2, 3, 5, 6, 50].map(delayAfter)).toEqual([100, 200, 400, 1_600, 2_000, 2_000]);
});

test("many at once are not looked at; another address is, and so is this one later", async () => {
  vi.useFakeTimers();
  try {
    const guard = new AttemptGuard();
    const { signal } = new AbortController();
    const held = Array.from({ length: 10 }, () => guard.hold("a", signal));
    expect([guard.isOpenTo("a"), guard.isOpenTo("b")]).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(2_000);
    await Promise.all(held);
    expect(guard.isOpenTo("a")).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test("whoever is gone is waited for no longer", async () => {
  const guard = new AttemptGuard();
  const gone = new AbortController();
  const held = Array.from({ length: 10 }, () => guard.hold("a", gone.signal));
  gone.abort();
  await Promise.all(held);
  expect(guard.isOpenTo("a")).toBe(true);
});

test("one that is right begins anew", async () => {
  vi.useFakeTimers();
  try {
    const guard = new AttemptGuard();
    const { signal } = new AbortController();
    const wrong = async () => {
      const startedAt = Date.now();
      const held = guard.hold("a", signal).then(() => Date.now() - startedAt);
      await vi.advanceTimersByTimeAsync(2_000);
      return held;
    };
    expect([await wrong(), await wrong()]).toEqual([100, 200]);
    guard.succeeded("a");
    expect(await wrong()).toBe(100);
  } finally {
    vi.useRealTimers();
  }
});
