/** Distribution chart: what share of a tier's tasks waited no longer than this, policies over each other. */
import type { SimulationReport, WaitQuantiles } from "../../report-data.ts";
import { type Markup, markup } from "../markup.ts";
import { type Look, tierColour } from "../palette.ts";
import { axisLabels, plot, stretched } from "../plot/frame.ts";
import { linearScale, type WaitScale, waitScale } from "../plot/scale.ts";
import type { Readout } from "../readout.ts";
import { duration, percent, span } from "../wording.ts";
import { chart, grouped, legendOf, swatch } from "./chart.ts";

type Quantiles = WaitQuantiles["quantiles"];

interface Curve {
  readonly name: string;
  readonly look: Look;
  readonly quantiles: Quantiles;
}

const PANEL_PX = 150;
/** Units across, for outlines. */
const WIDTH = 1_000;
/** Places along the axis where a value can be read. */
const PLACES = 100;
const SHARES = linearScale(1, 2);

export function distributionChart(
  { policies, tiers }: SimulationReport,
  looks: ReadonlyMap<string, Look>,
): Markup {
  const all = policies.flatMap(({ waitQuantilesByTier }) => waitQuantilesByTier);
  const waits = all.flatMap(({ quantiles }) => quantiles.map(({ waitMs }) => waitMs));
  const scale = waitScale(waits.reduce((most, waitMs) => Math.max(most, waitMs), 0));
  const panels = tiers.map((tier, place) => {
    const curves = policies.map(({ name, waitQuantilesByTier }) => ({
      name,
      look: looks.get(name)!,
      quantiles: waitQuantilesByTier.find((one) => one.tier === tier)?.quantiles ?? [],
    }));
    return panel(tier, tierColour(place, tiers.length), curves, scale);
  });
  return chart({
    title: "Distribution of waits",
    note: "Share of a tier's tasks that were served after no longer a wait than this. A curve that rises early, and to the top, is better.",
    legend: legendOf(policies.map(({ name }) => ({ name, ...looks.get(name)! }))),
    body: markup`<div class="panels">${panels}</div>`,
    isWide: true,
  });
}

function panel(tier: string, colour: string, curves: readonly Curve[], scale: WaitScale): Markup {
  const drawn = plot({
    heightPx: PANEL_PX,
    title: `Distribution of waits, ${tier}`,
    description: curves.map(inWords).join("; "),
    x: scale,
    y: { scale: SHARES, label: (share) => `${share * 100} %` },
    marks: stretched(
      WIDTH,
      PANEL_PX,
      curves.toReversed().map((one) => outlined(one, scale)),
    ),
  });
  const attributes = grouped(`Distribution of waits, ${tier}`, readoutOf(curves, scale));
  return markup`<div class="panel" ${attributes}><h3>${swatch(colour)}${tier}</h3>${drawn}${axisLabels({ scale, label: span })}</div>
`;
}

function outlined({ look, quantiles }: Curve, scale: WaitScale): Markup | null {
  if (quantiles.length === 0) return null;
  const points = quantiles.map(({ share, waitMs }) => {
    const [x, y] = [WIDTH * scale.at(waitMs), 100 * (1 - SHARES.at(share))];
    return `${Number(x.toFixed(1))},${Number(y.toFixed(1))}`;
  });
  const start = `M${points[0].split(",")[0]},100`;
  return markup`<path class="line" style="stroke:${look.colour}" stroke-dasharray="${look.dash}" d="${start}L${points.join(" ")}H${WIDTH}"/>`;
}

function readoutOf(curves: readonly Curve[], scale: WaitScale): Readout {
  const waits = [...Array(PLACES).keys()].map((place) => scale.waitMsAt((place + 0.5) / PLACES));
  return {
    heads: waits.map((waitMs) => `served after ≤ ${duration(waitMs)}`),
    rows: curves.map(({ name, look, quantiles }) => ({
      name,
      colour: look.colour,
      values: waits.map((waitMs) => percent(shareWithin(quantiles, waitMs))),
    })),
  };
}

/** Between two quantiles, as if waits were spread evenly; NaN where there are none. */
function shareWithin(quantiles: Quantiles, waitMs: number): number {
  const next = quantiles.findIndex((quantile) => quantile.waitMs > waitMs);
  if (quantiles.length === 0) return Number.NaN;
  if (next < 0) return quantiles[quantiles.length - 1].share;
  if (next === 0) return 0;
  const [from, to] = [quantiles[next - 1], quantiles[next]];
  const way = (waitMs - from.waitMs) / (to.waitMs - from.waitMs);
  return from.share + way * (to.share - from.share);
}

function inWords({ name, quantiles }: Curve): string {
  const median = quantiles.find(({ share }) => share >= 0.5);
  if (quantiles.length === 0) return `${name}: no tasks`;
  return median === undefined
    ? `${name}: less than half were served`
    : `${name}: half were served after at most ${duration(median.waitMs)}`;
}
