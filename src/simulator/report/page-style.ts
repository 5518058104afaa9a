/** Page style: the report's only style sheet, for light and dark screens, narrow ones, and paper. */

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --edge: #dfe3e8; --ink: #17202b; --soft: #566270; --grid: #e6e9ed;
  --best: #e4f3ea; --best-ink: #14613a;
  --tier-first: #14324f; --tier-last: #6a9ab0;
  --policy-0: #0b66d6; --policy-1: #cf3f2b; --policy-2: #b06a00; --policy-3: #7848c8;
  --policy-4: #23784f; --policy-5: #b02a78; --policy-6: #536373; --policy-7: #0f7f8c;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0e1217; --card: #161c24; --edge: #2a333e; --ink: #e8edf3; --soft: #9aa7b5; --grid: #252d37;
    --best: #15352a; --best-ink: #8fe0b4;
    --tier-first: #d9f0f7; --tier-last: #437a95;
    --policy-0: #5aa9ff; --policy-1: #ff7d68; --policy-2: #eeb04a; --policy-3: #b79bff;
    --policy-4: #62cb9b; --policy-5: #f48fc4; --policy-6: #a3b3c2; --policy-7: #4fc7d3;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
main { max-width: 1240px; margin: 0 auto; padding: 32px 20px 48px; }
h1, h2, h3, p, figure, ul { margin: 0; padding: 0; }
h1 { font-size: clamp(22px, 3.4vw, 34px); line-height: 1.2; letter-spacing: -0.015em; max-width: 30em; text-wrap: balance; }
h2 { font-size: 17px; letter-spacing: -0.005em; }
h3 { font-size: 13px; font-weight: 600; display: flex; align-items: center; gap: 7px; }
small { font-size: 12px; color: var(--soft); font-weight: 400; }
header p { color: var(--soft); max-width: 75ch; }
header b { color: var(--ink); font-weight: 600; }
header .kind { font-size: 13px; margin-bottom: 6px; }
header .rival { font-size: 18px; margin-top: 8px; }
header .setting { margin-top: 14px; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: 10px; padding: 18px 20px; min-width: 0; container-type: inline-size; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; margin: 24px 0 14px; }
.tile { container-type: normal; display: flex; flex-direction: column; padding: 14px 18px; }
.tile .label { font-size: 13px; color: var(--soft); }
.tile strong { font-size: 30px; line-height: 1.25; letter-spacing: -0.02em; }
.tile .other { border-top: 1px solid var(--grid); margin-top: 6px; padding-top: 6px; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; }
.wide { grid-column: 1 / -1; }
.card p, .forecast { color: var(--soft); font-size: 13px; margin-top: 2px; }
.card .forecast { margin-top: 12px; }

.scroll { overflow-x: auto; margin-top: 12px; position: relative; }
table { border-collapse: collapse; width: 100%; font-size: 14px; overflow-wrap: normal; }
th, td { padding: 6px 12px; text-align: right; white-space: nowrap; font-weight: 400; }
thead th { font-weight: 600; font-size: 13px; }
thead th .swatch { margin-right: 6px; }
tbody tr { border-top: 1px solid var(--grid); }
tbody th { text-align: left; color: var(--soft); position: sticky; left: 0; background: var(--card); }
tbody .tier th { color: var(--ink); font-weight: 600; padding-top: 16px; }
tbody .tier small { margin-left: 4px; }
.tier .swatch { margin-right: 7px; }
.best { background: var(--best); color: var(--best-ink); font-weight: 600; border-radius: 4px; }
p .best { padding: 1px 6px; }
td.best::before { content: "✓"; margin-right: 6px; font-weight: 400; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }

.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; flex: none; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 10px; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 7px; }
.sample line { stroke-width: 2.5; }
.strips { margin-top: 14px; --gutter: 48px; --names: 128px; }
.strip { display: grid; grid-template-columns: var(--names) minmax(0, 1fr); column-gap: 12px; }
.strips > .strip + .strip { margin-top: 8px; }
.name { font-size: 13px; line-height: 1.35; display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: 7px; align-items: center; align-content: center; }
.name span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.name b { grid-column: 2; font-size: 15px; }
.plot { position: relative; margin-right: var(--gutter); cursor: default; touch-action: pan-y; }
.plot svg, .axis svg { display: block; width: 100%; overflow: visible; }
.axis { margin: 2px var(--gutter) 0 calc(var(--names) + 12px); }
.is-read .plot::after { content: ""; position: absolute; inset: 0 auto 0 var(--place); border-left: 1px solid var(--ink); pointer-events: none; }
svg text { font-size: 11px; fill: var(--soft); }
.grid { stroke: var(--grid); }
.area { opacity: 0.28; }
.line { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.layer { stroke: var(--card); stroke-width: 0.75; vector-effect: non-scaling-stroke; }

.group + .group { margin-top: 14px; }
.group h3 { margin-bottom: 2px; }
.group .name { grid-template-columns: minmax(0, 1fr) auto; padding-left: 17px; }
.group .name span { color: var(--soft); }
.group .name b { grid-column: auto; font-size: 13px; }
.group .plot, .group ~ .axis { margin-right: 12px; }
.strips:has(.group) { --names: 220px; }
.span { stroke: var(--c); stroke-width: 3; opacity: 0.35; }
.p50 { fill: var(--card); stroke: var(--c); stroke-width: 2; }
.p95 { stroke: var(--c); stroke-width: 2.5; }
.p99 { fill: var(--c); }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 22px 20px; margin-top: 16px; --gutter: 44px; }
.panel h3 { margin-bottom: 8px; }
.panel .axis { margin: 2px var(--gutter) 0 0; }
.panel .line { stroke-width: 2.25; }

.tip { position: fixed; z-index: 1; pointer-events: none; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; box-shadow: 0 6px 24px rgb(0 0 0 / 0.18); padding: 8px 12px; font-size: 12.5px; max-width: 320px; }
.tip[hidden] { display: none; }
.tip strong { display: block; margin-bottom: 2px; }
.tip div { display: grid; grid-template-columns: 10px 1fr auto; gap: 8px; align-items: center; }
.tip i { width: 10px; height: 10px; border-radius: 3px; }
:focus-visible { outline: 2px solid var(--policy-0); outline-offset: 4px; border-radius: 4px; }
footer { color: var(--soft); font-size: 12.5px; margin-top: 22px; }

@container (max-width: 460px) {
  .strip { grid-template-columns: minmax(0, 1fr); row-gap: 3px; }
  .name { grid-template-columns: auto minmax(0, 1fr) auto; }
  .name b { grid-column: auto; font-size: 13px; }
  .group .name { padding-left: 0; }
  .axis { margin-left: 0; }
}
@media screen and (max-width: 900px) { .charts { grid-template-columns: minmax(0, 1fr); } }
@media screen and (max-width: 560px) {
  main { padding: 20px 12px 32px; }
  .card { padding: 14px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 10px; }
  .tile strong { font-size: 24px; }
  th, td { padding: 6px 8px; }
}
@media print {
  :root { color-scheme: light; --page: #ffffff; }
  body { font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 24px; }
  .tiles { grid-template-columns: repeat(4, 1fr); gap: 8px; }
  .tile strong { font-size: 20px; }
  table { font-size: 10.5px; }
  th, td, thead th { padding: 3px 5px; font-size: inherit; }
  .card { break-inside: avoid; }
  .tip { display: none; }
}
@page { margin: 12mm; }
`;
