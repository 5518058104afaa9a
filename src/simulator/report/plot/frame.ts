/** Frame: one plot as an SVG that is as wide as its place and keeps its letters' size at any width. */
import { type Content, type Markup, markup } from "../markup.ts";
import type { Scale } from "./scale.ts";

export interface Axis {
  readonly scale: Scale;
  readonly label: (value: number) => string;
}

export interface Frame {
  readonly heightPx: number;
  /** What it shows, for those who cannot see it. */
  readonly title: string;
  readonly description: string;
  /** Vertical lines without labels; `timeLabels` and the like stand below the last plot. */
  readonly x: Scale;
  readonly y: Axis | null;
  readonly marks: Content;
}

/** Below it, an axis' labels need this much. */
const LABELS_PX = 20;

export function plot({ heightPx, title, description, x, y, marks }: Frame): Markup {
  return markup`<div class="plot"><svg role="img" height="${heightPx}"><title>${title}</title><desc>${description}</desc>${upright(x)}${y && level(y, heightPx)}${marks}</svg></div>`;
}

/** Outlines in bins, stretched to the plot's size; their lines keep their width. */
export function stretched(bins: number, heightPx: number, paths: Content): Markup {
  return markup`<svg width="100%" height="${heightPx}" viewBox="0 0 ${bins} 100" preserveAspectRatio="none" aria-hidden="true">${paths}</svg>`;
}

/** Labels of a horizontal axis, to stand below plots of the same width. */
export function axisLabels({ scale, label }: Axis): Markup {
  const texts = scale.ticks.map((tick) => {
    const share = scale.at(tick);
    return markup`<text x="${across(share)}" y="14" text-anchor="${anchor(share)}">${label(tick)}</text>`;
  });
  return markup`<div class="axis" aria-hidden="true"><svg height="${LABELS_PX}">${texts}</svg></div>`;
}

/** A place along the plot's width. */
export function across(share: number): string {
  return `${Number((share * 100).toFixed(2))}%`;
}

function upright(x: Scale): Markup[] {
  return x.ticks.map((tick) => {
    const place = across(x.at(tick));
    return markup`<line class="grid" x1="${place}" x2="${place}" y1="0" y2="100%"/>`;
  });
}

/** Labels stand to the right, where nothing is drawn. */
function level({ scale, label }: Axis, heightPx: number): Markup[] {
  return scale.ticks.map((tick) => {
    const top = Number((heightPx * (1 - scale.at(tick))).toFixed(1));
    return markup`<line class="grid" x1="0" x2="100%" y1="${top}" y2="${top}"/><text class="level" x="100%" dx="6" y="${top}" dy="${top < 8 ? 8 : top > heightPx - 4 ? 0 : 4}">${label(tick)}</text>`;
  });
}

function anchor(share: number): string {
  if (share < 0.02) return "start";
  return share > 0.96 ? "end" : "middle";
}
