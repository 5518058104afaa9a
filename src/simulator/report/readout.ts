/** Readout: the values of a chart at each place along its axis, and the script that shows them. */
import { createHash } from "node:crypto";
import { type Markup, markup } from "./markup.ts";

export interface Readout {
  /** One per place, evenly spread over the plot's width. */
  readonly heads: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    readonly colour: string;
    readonly values: readonly string[];
  }[];
}

/** Between values, which we write ourselves: shorter than quotes, which an attribute must escape. */
const SEPARATOR = "|";

/** For a chart's outermost element. */
export function readoutAttribute({ heads, rows }: Readout): Markup {
  const packed = {
    heads: heads.join(SEPARATOR),
    rows: rows.map(({ name, colour, values }) => [name, colour, values.join(SEPARATOR)]),
  };
  return markup`data-readout="${JSON.stringify(packed)}"`;
}

/** Values only ever become text of an element, never markup. */
export const READOUT_SCRIPT = `
for (const svg of document.querySelectorAll("svg[role=img]")) {
  const [title, desc] = [svg.querySelector("title"), svg.querySelector("desc")];
  svg.setAttribute("aria-label", title.textContent + ". " + desc.textContent);
  title.remove();
}
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("role", "status");
document.body.append(tip);

function line(name, colour, value) {
  const row = document.createElement("div");
  const swatch = document.createElement("i");
  swatch.style.background = colour;
  const label = document.createElement("span");
  label.textContent = name;
  const figure = document.createElement("b");
  figure.textContent = value;
  row.append(swatch, label, figure);
  return row;
}

for (const chart of document.querySelectorAll("[data-readout]")) {
  const packed = JSON.parse(chart.dataset.readout);
  const heads = packed.heads.split("${SEPARATOR}");
  const rows = packed.rows.map(([name, colour, values]) => [name, colour, values.split("${SEPARATOR}")]);
  const first = chart.querySelector(".plot");
  let place = 0;

  const show = (x, y) => {
    const head = document.createElement("strong");
    head.textContent = heads[place];
    tip.replaceChildren(head, ...rows.map(([name, colour, values]) => line(name, colour, values[place])));
    tip.hidden = false;
    const left = x + 16 + tip.offsetWidth > innerWidth ? x - 16 - tip.offsetWidth : x + 16;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = Math.max(4, Math.min(y + 16, innerHeight - tip.offsetHeight - 4)) + "px";
    chart.style.setProperty("--place", ((place + 0.5) / heads.length) * 100 + "%");
    chart.classList.toggle("is-read", heads.length > 1);
  };
  const hide = () => {
    tip.hidden = true;
    chart.classList.remove("is-read");
  };
  const point = (event) => {
    const plot = event.target.closest(".plot");
    if (plot === null) return hide();
    const box = plot.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    place = Math.max(0, Math.min(heads.length - 1, Math.floor(share * heads.length)));
    show(event.clientX, event.clientY);
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", hide);

  if (heads.length === 1) continue;
  chart.tabIndex = 0;
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    place = Math.max(0, Math.min(heads.length - 1, place + step * (event.shiftKey ? 10 : 1)));
    const box = first.getBoundingClientRect();
    show(box.left + (box.width * (place + 0.5)) / heads.length, box.top);
  });
}
`;

/** For the page's security policy: only this very script may run. */
export function scriptHash(): string {
  return `sha256-${createHash("sha256").update(READOUT_SCRIPT).digest("base64")}`;
}
