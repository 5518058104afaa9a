/** Cast: gives every tenant a tier, and every task its class. */
import type { Config } from "../../config/index.ts";
import { fillTiers } from "../../workload/assign-tenants.ts";
import type { LoadTask, LoadTenant } from "../../workload/load.ts";
import type { Random } from "../../workload/random.ts";
import { urgencyDraw } from "./urgency.ts";

/** CONTRACTS 5. At three times the budget, the first of four tiers asks for 15 % of it. */
const OF_FOUR = [0.05, 0.15, 0.3, 0.5];

export interface Cast {
  readonly tasks: readonly LoadTask[];
  readonly tenants: readonly LoadTenant[];
}

/** Tenants that the configuration names are what it says; the others fill the tiers by seed. */
export function castTasks(tasks: readonly LoadTask[], config: Config, random: Random): Cast {
  const tenants = tenantsOf(tasks, config, random);
  const urgencyOf = urgencyDraw(config, random);
  return {
    tenants: [...tenants.values()],
    tasks: tasks.map((task, id) => {
      const { tier } = tenants.get(task.tenant) as LoadTenant;
      return { ...task, id, tier, latency: urgencyOf(tier) };
    }),
  };
}

function tenantsOf(
  tasks: readonly LoadTask[],
  { tiers, tenants }: Config,
  random: Random,
): Map<string, LoadTenant> {
  const names = [...tiers.keys()];
  const filled = fillTiers(dominantShares(tasks), demandShares(names.length), random);
  return new Map(
    [...filled].map(([name, tier]) => {
      const known = tenants.get(name);
      if (known === undefined) return [name, { name, tier, weight: 1 }];
      return [name, { name, tier: names.indexOf(known.tier), weight: known.weight }];
    }),
  );
}

/**
 * Of all requests or of all tokens, whichever a tenant asks more of: a tier that is to fit into the
 * budget has to fit into each limit.
 */
function dominantShares(tasks: readonly LoadTask[]): Map<string, number> {
  const whole = tasks.reduce((sum, { cost }) => sum + cost, 0);
  return new Map(
    [...Map.groupBy(tasks, ({ tenant }) => tenant)].map(([tenant, own]) => {
      const tokens = own.reduce((sum, { cost }) => sum + cost, 0);
      return [tenant, Math.max(own.length / tasks.length, tokens / whole)];
    }),
  );
}

/** Of another number of tiers each asks for twice what the one above it does. */
function demandShares(tiers: number): number[] {
  if (tiers === OF_FOUR.length) return OF_FOUR;
  const doubling = Array.from({ length: tiers }, (_, tier) => 2 ** tier);
  const sum = doubling.reduce((total, share) => total + share, 0);
  return doubling.map((share) => share / sum);
}
