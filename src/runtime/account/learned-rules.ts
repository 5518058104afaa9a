/** Learned rules: limits that answers told, as rules beside the configured ones, and the meters they begin with. */
import type { LearnedLimit } from "../../core/budget/options.ts";
import { MICROS_PER_MS } from "../../core/clock.ts";
import { FixedWindow } from "../../core/meter/fixed-window.ts";
import { type Meter, MICRO_UNITS } from "../../core/meter/meter.ts";
import { SlidingWindow } from "../../core/meter/sliding-window.ts";
import { createMeter, type LimitRule, labelOf, setPace } from "./limit-meter.ts";

/** A configured limit, or one that was learned, with what was told of it then. */
export interface KnownRule {
  readonly rule: LimitRule;
  /** Null: configured. */
  readonly learned: LearnedLimit | null;
}

export function configuredRules(rules: readonly LimitRule[]): readonly KnownRule[] {
  return rules.map((rule) => ({ rule, learned: null }));
}

/** A name with a star would be taken for a glob, and count what it was not told for. */
export function learnedRules(limits: readonly LearnedLimit[]): readonly KnownRule[] {
  return limits
    .filter(({ model }) => model === null || !model.includes("*"))
    .map((learned) => ({ rule: ruleOf(learned), learned }));
}

function ruleOf({ model, dimension, limit, perMs, window }: LearnedLimit): LimitRule {
  return {
    selector: { models: model === null ? null : [model], project: null, key: null, each: false },
    dimension,
    amount: limit,
    perMs,
    window,
    resetsAt: null,
    timeZone: null,
  };
}

/** @param initialShare of a configured limit; of a learned one it was told. */
export function meterFor(
  { rule, learned }: KnownRule,
  model: string | null,
  now: number,
  initialShare: number,
): Meter {
  if (learned === null) return createMeter(rule, model, now, initialShare);
  const { remaining, limit, windowEndsAt, perMs } = learned;
  const share = Math.min(1, Math.max(0, (remaining ?? limit) / limit));
  const isRolling = learned.window === "sliding";
  if (perMs === null || (windowEndsAt === null && !isRolling)) {
    return createMeter(rule, model, now, share);
  }
  const options = {
    label: labelOf(rule, model),
    capacity: Math.round(limit * MICRO_UNITS),
    per: perMs * MICROS_PER_MS,
    now,
    initialShare: share,
  };
  // Nobody knows when others have taken what is missing: most likely not all of it just now.
  const meter =
    windowEndsAt === null
      ? new SlidingWindow({ ...options, isUsedEvenly: true })
      : new FixedWindow({ ...options, windowEnd: windowsFrom(windowEndsAt, options.per) });
  setPace(meter, rule);
  return meter;
}

/** Windows of `per` microseconds, one of which ends at `anchor`. */
function windowsFrom(anchor: number, per: number): (now: number) => number {
  return (now) => anchor + (Math.floor((now - anchor) / per) + 1) * per;
}
