/** Table: the figures of all policies side by side, or one below the other where that is too wide. */
import type { PolicyFigures, TierFigures } from "../../figures/policy-figures.ts";
import { inSeconds, percent, whole } from "../../figures/words.ts";

export interface Column {
  readonly policy: string;
  readonly figures: PolicyFigures;
  /** 429s in the measured window, where that is not the whole run. */
  readonly windowed429: number;
  /** Null: no two tenants had work waiting long enough. */
  readonly jain: number | null;
}

const LABEL_WIDTH = 18;
/** Failed counts as refused here; --json tells them apart. */
const HEADINGS = ["ok", "refused", "p50", "p95", "p99", "max"];
const CELL_WIDTHS = [6, 8, 6, 6, 6, 6];
const BLOCK_WIDTH = CELL_WIDTHS.reduce((sum, width) => sum + width, 0);
const GAP = "   ";

/** Lines without colours, at most `width` long if that is possible. */
export function comparisonTable(columns: readonly Column[], width: number): string[] {
  const needed = LABEL_WIDTH + columns.length * (GAP.length + BLOCK_WIDTH);
  if (columns.length <= 1 || needed <= width) return tableOf(columns);
  return columns.flatMap((column, index) => [...(index > 0 ? [""] : []), ...tableOf([column])]);
}

function tableOf(columns: readonly Column[]): string[] {
  const tiers = Object.entries(columns[0].figures.tiers);
  return [
    line("", columns, ({ policy }) => centred(policy)),
    line("", columns, () => centredOver("tasks", "waited, seconds")),
    line("tier (tasks)", columns, () => cells(HEADINGS)),
    ...tiers.map(([name, { count }]) =>
      line(`${name} (${whole(count)})`, columns, ({ figures }) => tierCells(figures.tiers[name])),
    ),
    "",
    line("upstream 429s", columns, (column) => alone(refusals(column))),
    line("upstream requests", columns, ({ figures }) => alone(whole(figures.upstreamRequests))),
    line("budget used", columns, ({ figures }) => alone(percent(figures.budgetUsed))),
    line("fairness (Jain)", columns, ({ jain }) => alone(jain?.toFixed(3) ?? "not measurable")),
    line("inversions", columns, ({ figures }) => alone(whole(figures.inversions))),
  ].map((text) => text.trimEnd());
}

function line(
  label: string,
  columns: readonly Column[],
  block: (column: Column) => string,
): string {
  return [label.padEnd(LABEL_WIDTH), ...columns.map(block)].join(GAP);
}

function tierCells({ count, ok, waitMs }: TierFigures): string {
  const waits = [waitMs.p50, waitMs.p95, waitMs.p99, waitMs.max];
  return cells([whole(ok), whole(count - ok), ...waits.map(inSeconds)]);
}

function cells(texts: readonly string[]): string {
  return texts.map((text, index) => text.padStart(CELL_WIDTHS[index])).join("");
}

/** One heading over the first two cells, one over the others. */
function centredOver(first: string, second: string): string {
  const firstWidth = CELL_WIDTHS[0] + CELL_WIDTHS[1];
  return first.padStart(firstWidth) + second.padStart(BLOCK_WIDTH - firstWidth);
}

function alone(text: string): string {
  return text.padStart(CELL_WIDTHS[0]).padEnd(BLOCK_WIDTH);
}

function centred(text: string): string {
  const left = Math.floor((BLOCK_WIDTH - text.length - 2) / 2);
  return `${"─".repeat(left)} ${text} `.padEnd(BLOCK_WIDTH, "─");
}

function refusals({ figures, windowed429 }: Column): string {
  const all = whole(figures.upstream429);
  return figures.upstream429 === windowed429 ? all : `${all} (${whole(windowed429)} measured)`;
}
