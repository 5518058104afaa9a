/** Draw rows: a load in the shape of a profile, the same for the same seed. */
import { drawGamma, type Random } from "../../workload/random.ts";
import type { TraceRow } from "../../workload/trace-row.ts";
import { type Profile, QUANTILES } from "./profile.ts";

const MINUTE = 60;

/** Begins in a minute drawn by `random` and follows the recorded waves from there, round and round. */
export function drawRows(profile: Profile, random: Random, count: number): TraceRow[] {
  const first = Math.floor(random() * profile.minutes.length);
  const rows: TraceRow[] = [];
  let seconds = 0;
  while (rows.length < count) {
    rows.push({
      atSeconds: seconds,
      client: null,
      inputTokens: drawTokens(random, profile.inputTokens),
      outputTokens: drawTokens(random, profile.outputTokens),
    });
    const gap = drawGamma(random, 1 / profile.gapVariation) / profile.requestsPerSecond;
    seconds = laterByWave(seconds, gap, profile.minutes, first);
  }
  return rows;
}

/** When `gap` seconds of the mean rate have passed after `from`, on the waves. */
function laterByWave(from: number, gap: number, minutes: readonly number[], first: number): number {
  let seconds = from;
  let left = gap;
  for (;;) {
    const minute = Math.floor(seconds / MINUTE);
    const rate = minutes[(first + minute) % minutes.length];
    const untilNext = ((minute + 1) * MINUTE - seconds) * rate;
    if (left < untilNext) return seconds + left / rate;
    left -= untilNext;
    seconds = (minute + 1) * MINUTE;
  }
}

/** Inverse of the distribution function, straight between the known quantiles. */
function drawTokens(random: Random, values: readonly number[]): number {
  const share = random();
  const above = QUANTILES.findIndex((quantile) => quantile > share);
  const low = QUANTILES[above - 1];
  const part = (share - low) / (QUANTILES[above] - low);
  return Math.round(values[above - 1] + part * (values[above] - values[above - 1]));
}
