import { PassThrough } from "node:stream";
import { describe, expect, test, vi } from "vitest";
import { resultOf, taskOf } from "../../../test/support/demo-load.ts";
import type { PolicyFigures, TierFigures } from "../../figures/policy-figures.ts";
import type { MockStats } from "../../mock/index.ts";
import { Board } from "./board.ts";
import { startLive } from "./live.ts";
import { remarksOn } from "./remarks.ts";
import { type Column, comparisonTable } from "./table.ts";
import { verdictOn } from "./verdict.ts";

function tier(count: number, ok: number, p99: number): TierFigures {
  const waitMs = { p50: 1, p95: 20, p99, max: p99 };
  return { count, ok, failed: 0, cancelled: 0, fallback: 0, refused: { x: count - ok }, waitMs };
}

function column(policy: string, parts: Partial<PolicyFigures>, p99: number): Column {
  const figures: PolicyFigures = {
    upstream429: 0,
    upstreamRequests: 1_418,
    budgetUsed: 0.9974,
    jain: 1,
    inversions: 0,
    tiers: { critical: tier(359, 359, p99), free: tier(1_445, 90, 9_800) },
    ...parts,
  };
  return { policy, figures, windowed429: parts.upstream429 ?? 0, jain: null };
}

const SLUICE = column("sluice", {}, 12.3);
const NAIVE = {
  ...column("jitter-backoff", { upstream429: 78_700, upstreamRequests: 80_908 }, 20_000),
  windowed429: 45_114,
  jain: 0.4231,
};

describe("the table", () => {
  test("shows policies side by side where there is room", () => {
    const lines = comparisonTable([SLUICE, NAIVE], 120);
    expect(lines.find((line) => line.startsWith("critical"))).toBe(
      "critical (359)          359       0  0.00  0.02  0.01  0.01      359       0  0.00  0.02 20.00 20.00",
    );
    expect(lines.find((line) => line.startsWith("free"))).toContain(
      "free (1,445)             90   1,355",
    );
    const refusals = lines.find((line) => line.startsWith("upstream 429s"));
    expect(refusals).toMatch(/^upstream 429s +0 +78,700 \(45,114 measured\)$/);
    expect(lines.find((line) => line.startsWith("fairness"))).toMatch(/not measurable +0\.423$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  test("puts them one below the other where there is not", () => {
    const lines = comparisonTable([SLUICE, NAIVE], 80);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => line.startsWith("critical"))).toHaveLength(2);
  });
});

describe("the verdict", () => {
  test("says in one sentence what came of each", () => {
    const worse = column("jitter-backoff", { upstream429: 75, upstreamRequests: 100 }, 20_000);
    const tiers = { critical: tier(359, 287, 20_000) };
    expect(verdictOn([SLUICE, { ...worse, figures: { ...worse.figures, tiers } }])).toBe(
      "The same load and budget: with sluice the provider refused none of 1,418 requests, every " +
        "critical task got served and 99 of 100 waited no longer than 13 ms; with jitter-backoff the " +
        "provider refused 75.0 % of 100 requests, 287 of 359 critical tasks got served and 99 of 100 " +
        "waited no longer than 20.00 s.",
    );
  });
});

describe("remarks", () => {
  const fine = resultOf({}, 100, { answeredMs: 220 });

  test("are not needed where all went well", () => {
    expect(remarksOn("sluice", { results: [fine], latenessMs: [0.1, 3] })).toEqual([]);
  });

  test("name failures, a machine that was late, and waits that do not add up", () => {
    const failed = { ...fine, outcome: { kind: "failed", why: "cut off" } as const };
    const slow = { ...fine, answeredMs: 5_000 };
    const results = [failed, failed, slow, slow, slow];
    expect(remarksOn("sluice", { results, latenessMs: [400] })).toEqual([
      "sluice: some tasks failed: cut off",
      "sluice: this machine was up to 0.40 s late with arrivals",
      "sluice: half of the answers began 4.90 s or more after the wait that was told",
    ]);
  });
});

function books(charged: number, refused429: number): MockStats {
  return { charged: { tpm: charged }, available: { tpm: 100 * charged }, refused429 } as never;
}

describe("the board", () => {
  test("knows who waits, who was served and who was not", () => {
    const board = new Board();
    const [served, refused, waiting] = [0, 1, 2].map((id) => taskOf({ id, tier: 1 }));
    for (const task of [served, refused, waiting]) board.arrived(task);
    board.granted(served, 250);
    board.ended({ ...resultOf({}, 250), task: served });
    board.ended({ ...resultOf({}, 10, { wasGranted: false }), task: refused });
    expect(board.tiers()[1]).toEqual({
      name: "premium",
      waiting: 1,
      served: 1,
      refused: 1,
      waitP50Ms: 250,
      waitP99Ms: 250,
    });
  });

  test("knows the use of the budget from the second look at the provider's books on", () => {
    const board = new Board();
    expect(board.budgetUsed).toBeNull();
    board.audited(books(1, 0));
    expect(board.budgetUsed).toBeNull();
    board.audited(books(2, 5));
    expect(board.budgetUsed).toBeCloseTo(0.01, 9);
    expect(board.upstream429).toBe(5);
  });
});

describe("the live picture", () => {
  function capture(isAnimated: boolean, during: () => void): string {
    const stream = Object.assign(new PassThrough(), { isTTY: isAnimated, columns: 100 });
    const board = new Board();
    board.arrived(taskOf());
    const setting = { policy: "sluice", seconds: 30, board, isAnimated };
    const live = startLive({ ...setting, stream: stream as unknown as NodeJS.WriteStream });
    during();
    live.stop();
    return String(stream.read());
  }

  test("is a plain line every five seconds where it cannot be redrawn", () => {
    vi.useFakeTimers();
    const text = capture(false, () => vi.advanceTimersByTime(10_100));
    vi.useRealTimers();
    const [, second, ...rest] = text.trimEnd().split("\n");
    expect(second).toMatch(/^sluice: \d+ of 30 s, 429s 0; waiting: critical 1, premium 0, /);
    expect(rest).toHaveLength(1);
    expect(text).not.toContain("\u001b");
  });

  test("is redrawn in place on a terminal, and leaves the cursor visible", () => {
    const text = capture(true, () => {});
    expect(text).toContain("\u001b");
    expect(text).toContain("1 waiting");
    expect(text.lastIndexOf("\u001b[?25h")).toBeGreaterThan(text.lastIndexOf("\u001b[?25l"));
  });
});
