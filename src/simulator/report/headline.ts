/** Headline: what was simulated and what came of it, in a sentence and four pairs of figures. */
import type { PolicyReport, ReportedLimit, SimulationReport } from "../report-data.ts";
import { type Markup, markup } from "./markup.ts";
import type { Look } from "./palette.ts";
import { count, duration, index, percent, plural, span, times } from "./wording.ts";

interface Tile {
  readonly label: string;
  readonly told: (policy: PolicyReport) => string;
}

/** Who backs off alone is what to compare with; else whoever is there. */
const RIVALS = ["naive-backoff", "jitter-backoff"];

const DIMENSIONS: Readonly<Record<string, string>> = {
  requests: "requests",
  tokens: "tokens",
  input_tokens: "input tokens",
  output_tokens: "output tokens",
  concurrency: "at once",
};
const WINDOWS: Readonly<Record<number, string>> = {
  1: "a second",
  60: "a minute",
  3600: "an hour",
  86400: "a day",
};

export function headline(report: SimulationReport, looks: ReadonlyMap<string, Look>): Markup {
  const ours = report.policies.find(({ name }) => name === "sluice") ?? report.policies[0];
  if (ours === undefined) return markup`<header><h1>Nothing was simulated</h1></header>`;
  const rival = rivalOf(ours, report.policies);
  const [first] = report.tiers;
  const against =
    rival && markup`<p class="rival">${capital(rival.name)}: ${inBrief(rival, first)}.</p>`;
  return markup`<header><p class="kind">Simulation by Sluice</p>
<h1>${capital(ours.name)}: ${inBrief(ours, first)}.</h1>
${against}
<p class="setting">${setting(report)}</p></header>
<div class="tiles">${tilesFor(first).map((tile) => drawn(tile, ours, rival, looks))}</div>
`;
}

/** Also the page's title. */
export function subject({ source, scale }: SimulationReport): string {
  return `${source}, ${times(scale)} the budget`;
}

function rivalOf(ours: PolicyReport, policies: readonly PolicyReport[]): PolicyReport | null {
  const named = RIVALS.map((rival) => policies.find(({ name }) => name === rival));
  return [...named, ...policies].find((policy) => policy && policy !== ours) ?? null;
}

function inBrief({ figures }: PolicyReport, tier: string | undefined): string {
  const refused = figures.upstream429 === 0 ? "0 refusals" : plural(figures.upstream429, "refusal");
  const parts = [refused, `${percent(figures.budgetUsed)} of the budget used`];
  const waits = tier === undefined ? undefined : figures.tiers[tier]?.waitMs;
  return [...parts, ...(waits ? [`${tier} p99 ${duration(waits.p99)}`] : [])].join(", ");
}

function setting(report: SimulationReport): Markup {
  const { source, seconds, policies, tiers, seed } = report;
  const tasks = tiers.reduce((sum, tier) => sum + (policies[0].figures.tiers[tier]?.count ?? 0), 0);
  const limits = report.limits.length === 0 ? "" : ` Limits: ${limitsInWords(report)}.`;
  const under = policies.length === 1 ? "one policy" : `${policies.length} policies`;
  return markup`<b>${source}</b>: ${span(seconds * 1_000)} of arrivals that ask for ${times(report.scale)} what the provider allows, under ${under}; ${plural(tasks, "task")} measured.${limits} Seed ${seed}.`;
}

/** For people, e.g. `111 requests a minute; 128,065 tokens a minute`. */
export function limitsInWords({ limits }: Pick<SimulationReport, "limits">): string {
  return limits.map(limitInWords).join("; ");
}

function limitInWords({ dimension, amount, perSeconds, selector }: ReportedLimit): string {
  const what = `${count(amount)} ${DIMENSIONS[dimension] ?? dimension}`;
  const window =
    perSeconds === null ? "" : ` ${WINDOWS[perSeconds] ?? `in ${span(perSeconds * 1_000)}`}`;
  return `${what}${window}${selector === "account" ? "" : ` (${selector})`}`;
}

function tilesFor(tier: string | undefined): Tile[] {
  const waits: Tile = {
    label: `${tier} p99 wait`,
    told: ({ figures }) => duration(figures.tiers[tier ?? ""]?.waitMs.p99 ?? Number.NaN),
  };
  return [
    { label: "429s", told: ({ figures }) => count(figures.upstream429) },
    { label: "budget used", told: ({ figures }) => percent(figures.budgetUsed) },
    ...(tier === undefined ? [] : [waits]),
    { label: "fairness (Jain)", told: ({ figures }) => index(figures.jain) },
  ];
}

function drawn(
  { label, told }: Tile,
  ours: PolicyReport,
  rival: PolicyReport | null,
  looks: ReadonlyMap<string, Look>,
): Markup {
  const other =
    rival && markup`<span class="other">${told(rival)} <small>${rival.name}</small></span>`;
  return markup`<div class="card tile"><span class="label">${label}</span><strong style="color:${looks.get(ours.name)!.colour}">${told(ours)}</strong>${other}</div>
`;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
