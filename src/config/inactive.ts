/** Inactive: fields that are accepted and checked, but have no effect in this release. Delete a row to activate. */
import { fieldOf, type Path } from "./problem.ts";
import type { Source } from "./source/source.ts";

export interface InactiveKey {
  readonly field: string;
  readonly line: number | null;
  readonly note: string;
}

interface Row {
  /** `*` stands for any name or index. */
  readonly field: string;
  readonly note: string;
  /** Only with such values; always if absent. */
  readonly when?: (value: unknown) => boolean;
}

const LATER = "has no effect yet";
const ACTIVE_AUTH: readonly unknown[] = ["bearer", "header"];

const ROWS: readonly Row[] = [
  { field: "store.kind", note: "meters stay in this process", when: (kind) => kind === "redis" },
  { field: "tiers.*.slo", note: LATER },
  { field: "task_types.*.fallback", note: "such tasks are refused", when: isFilled },
  {
    field: "upstreams.*.auth.kind",
    note: "the credential is sent as the dialect does",
    when: (kind) => !ACTIVE_AUTH.includes(kind),
  },
  {
    field: "upstreams.*.limits.*.units",
    note: "kept for slots, which state their units; not for calls",
  },
  {
    field: "models.*",
    note: "only the first candidate serves",
    when: (candidates) => Array.isArray(candidates) && candidates.length > 1,
  },
  { field: "models.*.*.quality", note: LATER },
  { field: "retry.budget", note: LATER },
  { field: "breaker", note: LATER },
  { field: "cache", note: LATER },
  { field: "classifier", note: LATER },
  { field: "alerts.rate_429", note: LATER },
  { field: "alerts.queue_depth", note: LATER, when: isFilled },
  { field: "alerts.webhooks", note: LATER, when: isFilled },
  { field: "telemetry", note: LATER },
  { field: "retention.jobs", note: LATER },
  { field: "retention.dead_letters", note: LATER },
  { field: "retention.cache", note: LATER },
  { field: "retention.history", note: LATER },
  { field: "jobs", note: LATER },
];

/** Empty lists and mappings ask for nothing. */
function isFilled(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** Only what is really written, in the order it is written. */
export function inactiveKeys(source: Source): InactiveKey[] {
  const keys = ROWS.flatMap(({ field, note, when = () => true }) =>
    matches(source.value, field.split("."), [])
      .filter(({ value }) => value !== undefined && value !== null && when(value))
      .map(({ path }) => ({ field: fieldOf(path), line: source.lineOf(path), note })),
  );
  return keys.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

type Match = { readonly path: Path; readonly value: unknown };

function matches(value: unknown, pattern: readonly string[], path: Path): Match[] {
  const [step, ...rest] = pattern;
  if (step === undefined) return [{ path, value }];
  if (typeof value !== "object" || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value)
    .filter(([key]) => step === "*" || step === key)
    .flatMap(([key, child]) => matches(child, rest, [...path, isList ? Number(key) : key]));
}
