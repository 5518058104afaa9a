/** Assign tenants: decides by seed who sent each request, so that every tier asks for its share of the demand. */

import type { LoadTenant } from "./load.ts";
import { drawIndex, type Random, shuffled } from "./random.ts";
import type { LoadTier } from "./tiers.ts";
import { costOf, type TraceRow } from "./trace-row.ts";

export interface Assignment {
  readonly tenants: readonly LoadTenant[];
  /** Tenant of each row. */
  readonly ofRow: readonly LoadTenant[];
}

export function assignTenants(
  rows: readonly TraceRow[],
  tiers: readonly LoadTier[],
  random: Random,
): Assignment {
  const hasClients = rows.every(({ client }) => client !== null);
  return hasClients ? byClient(rows, tiers, random) : byDraw(rows, tiers, random);
}

/** Every tier has a loud tenant and ever quieter ones: the k-th asks for 1/k of what the first does. */
function byDraw(rows: readonly TraceRow[], tiers: readonly LoadTier[], random: Random): Assignment {
  const groups = tiers.map(({ name, tenants }, tier) =>
    Array.from({ length: tenants }, (_, index) => ({
      name: `${name}-${index + 1}`,
      tier,
      weight: 1,
    })),
  );
  const shares = tiers.map(({ demandShare }) => demandShare);
  const loudness = groups.map((group) => group.map((_, index) => 1 / (index + 1)));
  const ofRow = rows.map(() => {
    const tier = drawIndex(random, shares);
    return groups[tier][drawIndex(random, loudness[tier])];
  });
  return { tenants: groups.flat(), ofRow };
}

/** Clients in random order fill the tiers from the top; who is too large for what is left goes further down. */
function byClient(
  rows: readonly TraceRow[],
  tiers: readonly LoadTier[],
  random: Random,
): Assignment {
  const demand = demandByClient(rows);
  const total = [...demand.values()].reduce((sum, cost) => sum + cost, 0);
  const room = tiers.map(({ demandShare }) => demandShare * total);
  const tenants = new Map<string, LoadTenant>();
  for (const client of shuffled(random, [...demand.keys()])) {
    const cost = demand.get(client) as number;
    const fitting = room.findIndex((left) => cost <= left);
    const tier = fitting < 0 ? tiers.length - 1 : fitting;
    room[tier] -= cost;
    tenants.set(client, { name: client, tier, weight: 1 });
  }
  const ofRow = rows.map(({ client }) => tenants.get(client as string) as LoadTenant);
  return { tenants: [...tenants.values()], ofRow };
}

function demandByClient(rows: readonly TraceRow[]): Map<string, number> {
  const demand = new Map<string, number>();
  for (const row of rows) {
    const client = row.client as string;
    demand.set(client, (demand.get(client) ?? 0) + costOf(row));
  }
  return demand;
}
