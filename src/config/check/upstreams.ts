/** Upstreams: limits that count something, windows that make sense. */
import type { Finding, Path } from "../problem.ts";
import { DAY_MS, DURATION_UNITS, parseQuantity } from "../quantity.ts";
import { AMOUNT_FIELDS } from "../schema/limits.ts";
import { order } from "./server.ts";
import { type Check, entriesIn, fieldIn, isMapping, isWritten, itemsIn } from "./written.ts";

export const checkUpstreams: Check = (root, found) =>
  entriesIn(root, "upstreams").flatMap(([name, upstream]) => {
    const path = ["upstreams", name];
    return [
      ...order([...path, "adaptive"], "min", "max", fieldIn(upstream, "adaptive"), found),
      ...order([...path, "adaptive"], "initial", "max", fieldIn(upstream, "adaptive"), found),
      ...itemsIn(upstream, "limits").flatMap((limit, index) =>
        limitFindings([...path, "limits", index], limit, found),
      ),
    ];
  });

function limitFindings(path: Path, limit: unknown, found: (path: Path) => string): Finding[] {
  if (!isMapping(limit)) return [];
  const amounts = AMOUNT_FIELDS.filter((field) => isWritten(fieldIn(limit, field)));
  return [
    ...(amounts.length === 0 ? [emptyLimit(path)] : []),
    ...eachWithoutModel(path, limit),
    ...amounts.flatMap((field) => windowFindings([...path, field], fieldIn(limit, field), found)),
  ];
}

function emptyLimit(path: Path): Finding {
  return {
    path,
    found: "a limit without an amount",
    expected: `one of ${AMOUNT_FIELDS.join(", ")}`,
  };
}

function eachWithoutModel(path: Path, limit: unknown): Finding[] {
  const isEach = String(fieldIn(limit, "each")) === "true";
  if (!isEach || isWritten(fieldIn(limit, "model"))) return [];
  return [
    { path: [...path, "each"], found: "each without model", expected: "the models it splits" },
  ];
}

/** Only a fixed window resets at a time; only windows of whole days at a time of day. */
function windowFindings(path: Path, rule: unknown, found: (path: Path) => string): Finding[] {
  if (!isMapping(rule)) return [];
  const isFixed = fieldIn(rule, "window") === "fixed";
  const per = fieldIn(rule, "per");
  const days = (parseQuantity(per, DURATION_UNITS) ?? DAY_MS) / DAY_MS;
  const timing = ["resets_at", "time_zone"].filter((field) => isWritten(fieldIn(rule, field)));
  if (!isFixed && per === "1mo") return [calendarMonth([...path, "per"])];
  if (isFixed && Number.isInteger(days)) return [];
  const expected = "a window: fixed of whole days or 1mo, which alone resets at a time of day";
  return timing.map((field) => ({
    path: [...path, field],
    found: found([...path, field]),
    expected,
  }));
}

function calendarMonth(path: Path): Finding {
  return { path, found: '"1mo"', expected: "a shorter time, or window: fixed for calendar months" };
}
