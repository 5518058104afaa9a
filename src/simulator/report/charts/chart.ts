/** Chart: the frame of all charts, with a heading, a legend, and one strip per policy or one panel per tier. */
import { type Content, type Markup, markup } from "../markup.ts";
import { type Readout, readoutAttribute } from "../readout.ts";

export interface Chart {
  readonly title: string;
  /** What to look for, in a sentence. */
  readonly note: string;
  readonly legend: Content;
  readonly body: Content;
  readonly isWide: boolean;
}

export interface Strip {
  readonly name: string;
  readonly colour: string;
  /** The whole run in one figure. */
  readonly summary: string;
  readonly plot: Markup;
  /** Of this strip alone; null where strips are read together, or not at all. */
  readonly readout: Readout | null;
}

export interface LegendEntry {
  readonly name: string;
  readonly colour: string;
  /** Of the line that stands for it; null for an area. */
  readonly dash: string | null;
}

export function chart({ title, note, legend, body, isWide }: Chart): Markup {
  return markup`<figure class="card${isWide ? " wide" : ""}"><figcaption><h2>${title}</h2><p>${note}</p></figcaption>${legend}${body}</figure>
`;
}

/** Strips over one common axis. */
export function strips(
  label: string,
  rows: readonly Strip[],
  axis: Content,
  readout: Readout | null,
): Markup {
  return markup`<div class="strips" ${grouped(label, readout)}>${rows.map(strip)}${axis}</div>`;
}

export function legendOf(entries: readonly LegendEntry[]): Markup {
  const items = entries.map(
    ({ name, colour, dash }) =>
      markup`<li>${dash === null ? swatch(colour) : lineSample(colour, dash)}${name}</li>`,
  );
  return markup`<ul class="legend">${items}</ul>`;
}

export function swatch(colour: string): Markup {
  return markup`<i class="swatch" style="background:${colour}"></i>`;
}

/** Attributes of an element whose plots show their values together. */
export function grouped(label: string, readout: Readout | null): Markup {
  if (readout === null) return markup``;
  return markup`role="group" aria-label="${label}" ${readoutAttribute(readout)}`;
}

function strip({ name, colour, summary, plot, readout }: Strip): Markup {
  return markup`<div class="strip" ${grouped(name, readout)}><div class="name">${swatch(colour)}<span>${name}</span><b>${summary}</b></div>${plot}</div>
`;
}

function lineSample(colour: string, dash: string): Markup {
  return markup`<svg class="sample" width="26" height="8" aria-hidden="true"><line x1="1" x2="25" y1="4" y2="4" style="stroke:${colour}" stroke-dasharray="${dash}"/></svg>`;
}
