/** Upstreams: one way to give a credential, limits that count something, windows that make sense. */
import type { Finding, Path } from "../problem.ts";
import { DAY_MS, DURATION_UNITS, parseQuantity } from "../quantity.ts";
import { AMOUNT_FIELDS } from "../schema/limits.ts";
import { order } from "./server.ts";
import { type Check, entriesIn, fieldIn, isMapping, itemsIn } from "./written.ts";

export const checkUpstreams: Check = (root, found) =>
  entriesIn(root, "upstreams").flatMap(([name, upstream]) => {
    const path = ["upstreams", name];
    return [
      ...oneCredentialForm(path, upstream),
      ...order([...path, "adaptive"], "min", "max", fieldIn(upstream, "adaptive"), found),
      ...order([...path, "adaptive"], "initial", "max", fieldIn(upstream, "adaptive"), found),
      ...itemsIn(upstream, "limits").flatMap((limit, index) =>
        limitFindings([...path, "limits", index], limit, found),
      ),
    ];
  });

/** `api_key`, `credentials` and `auth.token` (or a kind of auth that needs none of them) exclude each other. */
function oneCredentialForm(path: Path, upstream: unknown): Finding[] {
  const auth = fieldIn(upstream, "auth");
  const kind = fieldIn(auth, "kind");
  const forms: [string, Path][] = [];
  if (isWritten(fieldIn(upstream, "credentials"))) forms.push(["credentials", ["credentials"]]);
  if (isWritten(fieldIn(upstream, "api_key"))) forms.push(["api_key", ["api_key"]]);
  if (isWritten(fieldIn(auth, "token"))) forms.push(["auth.token", ["auth", "token"]]);
  if (SELF_CONTAINED.has(kind)) forms.push([`auth of kind ${kind}`, ["auth"]]);
  if (forms.length < 2) return [];
  const found = forms.map(([form]) => form).join(" and ");
  return [{ path: [...path, ...forms[1][1]], found, expected: "only one of them" }];
}

/** Kinds of auth that bring their own secrets. */
const SELF_CONTAINED: ReadonlySet<unknown> = new Set([
  "basic",
  "oauth2",
  "aws-sigv4",
  "google-service-account",
]);

function isWritten(value: unknown): boolean {
  return value !== undefined && value !== null;
}

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
