/** Summary: the figures of all policies as lines for a terminal, one line a policy. */
import { inSeconds, percent, whole } from "../../figures/words.ts";
import { limitsInWords } from "../report/headline.ts";
import type { PolicyReport, SimulationReport } from "../report-data.ts";

interface Column {
  readonly heading: string;
  readonly width: number;
}

const NAME_WIDTH = 16;
const OVERALL: readonly Column[] = [
  { heading: "429s", width: 11 },
  { heading: "requests", width: 11 },
  { heading: "budget used", width: 13 },
  { heading: "fairness", width: 10 },
  { heading: "inversions", width: 12 },
];
/** Failed counts as refused here; --json tells them apart. */
const OF_TIER: readonly Column[] = [
  { heading: "ok", width: 11 },
  { heading: "refused", width: 11 },
  { heading: "p50", width: 9 },
  { heading: "p95", width: 9 },
  { heading: "p99", width: 9 },
  { heading: "max", width: 9 },
];

/** Lines without colours; waits in seconds. */
export function summaryLines(report: SimulationReport): string[] {
  const { policies, tiers } = report;
  const nameWidth = Math.max(NAME_WIDTH, ...policies.map(({ name }) => name.length + 1));
  const line = (name: string, columns: readonly Column[], cells: readonly string[]) =>
    name.padEnd(nameWidth) + cells.map((cell, i) => cell.padStart(columns[i].width)).join("");
  const block = (
    title: string,
    columns: readonly Column[],
    cellsOf: (policy: PolicyReport) => readonly string[],
  ) => [
    line(
      title,
      columns,
      columns.map(({ heading }) => heading),
    ),
    ...policies.map((policy) => line(policy.name, columns, cellsOf(policy))),
  ];
  const blocks = tiers.map((tier) => {
    const count = policies[0]?.figures.tiers[tier].count ?? 0;
    return [
      "",
      ...block(`${tier} (${whole(count)})`, OF_TIER, (policy) => tierCells(policy, tier)),
    ];
  });
  const stores = policies.flatMap(storeLines);
  const overall = block("", OVERALL, overallCells);
  return [...introduction(report), "", ...overall, ...stores, ...blocks.flat()];
}

function storeLines({ name, store }: PolicyReport): string[] {
  if (store === null) return [];
  const { instances, stepsPerSecond, stepsPerSecondAndInstance, busy, longestQueueMs } = store;
  return [
    `${name}: the store of ${whole(instances)} instances did ${whole(Math.round(stepsPerSecond))} steps a second ` +
      `(${stepsPerSecondAndInstance.toFixed(1)} an instance), was busy ${percent(busy)} of the time, ` +
      `and let a step wait for others at most ${longestQueueMs.toFixed(1)} ms.`,
  ];
}

/** What was played, and how to read what follows. */
function introduction(report: SimulationReport): string[] {
  const { source, seconds, scale, seed } = report;
  const limits = report.limits.length === 0 ? "" : ` (${limitsInWords(report)})`;
  return [
    `${source}: ${whole(Math.round(seconds))} s of arrivals that ask for ${Number(scale.toFixed(2))} times the limits${limits}, seed ${seed}.`,
    "Waits in seconds, until a task was sent or given up. Fairness: the least of Jain's index, 1 is even.",
    "Inversions: somebody of a lower class went although one of a higher class had room.",
  ];
}

function overallCells({ figures, series }: PolicyReport): string[] {
  const { upstream429, upstreamRequests, budgetUsed, jain, inversions } = figures;
  return [
    whole(upstream429),
    whole(upstreamRequests),
    percent(budgetUsed),
    // Without a window in which two tenants could be compared there is nothing to tell.
    series.jain.some((index) => index !== null) ? jain.toFixed(3) : "-",
    whole(inversions),
  ];
}

function tierCells({ figures }: PolicyReport, tier: string): string[] {
  const { count, ok, waitMs } = figures.tiers[tier];
  const waits = [waitMs.p50, waitMs.p95, waitMs.p99, waitMs.max];
  return [whole(ok), whole(count - ok), ...waits.map(inSeconds)];
}
