/** Run axis: what all charts over a run's time share, their bins, clock and words. */
import type { PolicyReport, Series } from "../../report-data.ts";
import type { Axis } from "../plot/frame.ts";
import { timeScale } from "../plot/scale.ts";
import { binned, type Timeline, timelineOf } from "../plot/timeline.ts";
import { moment, span } from "../wording.ts";

export type Values = readonly (number | null)[];

export const STRIP_PX = 60;
const TIME_TICKS = 4;

/** As long as the longest series of all policies. */
export function runTimeline(policies: readonly PolicyReport[], seconds: number): Timeline {
  const all = policies.flatMap(({ series }) =>
    [series.refused429, series.chargedShare, series.jain, ...series.waitingByTier].map(
      (values) => ({ everySeconds: series.everySeconds, values }),
    ),
  );
  return timelineOf(all, seconds);
}

export function fitted(values: Values, { everySeconds }: Series, timeline: Timeline): Values {
  return binned({ everySeconds, values }, timeline);
}

export function clock({ bins, binSeconds }: Timeline): Axis {
  const scale = timeScale(bins * binSeconds, TIME_TICKS);
  return { scale, label: (seconds) => span(seconds * 1_000) };
}

export function momentsOf({ bins, binSeconds }: Timeline): string[] {
  return [...Array(bins).keys()].map((bin) => moment(bin * binSeconds, binSeconds < 1 ? 1 : 0));
}

export function told(values: Values, format: (value: number) => string): string[] {
  return values.map((value) => format(value ?? Number.NaN));
}

/** 0 where there is nothing. */
export function greatest(series: readonly Values[]): number {
  let most = 0;
  for (const values of series) {
    for (const value of values) if (value !== null && value > most) most = value;
  }
  return most;
}
