/** Limit meters: the meters of one account, made from its configured limits and kept across reloads. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { Dimension } from "../../core/demand.ts";
import { Bucket } from "../../core/meter/bucket.ts";
import { FixedWindow } from "../../core/meter/fixed-window.ts";
import { type Meter, type MeterLabel, MICRO_UNITS } from "../../core/meter/meter.ts";
import { paceOf } from "../../core/meter/pace.ts";
import { SlidingWindow } from "../../core/meter/sliding-window.ts";
import { Slots } from "../../core/meter/slots.ts";
import { windowEndOf } from "../calendar.ts";

/** One limit of an upstream. */
export interface LimitRule {
  readonly selector: {
    /** Globs over the model that is sent upstream; null: all. */
    readonly models: readonly string[] | null;
    readonly project: string | null;
    /** A credential's name; null: all. */
    readonly key: string | null;
    /** One meter for each model instead of one for all that match. */
    readonly each: boolean;
  };
  readonly dimension: Dimension;
  readonly amount: number;
  /** Null for slots, which have no window. */
  readonly perMs: number | null;
  readonly window: "bucket" | "sliding" | "fixed";
  /** Minutes after local midnight; null: midnight. */
  readonly resetsAt: number | null;
  /** Null: UTC. */
  readonly timeZone: string | null;
}

const MINUTE_MS = 60_000;

/** What the limit counts over, in words: `account`, `model:gpt-5*`, `project:p1`, `key:prod`. */
export function selectorLabel(rule: LimitRule, model: string | null): string {
  const { models, project, key, each } = rule.selector;
  const parts = [
    models !== null ? `model:${each && model !== null ? model : models.join(",")}` : null,
    project !== null ? `project:${project}` : null,
    key !== null ? `key:${key}` : null,
  ].filter((part) => part !== null);
  return parts.length > 0 ? parts.join(" ") : "account";
}

/**
 * Names that stay the same when only the amount of a limit changes; the second of two limits that
 * are otherwise alike gets a number.
 */
export function identitiesOf(rules: readonly LimitRule[]): readonly string[] {
  const seen = new Map<string, number>();
  return rules.map((rule) => {
    const name = [rule.dimension, selectorLabel(rule, null), rule.window, rule.perMs].join("|");
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}#${count + 1}`;
  });
}

export function createMeter(
  rule: LimitRule,
  model: string | null,
  now: number,
  initialShare: number,
): Meter {
  const meter = meterOf(rule, model, now, initialShare);
  setPace(meter, rule);
  return meter;
}

/**
 * Requests are spaced, because providers count them in finer steps than their limit says. Tokens of
 * a bucket come back as a stream anyway, those of a window all at once.
 */
export function setPace(meter: Meter, { dimension, window, perMs }: LimitRule): void {
  const isSpaced = dimension === "requests" || window !== "bucket";
  if (dimension === "concurrency" || !isSpaced) return;
  meter.pace = paceOf(meter.capacity, (perMs ?? MINUTE_MS) * MICROS_PER_MS);
}

export function labelOf(rule: LimitRule, model: string | null): MeterLabel {
  return { dimension: rule.dimension, selector: selectorLabel(rule, model) };
}

function meterOf(rule: LimitRule, model: string | null, now: number, initialShare: number): Meter {
  const label = labelOf(rule, model);
  const capacity = Math.round(rule.amount * MICRO_UNITS);
  if (rule.dimension === "concurrency") return new Slots(label, capacity);
  const per = (rule.perMs ?? MINUTE_MS) * MICROS_PER_MS;
  const options = { label, capacity, per, now, initialShare };
  if (rule.window === "bucket") return new Bucket(options);
  if (rule.window === "sliding") return new SlidingWindow(options);
  const windowEnd = windowEndOf({
    perMs: rule.perMs ?? MINUTE_MS,
    resetsAtMinutes: rule.resetsAt ?? 0,
    timeZone: rule.timeZone ?? "UTC",
  });
  return new FixedWindow({ ...options, windowEnd });
}

export function resizeMeter(meter: Meter, rule: LimitRule, now: number): void {
  const per = (rule.perMs ?? MINUTE_MS) * MICROS_PER_MS;
  meter.resize(Math.round(rule.amount * MICRO_UNITS), per, now);
  setPace(meter, rule);
}
