import { describe, expect, test } from "vitest";
import type { TraceRow } from "../../workload/trace-row.ts";
import { cutSlice } from "./cut-slice.ts";

/** One request every `gap` seconds. */
function evenRows(count: number, gap: number, inputTokens = 100): TraceRow[] {
  return Array.from({ length: count }, (_, index) => ({
    atSeconds: index * gap,
    client: null,
    inputTokens,
    outputTokens: 10,
  }));
}

describe("a slice", () => {
  test("has 120 requests a second where nobody says how fast", () => {
    const slice = cutSlice(evenRows(20_000, 0.5), { seconds: 30, speed: null }, 3);
    expect(slice.speed).toBeCloseTo(60, 6);
    expect(slice.rows).toHaveLength(3_600);
    expect(slice.seconds).toBe(30);
  });

  test("is denser where few requests are very large, so that the budget refills one in 0.3 s", () => {
    const rows = evenRows(20_000, 0.5).map((row, index) =>
      index % 50 === 0 ? { ...row, inputTokens: 2_600 } : row,
    );
    const { rows: dense } = cutSlice(rows, { seconds: 30, speed: null }, 3);
    const budget = (dense.length / 30) * (150 / 3);
    expect(2_600 / budget).toBeLessThanOrEqual(0.301);
  });

  test("of a short trace is all of it", () => {
    const slice = cutSlice(evenRows(1_500, 0.4), { seconds: 30, speed: null }, 3);
    expect(slice.rows).toHaveLength(1_499);
    expect(slice.seconds).toBe(30);
  });

  test("keeps the spacing at a speed that is given, and ends where the trace does", () => {
    const slice = cutSlice(evenRows(1_000, 1), { seconds: 30, speed: 50 }, 3);
    expect(slice.rows).toHaveLength(1_000);
    expect(slice.speed).toBe(50);
    expect(slice.seconds).toBeCloseTo(999 / 50, 6);
  });

  test.each([
    { name: "too few requests", rows: evenRows(1_000, 1), speed: 1, message: /found 30 requests/ },
    {
      name: "too many at once",
      rows: evenRows(50_000, 0.1),
      speed: 100,
      message: /1000 requests a/,
    },
    { name: "only a moment", rows: evenRows(1_000, 1), speed: 900, message: /1\.11 s/ },
  ])("of $name is refused", ({ rows, speed, message }) => {
    expect(() => cutSlice(rows, { seconds: 30, speed }, 3)).toThrow(message);
  });

  test("of a trace of a single moment is refused", () => {
    expect(() => cutSlice(evenRows(200, 0), { seconds: 30, speed: null }, 3)).toThrow(/allowed/);
  });
});
