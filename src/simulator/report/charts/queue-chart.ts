/** Queue chart: how many tasks waited while the run went on, tiers stacked; one strip per policy. */
import type { Series, SimulationReport } from "../../report-data.ts";
import { type Markup, markup } from "../markup.ts";
import { type Look, tierColour } from "../palette.ts";
import { axisLabels, plot, stretched } from "../plot/frame.ts";
import { linearScale, type Scale } from "../plot/scale.ts";
import { stackedAreas, summed } from "../plot/steps.ts";
import type { Timeline } from "../plot/timeline.ts";
import type { Readout } from "../readout.ts";
import { count } from "../wording.ts";
import { chart, legendOf, type Strip, strips } from "./chart.ts";
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

const LEVELS = 2;

export function queueChart(
  { policies, tiers, seconds }: SimulationReport,
  looks: ReadonlyMap<string, Look>,
): Markup {
  const timeline = runTimeline(policies, seconds);
  const queues = policies.map(({ series }) =>
    tiers.map((_, tier) => fitted(series.waitingByTier[tier] ?? [], series, timeline)),
  );
  const scale = linearScale(greatest(queues.map(summed)), LEVELS);
  const rows = policies.map(({ name, series }, place): Strip => {
    const most = greatest([summed(series.waitingByTier)]);
    return {
      name,
      colour: looks.get(name)!.colour,
      summary: `≤ ${count(most)}`,
      readout: queueReadout(queues[place], tiers, timeline),
      plot: plot({
        heightPx: STRIP_PX,
        title: `Tasks waiting over time, ${name}`,
        description: mostByTier(series, tiers),
        x: clock(timeline).scale,
        y: { scale, label: count },
        marks: stacked(queues[place], scale),
      }),
    };
  });
  return chart({
    title: "Queue over time",
    note: "Tasks waiting, tiers stacked: the first tier lies at the bottom. Who waits should be who can.",
    legend: legendOf(
      tiers.map((name, tier) => ({ name, colour: tierColour(tier, tiers.length), dash: null })),
    ),
    body: strips("Queue over time", rows, axisLabels(clock(timeline)), null),
    isWide: false,
  });
}

function mostByTier({ waitingByTier }: Series, tiers: readonly string[]): string {
  const most = tiers.map((_, tier) => greatest([waitingByTier[tier] ?? []]));
  return tiers.map((tier, place) => `${tier}: at most ${count(most[place])}`).join(", ");
}

function queueReadout(
  layers: readonly Values[],
  tiers: readonly string[],
  timeline: Timeline,
): Readout {
  const rows = tiers.map((name, tier) => ({
    name,
    colour: tierColour(tier, tiers.length),
    values: told(layers[tier], count),
  }));
  const all = { name: "all", colour: "none", values: told(summed(layers), count) };
  return { heads: momentsOf(timeline), rows: [all, ...rows.toReversed()] };
}

/** The last tier on top, the first on the ground. */
function stacked(layers: readonly Values[], scale: Scale): Markup {
  const upside = layers.toReversed();
  const paths = stackedAreas(upside, scale).map((outline, place) => {
    const colour = tierColour(layers.length - 1 - place, layers.length);
    return markup`<path class="layer" style="fill:${colour}" d="${outline}"/>`;
  });
  return stretched(Math.max(1, layers[0]?.length ?? 0), STRIP_PX, paths);
}
