/** Timeline: a run cut into few enough bins to be drawn, and series of any step fitted into them. */

/** A chart is about 500 points wide; more would only make the page heavy. */
const MOST_BINS = 240;

export interface Timeline {
  readonly bins: number;
  readonly binSeconds: number;
}

export interface Sampled {
  readonly everySeconds: number;
  readonly values: readonly (number | null)[];
}

/** Long enough for the longest of the series, and for the run itself. */
export function timelineOf(series: readonly Sampled[], seconds: number): Timeline {
  const ends = series.map(({ everySeconds, values }) => everySeconds * values.length);
  const end = Math.max(0, seconds, ...ends) || 1;
  const steps = Math.min(...series.map(({ everySeconds }) => everySeconds).filter((s) => s > 0));
  const stepSeconds = Number.isFinite(steps) ? steps : end / MOST_BINS;
  const stepsPerBin = Math.max(1, Math.ceil(end / stepSeconds / MOST_BINS - 1e-9));
  const binSeconds = stepsPerBin * stepSeconds;
  return { bins: Math.max(1, Math.ceil(end / binSeconds - 1e-9)), binSeconds };
}

/** The mean of what was measured in each bin; null where nothing was. */
export function binned({ everySeconds, values }: Sampled, timeline: Timeline): (number | null)[] {
  const sums = new Float64Array(timeline.bins);
  const counts = new Uint32Array(timeline.bins);
  values.forEach((value, step) => {
    if (value === null || !Number.isFinite(value)) return;
    const bin = Math.floor(((step + 0.5) * everySeconds) / timeline.binSeconds);
    if (bin >= timeline.bins) return;
    sums[bin] += value;
    counts[bin]++;
  });
  return Array.from(sums, (sum, bin) => (counts[bin] === 0 ? null : sum / counts[bin]));
}
