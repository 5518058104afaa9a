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

function byClient(
  rows: readonly TraceRow[],
  tiers: readonly LoadTier[],
  random: Random,
): Assignment {
  const shares = tiers.map(({ demandShare }) => demandShare);
  const filled = fillTiers(demandShares(rows), shares, random);
  const tenants = new Map(
    [...filled].map(([name, tier]) => [name, { name, tier, weight: 1 } as LoadTenant]),
  );
  const ofRow = rows.map(({ client }) => tenants.get(client as string) as LoadTenant);
  return { tenants: [...tenants.values()], ofRow };
}

/**
 * Clients in random order fill the tiers from the top, up to each one's share of the demand; who is
 * too large for what is left goes further down.
 *
 * @param demand each client's share of all demand
 */
export function fillTiers(
  demand: ReadonlyMap<string, number>,
  shares: readonly number[],
  random: Random,
): Map<string, number> {
  const room = [...shares];
  const tiers = new Map<string, number>();
  for (const client of shuffled(random, [...demand.keys()])) {
    const cost = demand.get(client) as number;
    const fitting = room.findIndex((left) => cost <= left);
    const tier = fitting < 0 ? shares.length - 1 : fitting;
    room[tier] -= cost;
    tiers.set(client, tier);
  }
  return tiers;
}

function demandShares(rows: readonly TraceRow[]): Map<string, number> {
  const whole = rows.reduce((sum, row) => sum + costOf(row), 0);
  const demand = new Map<string, number>();
  for (const row of rows) {
    const client = row.client as string;
    demand.set(client, (demand.get(client) ?? 0) + costOf(row) / whole);
  }
  return demand;
}
