/** Inactive: fields that are accepted and checked, but have no effect in this release. Delete a row to activate. */
import { dialectNamed } from "../dialects/registry.ts";
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
  /** Only with such values, `within` being what they stand in, from the outside; always if absent. */
  readonly when?: (value: unknown, within: readonly unknown[]) => boolean;
}

const LATER = "has no effect yet";

const ROWS: readonly Row[] = [
  {
    field: "store.kind",
    note: "tenants, quotas and their slots are shared; limits of upstreams stay in this process",
    when: (kind) => kind === "redis",
  },
  { field: "tiers.*.slo", note: LATER },
  {
    field: "upstreams.*.limits.*.units",
    note: "kept for slots alone: calls of this dialect are not counted in such units",
    when: (units, within) => !isCounted(units, within[UPSTREAM_DEPTH]),
  },
  { field: "classifier.url", note: "the shipped rules decide" },
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

/** An upstream stands in `upstreams`, which stands in the whole. */
const UPSTREAM_DEPTH = 2;

/** Does the dialect say of its calls how many of these units they take? */
function isCounted(units: unknown, upstream: unknown): boolean {
  const dialect = textAt(upstream, "dialect");
  const names = dialect === null ? undefined : dialectNamed(dialect)?.units?.names;
  return names?.includes(textAt(units, "name") ?? "") ?? false;
}

function textAt(value: unknown, field: string): string | null {
  const text = isFilled(value) ? (value as Readonly<Record<string, unknown>>)[field] : null;
  return typeof text === "string" ? text : null;
}

/** Empty lists and mappings ask for nothing. */
function isFilled(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** Only what is really written, in the order it is written. */
export function inactiveKeys(source: Source): InactiveKey[] {
  const keys = ROWS.flatMap(({ field, note, when = () => true }) =>
    matches(source.value, field.split("."), [], [])
      .filter(({ value, within }) => value !== undefined && value !== null && when(value, within))
      .map(({ path }) => ({ field: fieldOf(path), line: source.lineOf(path), note })),
  );
  return keys.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

interface Match {
  readonly path: Path;
  readonly value: unknown;
  readonly within: readonly unknown[];
}

function matches(
  value: unknown,
  pattern: readonly string[],
  path: Path,
  within: readonly unknown[],
): Match[] {
  const [step, ...rest] = pattern;
  if (step === undefined) return [{ path, value, within }];
  if (typeof value !== "object" || value === null) return [];
  const isList = Array.isArray(value);
  return Object.entries(value)
    .filter(([key]) => step === "*" || step === key)
    .flatMap(([key, child]) =>
      matches(child, rest, [...path, isList ? Number(key) : key], [...within, value]),
    );
}
