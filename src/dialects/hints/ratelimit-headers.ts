/** The family of `RateLimit-*`, `X-RateLimit-*` and `X-Rate-Limit-*` headers, which no two APIs write alike. */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import { wholeWaitMs } from "./durations.ts";
import { headerOf } from "./headers.ts";
import { amountText, DAY_MS, MINUTE_MS } from "./rate-reading.ts";
import { parseWaitMs, referenceMs } from "./timestamps.ts";

const PREFIX = /^(?:x-)?rate-?limit-/;
const KINDS = new Set(["limit", "remaining", "reset"]);
/** Words of a header's name that say what is counted. `input-tokens` is two words, whichever comes first. */
const UNITS = new Set([
  "requests",
  "request",
  "tokens",
  "token",
  "input",
  "output",
  "prompt",
  "completion",
]);
const WINDOWS_MS: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: MINUTE_MS,
  hour: 3_600_000,
  day: DAY_MS,
};
/** Words that add nothing to the name. */
const FILLERS = new Set(["per", "api"]);

interface HeaderName {
  readonly kind: string;
  readonly dimension: LimitReading["dimension"];
  readonly perMs: number | null;
}

interface Draft {
  readonly name: HeaderName;
  limit: string | null;
  remaining: string | null;
  reset: string | null;
}

/** Servers repeat the same few names in every response; a memory of them saves most of the work. */
const KNOWN_NAMES = new Map<string, HeaderName | null>();
const MOST_KNOWN_NAMES = 1_000;

/** One reading for each dimension and window that the headers name, also where only a reset is told. */
export function rateLimitReadings(
  headers: HeaderView,
  receivedAtMs: number,
): readonly LimitReading[] {
  const drafts = new Map<string, Draft>();
  for (const header of Object.keys(headers)) {
    if (!header.startsWith("rate") && !header.startsWith("x-rate")) continue;
    const name = nameOf(header);
    if (name !== null) collect(drafts, name, headerOf(headers, header));
  }
  if (drafts.size === 0) return [];
  const reference = referenceMs(headers, receivedAtMs);
  return [...drafts.values()].map((draft) => readingOf(draft, reference));
}

function nameOf(header: string): HeaderName | null {
  const known = KNOWN_NAMES.get(header);
  if (known !== undefined) return known;
  const name = parseName(header);
  if (KNOWN_NAMES.size < MOST_KNOWN_NAMES) KNOWN_NAMES.set(header, name);
  return name;
}

function parseName(header: string): HeaderName | null {
  const prefix = PREFIX.exec(header);
  if (prefix === null) return null;
  const words = header
    .slice(prefix[0].length)
    .split("-")
    .filter((word) => !FILLERS.has(word));
  const kinds = words.filter((word) => KINDS.has(word));
  const units = words.filter((word) => UNITS.has(word));
  const windows = words.filter((word) => Object.hasOwn(WINDOWS_MS, word));
  // A word we do not know (used, resource, policy) makes it another header.
  const isKnown = kinds.length + units.length + windows.length === words.length;
  if (!isKnown || kinds.length !== 1 || windows.length > 1) return null;
  return { kind: kinds[0], dimension: dimensionOf(units), perMs: WINDOWS_MS[windows[0]] ?? null };
}

function dimensionOf(units: readonly string[]): LimitReading["dimension"] {
  if (units.includes("input") || units.includes("prompt")) return "input_tokens";
  if (units.includes("output") || units.includes("completion")) return "output_tokens";
  return units.includes("tokens") || units.includes("token") ? "tokens" : "requests";
}

/** The first value of a kind holds: a server that sends both spellings means the same limit. */
function collect(drafts: Map<string, Draft>, name: HeaderName, value: string | null): void {
  const key = `${name.dimension} ${name.perMs}`;
  let draft = drafts.get(key);
  if (draft === undefined) {
    draft = { name, limit: null, remaining: null, reset: null };
    drafts.set(key, draft);
  }
  if (name.kind === "limit") draft.limit ??= value;
  else if (name.kind === "remaining") draft.remaining ??= value;
  else draft.reset ??= value;
}

function readingOf(draft: Draft, reference: number): LimitReading {
  const waitMs = draft.reset === null ? null : parseWaitMs(draft.reset, reference);
  return {
    dimension: draft.name.dimension,
    perMs: draft.name.perMs ?? windowIn(draft.limit),
    limit: amountText(firstItem(draft.limit)),
    remaining: amountText(firstItem(draft.remaining)),
    resetMs: waitMs === null ? null : wholeWaitMs(waitMs),
    resetMeaning: "window",
    quantum: 1,
  };
}

/** Draft 03 put policies behind the limit: `100, 100;w=60, 1000;w=3600`. */
function firstItem(text: string | null): string | null {
  return text === null ? null : text.split(/[,;]/, 1)[0].trim();
}

function windowIn(limit: string | null): number | null {
  const seconds = limit === null ? null : /;\s{0,4}(?:w|window)=(\d{1,9})\b/.exec(limit);
  return seconds === null ? null : Number(seconds[1]) * 1_000;
}
