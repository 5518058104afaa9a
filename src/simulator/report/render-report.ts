/** Render report: a simulation as one HTML page that needs nothing else, neither network nor scripts. */
import type { SimulationReport } from "../report-data.ts";
import { distributionChart } from "./charts/distribution-chart.ts";
import { queueChart } from "./charts/queue-chart.ts";
import { rangeChart } from "./charts/range-chart.ts";
import { timeCharts } from "./charts/time-charts.ts";
import { comparison } from "./comparison.ts";
import { headline, subject } from "./headline.ts";
import { Markup, markup } from "./markup.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { policyLooks } from "./palette.ts";
import { READOUT_SCRIPT, scriptHash } from "./readout.ts";

/**
 * A complete HTML document. Whatever text the report holds is written as text: no name of a trace,
 * policy or tier can become markup, and the page forbids itself every script but its own.
 */
export function renderReport(report: SimulationReport): string {
  const looks = policyLooks(report.policies.map(({ name }) => name));
  const isEmpty = report.policies.length === 0;
  const charts = isEmpty
    ? null
    : markup`<div class="charts">${comparison(report, looks)}${rangeChart(report, looks)}${timeCharts(report, looks)}${queueChart(report, looks)}${distributionChart(report, looks)}</div>`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOfPage()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice simulation: ${subject(report)}</title>
<link rel="icon" href="data:,">
<style>${new Markup(PAGE_STYLE)}</style>
</head>
<body>
<main>
${headline(report, looks)}${charts}
<footer>Waits count from a task's arrival until it is sent or given up; those refused on arrival are left out. Budget used: by the meter that bound most. An inversion is a grant while a task of a higher class could have gone.</footer>
</main>
<script>${new Markup(READOUT_SCRIPT)}</script>
</body>
</html>
`.text;
}

function policyOfPage(): string {
  return `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '${scriptHash()}'`;
}
