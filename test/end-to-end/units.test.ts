/** Units that platforms count by themselves: learned from the bodies of answers, filled to the brim, hardly ever refused. */
import { describe, expect, test } from "vitest";
import { Ga4Like, HOUR_MS, REPORTS } from "../support/counting/ga4-like.ts";
import { HubSpotLike } from "../support/counting/hubspot-like.ts";
import { MetaLike } from "../support/counting/meta-like.ts";
import { QUERIES, ShopifyLike } from "../support/counting/shopify-like.ts";
import { startCounting } from "../support/counting-provider.ts";
import { EXACT } from "../support/gateway.ts";

describe("Shopify's points", () => {
  const PATH = "/admin/api/2026-07/graphql.json";

  test.each([
    ["that nobody configured are learned", {}],
    [
      "that are configured are kept",
      { limits: [{ units: { name: "points", amount: 1_000, per: "20s" } }] },
    ],
  ])("%s at three times the budget: not throttled, and used up", async (_, limits) => {
    let shop!: ShopifyLike;
    await using house = await startCounting(
      (nowMs) => {
        shop = new ShopifyLike(nowMs);
        return shop;
      },
      { dialect: "shopify", ...limits },
    );
    const statuses: Promise<number>[] = [];
    let i = 0;
    const perStep = () => {
      // 150 points a second are asked for, 50 come back; a step is half a second.
      for (let points = 0; points < 75; ) {
        const { query, variables, actual } = QUERIES[i++ % QUERIES.length];
        statuses.push(house.send(PATH, { query, variables }));
        points += actual;
      }
    };
    const startedAt = house.nowMs();
    await house.pass(90_000, 500, perStep);
    const left = shop.points;
    const available = 1_000 + (50 * (house.nowMs() - startedAt)) / 1_000;
    expect(shop.throttled).toBeLessThanOrEqual(2);
    expect(1 - (left + shop.lost) / available).toBeGreaterThan(0.95);
    const { upstreams } = await house.gateway.state();
    const meter = upstreams.it.meters.find(({ dimension }) => dimension === "units:points");
    expect(meter?.limit).toBe(1_000);
    await house.pass(30_000, 500);
    const all = await Promise.all(statuses);
    // What could not be served in time was refused here, and never there.
    expect(new Set(all)).toEqual(new Set([200, 429]));
  });
});

describe("GA4's tokens", () => {
  test.each([
    ["by the clock", false],
    ["that look back", true],
  ])(
    "in hours %s are learned; at three times the budget hardly refused, and used up",
    async (_, isRolling) => {
      let property!: Ga4Like;
      await using house = await startCounting(
        (nowMs) => {
          property = new Ga4Like(nowMs, isRolling);
          return property;
        },
        { dialect: "ga4" },
        { latencyMs: 400, policy: { margin: 0.02 } },
      );
      const statuses: Promise<number>[] = [];
      const startedAt = house.nowMs();
      let asked = 0;
      let i = 0;
      const perStep = () => {
        const due = (3 * 14_000 * (house.nowMs() - startedAt + 20_000)) / HOUR_MS;
        for (; asked < due; i++) {
          const { body, tokens } = REPORTS[i % REPORTS.length];
          statuses.push(house.send("/v1beta/properties/77:runReport", body));
          asked += tokens;
        }
      };
      await house.pass(3 * HOUR_MS, 20_000, perStep);
      const hours = Object.values(property.byHour);
      expect(property.refusals.length).toBeLessThanOrEqual(4);
      expect(hours).toHaveLength(3);
      for (const tokens of hours) expect(tokens / 14_000).toBeGreaterThan(0.95);
      const { meters } = (await house.gateway.state()).upstreams.it;
      expect(meters.map(({ dimension, limit, selector }) => [dimension, limit, selector])).toEqual([
        ["units:tokens", 200_000, "model:properties/77"],
        ["units:tokens", 40_000, "model:properties/77"],
        ["units:project-tokens", 14_000, "model:properties/77"],
        ["concurrency", 10, "model:properties/77"],
        ["units:server-errors", 10, "model:properties/77"],
      ]);
      await house.pass(60_000, 10_000);
      expect(new Set(await Promise.all(statuses))).toEqual(new Set([200, 429]));
    },
  );
});
