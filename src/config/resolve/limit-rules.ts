/** Limit rules: short and general forms of limits and quotas as flat lists of amounts in windows. */
import type { Dimension } from "../../core/demand.ts";
import { QUOTA_NAMES } from "../../core/quota/quota-kind.ts";
import type { AmountRule, LimitRule, LimitSelector, QuotaConfig } from "../config.ts";
import { fieldOf, type Path } from "../problem.ts";
import { DAY_MS, MINUTE_MS } from "../quantity.ts";
import type { CheckedConfig } from "../schema/config-schema.ts";

type Limit = NonNullable<CheckedConfig["upstreams"][string]["limits"]>[number];
type Quotas = CheckedConfig["tenants"][string]["quotas"];
type Windowed = NonNullable<Limit["requests"]>;

/** Field -> what it counts and in which time; null: slots, which are held rather than spent. */
const SHORT_FORMS = {
  rpm: ["requests", MINUTE_MS],
  rpd: ["requests", DAY_MS],
  tpm: ["tokens", MINUTE_MS],
  tpd: ["tokens", DAY_MS],
  itpm: ["input_tokens", MINUTE_MS],
  otpm: ["output_tokens", MINUTE_MS],
  max_parallel_requests: ["concurrency", null],
  usd_per_day: ["usd", DAY_MS],
} as const satisfies Record<string, readonly [Dimension, number | null]>;

const GENERAL_FORMS = ["requests", "tokens", "input_tokens", "output_tokens"] as const;

const NOT_FIXED = { isCalendarMonth: false, resetsAt: null, timeZone: null };

export function limitRules(upstream: string, limits: readonly Limit[]): LimitRule[] {
  return limits.flatMap((limit, index) => {
    const path = ["upstreams", upstream, "limits", index];
    const selector = selectorOf(limit);
    const amounts = [...shortRules(path, limit), ...generalRules(path, limit)];
    return amounts.map((rule) => ({ ...rule, upstream, selector }));
  });
}

function selectorOf({ model, project, key, each }: Limit): LimitSelector {
  const models = typeof model === "string" ? [model] : (model ?? null);
  return { models, project: project ?? null, key: key ?? null, each };
}

function shortRules(path: Path, limit: Limit): AmountRule[] {
  return namesOf(SHORT_FORMS).flatMap((name) => {
    const amount = limit[name];
    if (amount === undefined) return [];
    const [dimension, perMs] = SHORT_FORMS[name];
    const field = fieldOf([...path, name]);
    return [{ field, dimension, amount, perMs, window: "bucket", ...NOT_FIXED } as const];
  });
}

function generalRules(path: Path, limit: Limit): AmountRule[] {
  const rules = GENERAL_FORMS.flatMap((name) => {
    const rule = limit[name];
    return rule === undefined ? [] : [windowedRule([...path, name], name, rule)];
  });
  if (limit.units === undefined) return rules;
  return [...rules, windowedRule([...path, "units"], `units:${limit.units.name}`, limit.units)];
}

function windowedRule(path: Path, dimension: Dimension, rule: Windowed): AmountRule {
  const { amount, window, per } = rule;
  const base = { field: fieldOf(path), dimension, amount, perMs: per.ms, window };
  if (window !== "fixed") return { ...base, ...NOT_FIXED };
  const { resets_at: resetsAt = 0, time_zone: timeZone = "UTC" } = rule;
  return { ...base, isCalendarMonth: per.isCalendarMonth, resetsAt, timeZone };
}

export function quotasOf(quotas: Quotas): QuotaConfig[] {
  return QUOTA_NAMES.flatMap((name) => {
    const amount = quotas[name];
    return amount === undefined ? [] : [{ name, amount }];
  });
}

function namesOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}
