/** Units that platforms count by themselves: learned from the bodies of answers, filled to the brim, hardly ever refused. */
import { describe, expect, test } from "vitest";
import { MICRO_UNITS } from "../../src/core/meter/meter.ts";
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

test.each([
  ["learned", {}],
  ["configured", { limits: [{ units: { name: "points", amount: 1_000, per: "20s" } }] }],
])(
  "a query that costs more than was thought waits for what it really costs: %s limits",
  async (_, limits) => {
    const costs: number[] = [];
    const reserved: (number | undefined)[] = [];
    await using house = await startCounting(
      (nowMs) => {
        const beganAt = nowMs();
        return {
          arrive: ({ nowMs: at }) => {
            const currentlyAvailable = Math.min(1_000, Math.floor(50 + (at - beganAt) / 20));
            const throttleStatus = { maximumAvailable: 1_000, currentlyAvailable, restoreRate: 50 };
            const cost = { requestedQueryCost: 300, actualQueryCost: null, throttleStatus };
            costs.push(currentlyAvailable);
            reserved.push(chargedHere());
            if (currentlyAvailable >= 300) {
              return () => ({ status: 200, body: { data: {}, extensions: { cost } } });
            }
            const errors = [{ message: "Throttled", extensions: { code: "THROTTLED" } }];
            return { status: 200, body: { errors, extensions: { cost } } };
          },
        };
      },
      { dialect: "shopify", ...limits },
    );
    const chargedHere = () => {
      const meters = house.gateway.runtime.accounts.flatMap((account) => account.meters);
      const points = meters.find(({ label }) => label.dimension === "units:points");
      return points === undefined ? undefined : points.charged / MICRO_UNITS;
    };
    const answer = house.send("/graphql.json", { query: "{ orders(first: 5) { nodes { id } } }" });
    await house.pass(10_000, 100);
    expect(await answer).toBe(200);
    expect(costs).toHaveLength(2);
    expect(costs[1]).toBeGreaterThanOrEqual(300);
    expect(costs[1]).toBeLessThan(350);
    // First the estimate, if there is a meter at all; then what the answer said, and no less.
    expect([7, undefined]).toContain(reserved[0]);
    expect(reserved[1]).toBe(300);
  },
);

test("HubSpot's ten seconds are learned as a window that looks back", async () => {
  const hub = new HubSpotLike();
  await using house = await startCounting(
    () => hub,
    { dialect: "hubspot" },
    { policy: { ...EXACT, margin: 0.02 } },
  );
  const statuses: Promise<number>[] = [];
  const startedAt = house.nowMs();
  await house.pass(60_000, 200, () => {
    for (let i = 0; i < 6; i++) statuses.push(house.send("/crm/v3/objects/contacts", {}));
  });
  const windows = (house.nowMs() - startedAt) / 10_000;
  expect(hub.refused).toBeLessThanOrEqual(1);
  expect(hub.served / (100 * windows)).toBeGreaterThan(0.95);
  await house.pass(30_000, 200);
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200, 429]));
});

test("Meta's percent are kept below a hundred, and nearly used up", async () => {
  let app!: MetaLike;
  await using house = await startCounting(
    (nowMs) => {
      app = new MetaLike(nowMs());
      return app;
    },
    { dialect: "meta" },
    { policy: { ...EXACT, margin: 0.03 } },
  );
  const hours = 1.5;
  // Three times what comes back, and all that was there at first.
  const statuses: Promise<number>[] = [];
  await house.pass(hours * HOUR_MS, 30_000, () => {
    for (let i = 0; i < 25; i++) statuses.push(house.send("/v25.0/act_1/insights", {}));
  });
  expect(app.refused).toBeLessThanOrEqual(1);
  expect(app.served / (1_000 * (1 + hours))).toBeGreaterThan(0.9);
  await house.pass(30_000, 10_000);
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200, 429]));
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

  test("server errors are a quota too: nothing is sent once none is left", async () => {
    let calls = 0;
    let isUnwell = false;
    const propertyQuota = {
      tokensPerHour: { consumed: 1, remaining: 39_999 },
      serverErrorsPerProjectPerHour: { remaining: 10 },
    };
    await using house = await startCounting(
      () => ({
        arrive: () => () => {
          calls++;
          return isUnwell ? { status: 500, body: {} } : { status: 200, body: { propertyQuota } };
        },
      }),
      { dialect: "ga4" },
      { retry: { attempts: 1 }, breaker: { failures: 1_000, rate: 1 } },
    );
    const send = async () => {
      const status = house.send("/v1beta/properties/77:runReport", {});
      await house.pass(1_000, 100);
      return status;
    };
    expect(await send()).toBe(200);
    isUnwell = true;
    for (let i = 0; i < 10; i++) expect(await send()).toBe(500);
    expect(await send()).toBe(429);
    expect(calls).toBe(11);
    isUnwell = false;
    await house.pass(HOUR_MS + 60_000, 60_000);
    expect(await send()).toBe(200);
  });
});
