/** Comparison: the table of all policies, with the best value of each line marked. */
import type { PolicyReport, SimulationReport } from "../report-data.ts";
import { swatch } from "./charts/chart.ts";
import { type Content, type Markup, markup } from "./markup.ts";
import { type Look, tierColour } from "./palette.ts";
import { count, duration, index, percent, plural, times } from "./wording.ts";

type TierFigures = PolicyReport["figures"]["tiers"][string];

interface Line {
  readonly label: string;
  /** NaN: not known, never the best. */
  readonly amountOf: (policy: PolicyReport) => number;
  readonly told: (value: number, policy: PolicyReport) => string;
  readonly isMoreBetter: boolean;
  /** Absent: every policy competes for the mark. */
  readonly competes?: (policy: PolicyReport) => boolean;
}

const LINES: readonly Line[] = [
  {
    label: "429s",
    amountOf: ({ figures }) => figures.upstream429,
    told: (refused, { figures }) => withShare(refused, figures.upstreamRequests),
    isMoreBetter: false,
  },
  {
    label: "Budget used",
    amountOf: ({ figures }) => figures.budgetUsed,
    told: percent,
    isMoreBetter: true,
  },
  {
    label: "Fairness (Jain)",
    amountOf: ({ figures }) => figures.jain,
    told: index,
    isMoreBetter: true,
  },
  {
    label: "Inversions",
    amountOf: ({ figures }) => figures.inversions,
    told: count,
    isMoreBetter: false,
  },
];

/** Shares of refused tasks that are this near are alike. */
const SAME_SHARE = 0.01;

const TIER_LINES: readonly (Omit<Line, "amountOf" | "told"> & {
  readonly amountOf: (figures: TierFigures) => number;
  readonly told: (value: number, figures: TierFigures) => string;
})[] = [
  { label: "wait p50", amountOf: ({ waitMs }) => waitMs.p50, told: duration, isMoreBetter: false },
  { label: "wait p99", amountOf: ({ waitMs }) => waitMs.p99, told: duration, isMoreBetter: false },
  {
    label: "refused or failed",
    amountOf: notServed,
    told: (value, figures) => withShare(value, figures.count),
    isMoreBetter: false,
  },
];

export function comparison(
  { policies, tiers }: SimulationReport,
  looks: ReadonlyMap<string, Look>,
): Markup {
  const heads = policies.map(
    ({ name }) => markup`<th scope="col">${swatch(looks.get(name)!.colour)}${name}</th>`,
  );
  const bodies = tiers.map((tier, place) => tierBody(policies, tier, place, tiers.length));
  const intro =
    policies.length === 1
      ? markup`<h2>Figures</h2>`
      : markup`<h2>Policies compared</h2>
<p>The same arrivals and limits for each. <span class="best">Marked</span>: the best of its line; for waits among those that refuse the fewest.</p>`;
  return markup`<section class="card wide">${intro}
<div class="scroll"><table><thead><tr><td></td>${heads}</tr></thead>
<tbody>${LINES.map((line) => row(line, policies))}</tbody>${bodies}</table></div>
${policies.map(forecasts)}</section>
`;
}

function forecasts({ name, foresight }: PolicyReport): Markup | null {
  const { refusedAtOnce, realOverForeseen, brokenPromises } = foresight;
  if (realOverForeseen === null) return null;
  const { p10, p50, p90 } = realOverForeseen;
  return markup`<p class="forecast">Forecasts of ${name}: ${plural(refusedAtOnce, "task")} told at once that the wait would be too long; ${percent(brokenPromises)} of those queued gave up in spite of a promise; real waits were ${times(p50)} those foreseen (p10 ${times(p10)}, p90 ${times(p90)}).</p>`;
}

function tierBody(
  policies: readonly PolicyReport[],
  tier: string,
  place: number,
  tiers: number,
): Markup {
  const tasks = plural(policies[0]?.figures.tiers[tier]?.count ?? 0, "task");
  const shares = policies.map(({ figures }) => unservedShare(figures.tiers[tier]));
  const least = Math.min(...shares.filter(Number.isFinite));
  const lines = TIER_LINES.map(
    ({ label, isMoreBetter, amountOf, told }): Line => ({
      label,
      isMoreBetter,
      // Who refuses more has shorter waits for that reason alone.
      competes: ({ figures }) =>
        amountOf === notServed || unservedShare(figures.tiers[tier]) <= least + SAME_SHARE,
      amountOf: ({ figures }) => valueIn(figures.tiers[tier], amountOf),
      told: (value, { figures }) => told(value, figures.tiers[tier]),
    }),
  );
  return markup`<tbody><tr class="tier"><th scope="rowgroup" colspan="${policies.length + 1}">${swatch(tierColour(place, tiers))}${tier} <small>${tasks}</small></th></tr>
${lines.map((line) => row(line, policies))}</tbody>`;
}

function unservedShare(figures: TierFigures | undefined): number {
  return valueIn(figures, (known) => notServed(known) / known.count);
}

/** A tier without tasks has nothing to be good at. */
function valueIn(
  figures: TierFigures | undefined,
  amountOf: (figures: TierFigures) => number,
): number {
  return figures === undefined || figures.count === 0 ? Number.NaN : amountOf(figures);
}

function row(
  { label, amountOf, told, isMoreBetter, competes = () => true }: Line,
  policies: readonly PolicyReport[],
): Markup {
  const values = policies.map(amountOf);
  const texts = policies.map((policy, place) =>
    Number.isFinite(values[place]) ? told(values[place], policy) : "–",
  );
  const inRace = policies.map(competes);
  const best = bestOf(
    values.map((value, place) => (inRace[place] ? value : Number.NaN)),
    texts,
    isMoreBetter,
  );
  const cells = texts.map((text, place): Content => {
    if (text !== best || !inRace[place]) return markup`<td>${text}</td>`;
    return markup`<td class="best">${text}<span class="unseen"> best</span></td>`;
  });
  return markup`<tr><th scope="row">${label}</th>${cells}</tr>
`;
}

/** As it is told, for what reads the same is equally good; null where there is nothing to choose. */
function bestOf(
  values: readonly number[],
  texts: readonly string[],
  isMoreBetter: boolean,
): string | null {
  const known = values.filter(Number.isFinite);
  if (known.length < 1 || new Set(texts).size === 1) return null;
  return texts[values.indexOf(isMoreBetter ? Math.max(...known) : Math.min(...known))];
}

function notServed({ count, ok, fallback }: TierFigures): number {
  return Math.max(0, count - ok - fallback);
}

function withShare(part: number, whole: number): string {
  return part > 0 && whole > 0 ? `${count(part)} (${percent(part / whole)})` : count(part);
}
