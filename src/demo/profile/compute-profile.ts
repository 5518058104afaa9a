/**
 * Compute profile: measures the shape of a recorded trace. A tool for developers, run by hand:
 * `node src/demo/profile/compute-profile.ts ../shared/traces/azure_llm_2023_conv.csv`
 * prints the numbers that azure-conversations.ts holds.
 */
import { readTrace } from "../../workload/parse-trace.ts";
import type { TraceRow } from "../../workload/trace-row.ts";
import { type Profile, QUANTILES } from "./profile.ts";

const MINUTE = 60;

/** At least two whole minutes of rows. */
export function computeProfile(rows: readonly TraceRow[], attribution: string): Profile {
  const minutes = relativeRates(rows);
  return {
    attribution,
    requestsPerSecond: round((rows.length - 1) / rows[rows.length - 1].atSeconds, 4),
    minutes: minutes.map((rate) => round(rate, 3)),
    gapVariation: round(variationOfGaps(rows, minutes), 3),
    inputTokens: quantilesOf(rows.map((row) => row.inputTokens)),
    outputTokens: quantilesOf(rows.map((row) => row.outputTokens)),
  };
}

/** The last minute is left out: it is not whole. */
function relativeRates(rows: readonly TraceRow[]): number[] {
  const counts: number[] = [];
  for (const { atSeconds } of rows) {
    const minute = Math.floor(atSeconds / MINUTE);
    counts[minute] = (counts[minute] ?? 0) + 1;
  }
  const whole = Array.from({ length: counts.length - 1 }, (_, minute) => counts[minute] ?? 0);
  const mean = whole.reduce((sum, count) => sum + count, 0) / whole.length;
  return whole.map((count) => count / mean);
}

/** Gaps on a clock that runs with the rate: what is left of their variation are the gaps themselves. */
function variationOfGaps(rows: readonly TraceRow[], minutes: readonly number[]): number {
  const times = rows.map(({ atSeconds }) => operationalTime(atSeconds, minutes));
  const gaps = times.slice(1).map((time, index) => time - times[index]);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  return variance / mean ** 2;
}

function operationalTime(seconds: number, minutes: readonly number[]): number {
  const whole = Math.floor(seconds / MINUTE);
  const passed = minutes.slice(0, whole).reduce((sum, rate) => sum + rate, 0);
  return passed + (minutes[whole] ?? 1) * (seconds / MINUTE - whole);
}

function quantilesOf(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return QUANTILES.map((share) => sorted[Math.round(share * (sorted.length - 1))]);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

if (process.argv[1] === import.meta.filename) {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new Error("usage: compute-profile.ts <trace.csv>");
  process.stdout.write(
    `${JSON.stringify(computeProfile(readTrace(file), `computed from ${file}`))}\n`,
  );
}
