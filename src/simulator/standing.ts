/** Standing: tasks' classes, weights and costs under a setting, by which every policy is judged. */
import type { Standing } from "../figures/standing.ts";
import type { LimitRule } from "../runtime/account/limit-meter.ts";
import type { LoadTask, LoadTenant } from "../workload/load.ts";
import { isCountedBy } from "./limits.ts";
import { amountTaken, RULES } from "./provider/rules.ts";
import type { Setting } from "./setting.ts";
import { serviceOf } from "./world/timing.ts";

const MICROS_PER_SECOND = 1_000_000;
const MINUTE_MS = 60_000;

/** What costs follow from. */
export type Prices = Pick<Setting, "dialect" | "limits" | "timing" | "seed">;

export function standingOf(setting: Setting, tenants: readonly LoadTenant[]): Standing {
  const { tiers, bands } = setting;
  const weights = new Map(
    tenants.map(({ name, tier, weight }) => [name, tiers[tier].weight * weight]),
  );
  return {
    bandOf: ({ tier, latency }) => bands.indexOf(tiers[tier].name, latency),
    weightOf: ({ tenant }) => weights.get(tenant) as number,
    costsOf: costsUnder(setting),
  };
}

/** A limit, or one of its meters if it has one for each model. */
interface PricedMeter {
  readonly meter: number;
  readonly limit: LimitRule;
}

function costsUnder(prices: Prices): Standing["costsOf"] {
  const places = new Map<string, number>();
  const placeOf = (key: string) => {
    const known = places.get(key) ?? places.size;
    places.set(key, known);
    return known;
  };
  const ofModel = new Map<string | null, readonly PricedMeter[]>();
  const metersOf = (model: string | null) =>
    prices.limits.flatMap((limit, place) => {
      if (!isCountedBy(limit, model)) return [];
      return { meter: placeOf(limit.selector.each ? `${place} ${model}` : `${place}`), limit };
    });
  return (task) => {
    const meters = ofModel.get(task.model) ?? metersOf(task.model);
    ofModel.set(task.model, meters);
    return meters.map(({ meter, limit }) => ({ meter, seconds: secondsAt(limit, task, prices) }));
  };
}

/** Places at once are supplied by time, too: each is taken for as long as the answer needs. */
export function secondsAt(
  { dimension, amount, perMs }: LimitRule,
  task: LoadTask,
  { dialect, timing, seed }: Prices,
): number {
  if (dimension === "concurrency") {
    return serviceOf(task, timing, seed).whole / MICROS_PER_SECOND / amount;
  }
  const units = amountTaken(RULES[dialect], task, dimension);
  return (units / amount) * ((perMs ?? MINUTE_MS) / 1_000);
}
