/** Steps: binned values as the outlines of SVG paths, one unit wide per bin and 100 high. */
import type { Scale } from "./scale.ts";

type Values = readonly (number | null)[];

/** Filled down to the ground; nothing where nothing was measured. */
export function stepArea(values: Values, scale: Scale): string {
  return runsOf(values)
    .map(({ from, run }) => `M${from},100${outline(run, from, scale)}V100Z`)
    .join("");
}

/** The upper edge alone. */
export function stepLine(values: Values, scale: Scale): string {
  return runsOf(values)
    .map(({ from, run }) => `M${from},${height(run[0], scale)}${outline(run, from, scale)}`)
    .join("");
}

/**
 * One area per layer, the last layer lowest. Each reaches the ground and is to be drawn over the
 * ones before it, which takes half of the outline that bands would.
 */
export function stackedAreas(layers: readonly Values[], scale: Scale): string[] {
  return layers.map((_, first) => stepArea(summed(layers.slice(first)), scale));
}

/** What all layers come to in each bin; null where none was measured. */
export function summed(layers: readonly Values[]): (number | null)[] {
  const bins = Math.max(0, ...layers.map((layer) => layer.length));
  return Array.from({ length: bins }, (_, bin) => {
    const known = layers.map((layer) => layer[bin] ?? null).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
  });
}

interface Run {
  readonly from: number;
  readonly run: readonly number[];
}

function runsOf(values: Values): Run[] {
  const runs: { from: number; run: number[] }[] = [];
  values.forEach((value, bin) => {
    if (value === null) return;
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.run.length === bin) last.run.push(value);
    else runs.push({ from: bin, run: [value] });
  });
  return runs;
}

/** Goes on only where the height changes: quiet stretches cost nothing. */
function outline(run: readonly number[], from: number, scale: Scale): string {
  const heights = run.map((value) => height(value, scale));
  const parts = heights.map((height, index) => {
    const isLast = index === run.length - 1;
    const up = index === 0 || height !== heights[index - 1] ? `V${height}` : "";
    const on = isLast || heights[index + 1] !== height ? `H${from + index + 1}` : "";
    return up + on;
  });
  return parts.join("");
}

function height(value: number, scale: Scale): number {
  return Number((100 * (1 - scale.at(value))).toFixed(1));
}
