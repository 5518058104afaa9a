import { describe, expect, test } from "vitest";
import { assignTenants } from "./assign-tenants.ts";
import { createRandom } from "./random.ts";
import { TIERS } from "./tiers.ts";
import { costOf, type TraceRow } from "./trace-row.ts";

function rowsOf(clients: readonly (string | null)[]): TraceRow[] {
  return clients.map((client, index) => ({
    atSeconds: index,
    client,
    inputTokens: 100,
    outputTokens: 10,
  }));
}

function demandShares(rows: readonly TraceRow[], seed: number): number[] {
  const { ofRow } = assignTenants(rows, TIERS, createRandom(seed));
  const shares = TIERS.map(() => 0);
  const total = rows.reduce((sum, row) => sum + costOf(row), 0);
  rows.forEach((row, index) => {
    shares[ofRow[index].tier] += costOf(row) / total;
  });
  return shares;
}

describe("tenants", () => {
  test("are drawn where the trace names none, and each tier asks for its share", () => {
    const shares = demandShares(rowsOf(new Array(20_000).fill(null)), 1);
    for (const [tier, { demandShare }] of TIERS.entries()) {
      expect(Math.abs(shares[tier] - demandShare)).toBeLessThan(0.01);
    }
  });

  test("of a tier are not equally loud", () => {
    const { tenants, ofRow } = assignTenants(
      rowsOf(new Array(10_000).fill(null)),
      TIERS,
      createRandom(1),
    );
    const count = (name: string) => ofRow.filter((tenant) => tenant.name === name).length;
    expect(tenants).toHaveLength(TIERS.reduce((sum, tier) => sum + tier.tenants, 0));
    expect(count("free-1")).toBeGreaterThan(5 * count("free-16"));
  });

  test("are the clients where there are some; a client has one tier", () => {
    const clients = Array.from({ length: 5_000 }, (_, index) => `c${index % 60}`);
    const { ofRow, tenants } = assignTenants(rowsOf(clients), TIERS, createRandom(1));
    expect(tenants).toHaveLength(60);
    expect(ofRow.map(({ name }) => name)).toEqual(clients);
  });

  test("fill the upper tiers up to their share of the demand, never beyond", () => {
    const clients = Array.from({ length: 5_000 }, (_, index) => `c${index % 60}`);
    for (const seed of [1, 2, 3]) {
      const shares = demandShares(rowsOf(clients), seed);
      for (const [tier, { demandShare }] of TIERS.slice(0, -1).entries()) {
        expect(shares[tier]).toBeLessThanOrEqual(demandShare + 1e-9);
        expect(shares[tier]).toBeGreaterThan(demandShare - 0.02);
      }
    }
  });

  test("too large for any tier are in the last", () => {
    const clients = Array.from({ length: 1_000 }, (_, i) => (i % 10 < 8 ? "giant" : `c${i % 50}`));
    const { tenants } = assignTenants(rowsOf(clients), TIERS, createRandom(1));
    expect(tenants.find(({ name }) => name === "giant")?.tier).toBe(TIERS.length - 1);
  });
});
