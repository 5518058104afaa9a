import { describe, expect, test } from "vitest";
import type { PolicyReport, SimulationReport } from "../report-data.ts";
import { renderReport } from "./render-report.ts";

const NAMES = ["sluice", "naive-backoff", "jitter-backoff", "fifo-bucket", "static-caps"];
const TIERS = ["critical", "premium", "standard", "free"];
const EVIL = `<img src=x onerror="throw 1">'&"</script><script>throw 2</script>`;

interface Shape {
  readonly names?: readonly string[];
  readonly tiers?: readonly string[];
  readonly steps?: number;
  /** What every measured value is, times one more for each policy. */
  readonly value?: number;
  readonly source?: string;
}

/** Values that never repeat, so that nothing gets shorter than in a real run. */
function madeUp({ names = NAMES, tiers = TIERS, steps = 50, value = 1, source = "t.csv" }: Shape) {
  const wave = (step: number) => value * (2 + Math.sin(step * 1.7));
  const report: SimulationReport = {
    seed: 42,
    seconds: steps,
    scale: 3,
    source,
    tiers,
    limits: [{ dimension: "requests", amount: 600, perSeconds: 60, selector: source }],
    policies: names.map((name, place): PolicyReport => {
      const series = Array.from({ length: steps }, (_, step) => wave(step) * place);
      return {
        name,
        figures: {
          upstream429: place * value,
          upstreamRequests: 10 * value,
          budgetUsed: value === 0 ? 0 : 0.99 - place / 10,
          jain: 1 - place / 10,
          inversions: place * value,
          tiers: Object.fromEntries(tiers.map((tier) => [tier, tierFigures(10 * value, place)])),
        },
        series: {
          everySeconds: 1,
          waitingByTier: tiers.map(() => series),
          refused429: series,
          chargedShare: series.map((one) => one / 10),
          jain: series.map((one, step) => (step % 3 === 0 ? null : one / 10)),
        },
        waitQuantilesByTier: tiers.map((tier) => ({
          tier,
          quantiles: [0, 0.5, 1].map((share) => ({ share, waitMs: 1_000 * share * place * value })),
        })),
        foresight: { refusedAtOnce: 0, realOverForeseen: null, brokenPromises: 0 },
        store: null,
      };
    }),
  };
  return report;
}

function tierFigures(count: number, place: number): PolicyReport["figures"]["tiers"][string] {
  const waitMs = { p50: 100 * place, p95: 200 * place, p99: 1_000 * place, max: 5_000 * place };
  const counts = { failed: 0, cancelled: 0, fallback: 0, refused: { x: place } };
  return { count, ok: Math.max(0, count - place), ...counts, waitMs };
}

/** Text of the cells of a line of the table. */
function cellsOf(page: string, label: string): string[] {
  const line = new RegExp(`<th scope="row">${label}</th>(.*?)</tr>`, "s").exec(page)?.[1] ?? "";
  return [...line.matchAll(/<td( class="best")?>([^<]*)/g)].map(
    ([, best, text]) => `${text.replaceAll("\u00a0", " ")}${best === undefined ? "" : " best"}`,
  );
}

function heading(page: string): string {
  return (/<h1>(.*?)<\/h1>/.exec(page)?.[1] ?? "").replaceAll("\u00a0", " ");
}

describe("a report", () => {
  test("begins with what came of it, against the naive way", () => {
    const page = renderReport(madeUp({ names: ["fifo-bucket", "naive-backoff", "sluice"] }));
    expect(heading(page)).toBe(
      "Sluice: 2 refusals, 79.0 % of the budget used, critical p99 2.00 s.",
    );
    expect(page).toContain("Naive-backoff: 1 refusal, ");
  });

  test("says what was simulated: source, scale, limits, seed", () => {
    const page = renderReport(madeUp({})).replaceAll("\u00a0", " ");
    expect(page).toContain("<b>t.csv</b>: 50 s of arrivals that ask for 3 times what the provider");
    expect(page).toContain("Limits: 600 requests a minute (t.csv). Seed 42.");
  });

  test("marks the best of each line, and all that read the same", () => {
    const page = renderReport(madeUp({ names: NAMES.slice(0, 3), value: 100 }));
    expect(cellsOf(page, "429s")).toEqual(["0 best", "100 (10.0 %)", "200 (20.0 %)"]);
    expect(cellsOf(page, "Budget used")).toEqual(["99.0 % best", "89.0 %", "79.0 %"]);
    expect(cellsOf(page, "wait p99")).toEqual(["0 ms best", "1.00 s", "2.00 s"]);
    const same = madeUp({ names: NAMES.slice(0, 3) });
    const almost = same.policies.map((policy, place) => ({
      ...policy,
      figures: { ...policy.figures, budgetUsed: [0.99801, 0.99799, 0.9][place] },
    }));
    const tied = renderReport({ ...same, policies: almost });
    expect(cellsOf(tied, "Budget used")).toEqual(["99.8 % best", "99.8 % best", "90.0 %"]);
  });

  test("of one policy compares it with nobody", () => {
    const page = renderReport(madeUp({ names: ["sluice"] }));
    expect(page).not.toContain('class="best"');
    expect(page).not.toContain("naive-backoff");
    expect(page.match(/class="plot"/g)).toHaveLength(4 + 3 + 1 + 4);
  });

  test("tells forecasts only of policies that make any", () => {
    const { policies, ...rest } = madeUp({ names: NAMES.slice(0, 2) });
    const realOverForeseen = { p10: 0.8, p50: 0.97, p90: 1.1 };
    const foresight = { refusedAtOnce: 5, realOverForeseen, brokenPromises: 0.004 };
    const page = renderReport({ ...rest, policies: [{ ...policies[0], foresight }, policies[1]] });
    expect(page).toContain("Forecasts of sluice: 5 tasks told at once");
    expect(page).not.toContain("Forecasts of naive-backoff");
  });

  test.each([
    ["nothing measured yet", { steps: 0 }],
    ["all zero", { value: 0 }],
    ["no tier", { tiers: [] }],
    ["one tier", { tiers: ["all"] }],
    ["no policy", { names: [] }],
    ["a single step", { steps: 1 }],
    ["no number at all", { value: Number.NaN }],
    ["no end", { value: Number.POSITIVE_INFINITY }],
  ] as const)("with %s is whole and has no broken number in it", (_, shape) => {
    const page = renderReport(madeUp(shape));
    const [drawn] = page.split("<script>");
    expect(drawn).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(page).toContain("</html>");
  });

  test("keeps a series' gaps and survives values that are missing", () => {
    const { policies, ...rest } = madeUp({ names: ["sluice"] });
    const [{ series, ...policy }] = policies;
    const torn = { ...series, waitingByTier: [[1, 2]], chargedShare: [] };
    const stray = { ...policy, series: torn, waitQuantilesByTier: [] };
    expect(renderReport({ ...rest, policies: [stray] })).not.toMatch(/d="[^"]*NaN/);
  });

  test("asks for nothing outside itself", () => {
    const page = renderReport(madeUp({}));
    expect(page).not.toMatch(/https?:|\bsrc=|url\(|@import|<link(?! rel="icon" href="data:,")/);
  });

  test("shows names as text, whatever they are", () => {
    const page = renderReport(madeUp({ names: [EVIL], tiers: [EVIL], source: EVIL }));
    expect(page).not.toContain("<img");
    expect(page).not.toContain("</script><script>");
  });

  test("of 1,000 steps and five policies stays far below 500 kB", () => {
    expect(Buffer.byteLength(renderReport(madeUp({ steps: 1_000, value: 37.3 })))).toBeLessThan(
      400_000,
    );
  });
});
