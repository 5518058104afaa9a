/** Range chart: how long tasks waited, by tier and policy; from the median to the tail. */
import type { PolicyReport, SimulationReport } from "../../report-data.ts";
import { type Markup, markup } from "../markup.ts";
import { type Look, tierColour } from "../palette.ts";
import { across, axisLabels, plot } from "../plot/frame.ts";
import { type Scale, waitScale } from "../plot/scale.ts";
import type { Readout } from "../readout.ts";
import { duration, span } from "../wording.ts";
import { chart, grouped, swatch } from "./chart.ts";

type Looks = ReadonlyMap<string, Look>;
type Waits = PolicyReport["figures"]["tiers"][string]["waitMs"];

const ROW_PX = 20;

const NOTE =
  "Until a task was sent or given up; without those refused on arrival. Logarithmic above 1 ms, further left is better.";

export function rangeChart({ policies, tiers }: SimulationReport, looks: Looks): Markup {
  const waits = policies.flatMap(({ figures }) => Object.values(figures.tiers));
  const scale = waitScale(Math.max(0, ...waits.map(({ waitMs }) => waitMs.p99)));
  const groups = tiers.map((tier, place) => {
    const rows = policies.map((policy) => rangeRow(policy, tier, scale, looks));
    const heading = markup`<h3>${swatch(tierColour(place, tiers.length))}${tier}</h3>`;
    return markup`<div class="group">${heading}${rows}</div>
`;
  });
  return chart({
    title: "Waits by tier",
    note: NOTE,
    legend: rangeLegend(),
    body: markup`<div class="strips">${groups}${axisLabels({ scale, label: span })}</div>`,
    isWide: true,
  });
}

function rangeRow(
  { name, figures }: PolicyReport,
  tier: string,
  scale: Scale,
  looks: Looks,
): Markup {
  const { colour } = looks.get(name)!;
  const told = figures.tiers[tier];
  const isEmpty = told === undefined || told.count === 0;
  const description = isEmpty ? "no tasks" : waitsInWords(told.waitMs);
  const row = plot({
    heightPx: ROW_PX,
    title: `Waits of ${tier} tasks, ${name}`,
    description,
    x: scale,
    y: null,
    marks: isEmpty ? null : range(told.waitMs, scale, colour),
  });
  const attributes = isEmpty
    ? null
    : grouped(`${tier}, ${name}`, waitsReadout(name, told.waitMs, colour));
  return markup`<div class="strip" ${attributes}><div class="name"><span>${name}</span><b>${isEmpty ? "–" : duration(told.waitMs.p99)}</b></div>${row}</div>`;
}

/** A ring, a bar and a dot: they differ in shape, not in colour. */
function range({ p50, p95, p99 }: Waits, scale: Scale, colour: string): Markup {
  const [left, middle, right] = [p50, p95, p99].map((waitMs) => across(scale.at(waitMs)));
  const y = ROW_PX / 2;
  return markup`<g style="--c:${colour}"><line class="span" x1="${left}" x2="${right}" y1="${y}" y2="${y}"/><circle class="p99" cx="${right}" cy="${y}" r="5"/><line class="p95" x1="${middle}" x2="${middle}" y1="${y - 6}" y2="${y + 6}"/><circle class="p50" cx="${left}" cy="${y}" r="4"/></g>`;
}

function rangeLegend(): Markup {
  const sample = (shape: Markup) =>
    markup`<svg class="sample" width="14" height="14" style="--c:var(--ink)" aria-hidden="true">${shape}</svg>`;
  return markup`<ul class="legend"><li>${sample(markup`<circle class="p50" cx="7" cy="7" r="4"/>`)}p50, half waited less</li><li>${sample(markup`<line class="p95" x1="7" x2="7" y1="1" y2="13"/>`)}p95</li><li>${sample(markup`<circle class="p99" cx="7" cy="7" r="5"/>`)}p99, also in figures</li></ul>`;
}

function waitsInWords({ p50, p95, p99, max }: Waits): string {
  return `p50 ${duration(p50)}, p95 ${duration(p95)}, p99 ${duration(p99)}, at most ${duration(max)}`;
}

function waitsReadout(name: string, { p50, p95, p99, max }: Waits, colour: string): Readout {
  const figures = { p50, p95, p99, most: max };
  const rows = Object.entries(figures).map(([name, waitMs]) => ({
    name,
    colour,
    values: [duration(waitMs)],
  }));
  return { heads: [name], rows };
}
