import { describe, expect, test } from "vitest";
import { createRandom } from "../../../workload/random.ts";
import { logNormal } from "./log-normal.ts";

describe("log-normal latencies", () => {
  test("have the median and the 99th percentile that were asked for", () => {
    const random = createRandom(1);
    const drawn = Array.from({ length: 20_000 }, () =>
      logNormal({ medianMs: 2, p99Ms: 10 }, [random(), random()]),
    ).sort((a, b) => a - b);
    expect(drawn[10_000]).toBeCloseTo(2, 1);
    expect(drawn[19_800]).toBeGreaterThan(9);
    expect(drawn[19_800]).toBeLessThan(11);
  });

  test("are all the same where the two are", () => {
    expect(logNormal({ medianMs: 2, p99Ms: 2 }, [0.99, 0.3])).toBe(2);
  });
});
