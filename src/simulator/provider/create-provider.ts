/** Create provider: from limits to the allowances in which the requests for each model count. */
import type { LimitRule } from "../../runtime/account/limit-meter.ts";
import { windowEndOf } from "../../runtime/calendar.ts";
import { isCountedBy } from "../limits.ts";
import type { Allowance, AllowanceLabel } from "./allowance.ts";
import { Provider } from "./provider.ts";
import { Refilling } from "./refilling.ts";
import { RULES, type SimulatedDialect } from "./rules.ts";
import { Seats } from "./seats.ts";
import { FixedWindows, RollingWindow } from "./windows.ts";

export interface ProviderSetting {
  readonly dialect: SimulatedDialect;
  readonly limits: readonly LimitRule[];
  /** By their place: a request's group. Null: requests that name none. */
  readonly models: readonly (string | null)[];
  /** Share of each limit that is there at the start, 0 to 1. */
  readonly initialShare: number;
}

const MINUTE_MS = 60_000;

export function createProvider(setting: ProviderSetting, now: number): Provider {
  const allowances: Allowance[] = [];
  const ofGroup: Allowance[][] = setting.models.map(() => []);
  for (const [index, rule] of setting.limits.entries()) {
    const groups = groupsOf(rule, setting.models);
    const shared = rule.selector.each ? groups.map((group) => [group]) : [groups];
    for (const members of shared) {
      if (members.length === 0) continue;
      const name = `${index}:${rule.dimension}:${members.join("+")}`;
      const allowance = createAllowance(rule, name, setting.initialShare, now);
      allowances.push(allowance);
      for (const group of members) ofGroup[group].push(allowance);
    }
  }
  return new Provider(allowances, ofGroup, RULES[setting.dialect]);
}

/** Which models' requests the limit counts. */
function groupsOf(rule: LimitRule, models: readonly (string | null)[]): number[] {
  return models.flatMap((model, group) => (isCountedBy(rule, model) ? [group] : []));
}

function createAllowance(
  rule: LimitRule,
  name: string,
  initialShare: number,
  now: number,
): Allowance {
  const { dimension, amount, window } = rule;
  const perMs = rule.perMs ?? MINUTE_MS;
  const label: AllowanceLabel = { name, dimension, limit: amount, per: perMs * 1_000 };
  if (dimension === "concurrency") return new Seats(label, now);
  if (window === "bucket") return new Refilling(label, now, initialShare);
  if (window === "sliding") return new RollingWindow(label, now);
  const resetsAtMinutes = rule.resetsAt ?? 0;
  const endOf = windowEndOf({ perMs, resetsAtMinutes, timeZone: rule.timeZone ?? "UTC" });
  return new FixedWindows(label, now, initialShare, endOf);
}
