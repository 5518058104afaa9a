import { describe, expect, test } from "vitest";
import { run } from "../../../test/support/small-scenario.ts";
import type { LimitRule } from "../../runtime/account/limit-meter.ts";
import { minuteLimits } from "../load/place.ts";

const [sixRequests, tokens] = minuteLimits(6, 6_000);
const onePlace: LimitRule = { ...sixRequests, dimension: "concurrency", amount: 1, perMs: null };
const seven = Array.from({ length: 7 }, () => ({}));

describe("naive backoff", () => {
  test("tries at once, then 1, 2, 4, 8 s after each refusal, until there is room", () => {
    const { ends, provider } = run({ tasks: seven, limits: [sixRequests] }, "naive-backoff");
    // Sent at 0, refused at 0.1; sent at 1.1, 3.2 and 7.3, refused; one request is there from 10 s on.
    expect(ends[6]).toEqual([15_400, "ok"]);
    expect(provider).toMatchObject({ requests: 11, refused429: 4 });
  });

  test("gives up when the next try would come after the end of its max wait", () => {
    const limits = minuteLimits(1, 60_000);
    const { ends } = run({ tasks: [{}, {}], limits }, "naive-backoff");
    expect(ends).toEqual([
      [0, "ok"],
      [31_600, "max_wait_exceeded"],
    ]);
  });

  test("is refused for good what is larger than the limit", () => {
    const { ends } = run({ tasks: [{ inputTokens: 6_001 }], limits: [tokens] }, "naive-backoff");
    expect(ends).toEqual([[100, "rate_limit_exceeded"]]);
  });
});

describe("jitter backoff", () => {
  test("waits as long as the provider asks for", () => {
    const { ends, provider } = run({ tasks: seven, limits: [sixRequests] }, "jitter-backoff");
    expect(ends[6]).toEqual([10_100, "ok"]);
    expect(provider).toMatchObject({ requests: 8, refused429: 1 });
  });

  test("without a hint waits half a second, then twice as long, each less up to a quarter", () => {
    const { ends, simulation } = run({ tasks: [{}, {}], limits: [onePlace] }, "jitter-backoff");
    const [, [sentAt, end]] = ends;
    expect(end).toBe("ok");
    expect(sentAt).toBeGreaterThan(100 + 375 + 100 + 750);
    expect(sentAt).toBeLessThanOrEqual(100 + 500 + 100 + 1_000);
    expect(simulation.world.provider.refused429).toBe(2);
  });

  test("counts as an inversion what is admitted while a higher task is held back that would fit", () => {
    const tasks = [
      ...seven.map(() => ({ tenant: "free", tier: 3 })),
      { tenant: "top", atMs: 200 },
      { tenant: "free", tier: 3, atMs: 10_210 },
    ];
    const { simulation } = run({ tasks, limits: [sixRequests] }, "naive-backoff");
    expect(simulation.inversions).toBeGreaterThan(0);
    const alone = run({ tasks: tasks.slice(0, 8), limits: [sixRequests] }, "sluice");
    expect(alone.simulation.inversions).toBe(0);
  });
});
