/** Time charts: budget, 429s and fairness while the run went on; one strip per policy, all on one axis. */
import type { PolicyReport, Series, SimulationReport } from "../../report-data.ts";
import { type Markup, markup } from "../markup.ts";
import type { Look } from "../palette.ts";
import { type Axis, axisLabels, plot, stretched } from "../plot/frame.ts";
import { linearScale, logScale, type Scale } from "../plot/scale.ts";
import { stepArea, stepLine } from "../plot/steps.ts";
import type { Timeline } from "../plot/timeline.ts";
import type { Readout } from "../readout.ts";
import { count, index, percent } from "../wording.ts";
import { chart, type Strip, strips } from "./chart.ts";
import {
  clock,
  fitted,
  greatest,
  momentsOf,
  runTimeline,
  STRIP_PX,
  told,
  type Values,
} from "./run-axis.ts";

type Looks = ReadonlyMap<string, Look>;

const LEVELS = 2;
/** From nothing to everything. */
const WHOLE = linearScale(1, 1);
/** Beyond this, a linear axis shows the smaller series as nothing. */
const LINEAR_RATIO = 50;

interface Measure {
  readonly title: string;
  readonly noteOn: (series: readonly Values[]) => string;
  readonly valuesOf: (series: Series) => Values;
  readonly summaryOf: (policy: PolicyReport) => string;
  readonly axisOf: (series: readonly Values[]) => Axis;
  readonly format: (value: number) => string;
  readonly isFilled: boolean;
}

const BUDGET: Measure = {
  title: "Budget used over time",
  noteOn: () =>
    "Share of what the provider made available in each step. A full strip wastes nothing; what was saved before can make it more, which is cut off here.",
  valuesOf: ({ chargedShare }) => chargedShare,
  summaryOf: ({ figures }) => percent(figures.budgetUsed),
  axisOf: () => ({ scale: WHOLE, label: percent }),
  format: percent,
  isFilled: true,
};

const REFUSALS: Measure = {
  title: "429s over time",
  noteOn: (series) =>
    `Requests per second that the provider refused${areFarApart(series) ? ", logarithmic" : ""}. An empty strip is what to hope for.`,
  valuesOf: ({ refused429, everySeconds }) => refused429.map((refused) => refused / everySeconds),
  summaryOf: ({ figures }) => count(figures.upstream429),
  axisOf: (series) => ({ scale: rateScale(series), label: (rate) => `${count(rate)}/s` }),
  format: (rate) => `${count(rate)}/s`,
  isFilled: true,
};

const FAIRNESS: Measure = {
  title: "Fairness over time",
  noteOn: () =>
    "Jain's index over tenants of one class that had work waiting: 1 is equal shares by weight. Gaps: nobody to compare. The figure is the least.",
  valuesOf: ({ jain }) => jain,
  summaryOf: ({ figures }) => index(figures.jain),
  axisOf: () => ({ scale: WHOLE, label: String }),
  format: index,
  isFilled: false,
};

export function timeCharts({ policies, seconds }: SimulationReport, looks: Looks): Markup[] {
  const timeline = runTimeline(policies, seconds);
  return [BUDGET, REFUSALS, FAIRNESS].map((measure) =>
    measureChart(policies, measure, timeline, looks),
  );
}

function measureChart(
  policies: readonly PolicyReport[],
  measure: Measure,
  timeline: Timeline,
  looks: Looks,
): Markup {
  const all = policies.map(({ series }) => fitted(measure.valuesOf(series), series, timeline));
  const axis = measure.axisOf(all);
  const rows = policies.map((policy, place): Strip => {
    const { colour } = looks.get(policy.name)!;
    const summary = measure.summaryOf(policy);
    return {
      name: policy.name,
      colour,
      summary,
      readout: null,
      plot: plot({
        heightPx: STRIP_PX,
        title: `${measure.title}, ${policy.name}`,
        description: `${summary} over the whole run`,
        x: clock(timeline).scale,
        y: axis,
        marks: outlined(all[place], axis.scale, colour, measure.isFilled),
      }),
    };
  });
  const readout: Readout = {
    heads: momentsOf(timeline),
    rows: policies.map(({ name }, place) => ({
      name,
      colour: looks.get(name)!.colour,
      values: told(all[place], measure.format),
    })),
  };
  const { title } = measure;
  const note = measure.noteOn(all);
  const body = strips(title, rows, axisLabels(clock(timeline)), readout);
  return chart({ title, note, legend: null, body, isWide: false });
}

function outlined(values: Values, scale: Scale, colour: string, isFilled: boolean): Markup {
  const area = markup`<path class="area" style="fill:${colour}" d="${stepArea(values, scale)}"/>`;
  const line = markup`<path class="line" style="stroke:${colour}" d="${stepLine(values, scale)}"/>`;
  return stretched(values.length, STRIP_PX, isFilled ? [area, line] : line);
}

/** Linear if that shows every policy; else logarithmic. */
function rateScale(series: readonly Values[]): Scale {
  return areFarApart(series) ? logScale(greatest(series)) : linearScale(greatest(series), LEVELS);
}

function areFarApart(series: readonly Values[]): boolean {
  const peaks = series.map((values) => greatest([values])).filter((peak) => peak > 0);
  return Math.max(...peaks) > LINEAR_RATIO * Math.min(...peaks);
}
