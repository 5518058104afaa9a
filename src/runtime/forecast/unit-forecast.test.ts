import { describe, expect, test } from "vitest";
import { bucket } from "../../../test/support/meters.ts";
import type { Dialect, RequestView } from "../../core/dialect.ts";
import type { Meter } from "../../core/meter/meter.ts";
import { dialectNamed } from "../../dialects/registry.ts";
import { UnitForecast } from "./unit-forecast.ts";

const shopify = dialectNamed("shopify") as Dialect;
const hubspot = dialectNamed("hubspot") as Dialect;

function request(query: string): RequestView {
  const path = "/admin/api/2026-07/graphql.json";
  return { method: "POST", path, headers: {}, body: { query }, bodyBytes: query.length };
}

function ask(units: UnitForecast, query: string, meters: readonly Meter[] = [], upstream = "shop") {
  const view = request(query);
  const plan = units.planFor({ upstream, dialect: shopify, request: view, meters: () => meters });
  const forecast = shopify.forecast(view, shopify.operation(view));
  return {
    learn: (points: number) => plan?.learn({ points }),
    get points() {
      return plan?.foresee(forecast).charged.units.points;
    },
  };
}

const ORDERS = "{ orders(first: 10) { nodes { id } } }";

describe("what is foreseen of a platform's units", () => {
  test("is the dialect's own estimate until a call of the shape was answered", () => {
    const units = new UnitForecast();
    const before = ask(units, ORDERS).points;
    expect(before).toBe(12);
    ask(units, ORDERS).learn(40);
    expect(ask(units, ORDERS).points).toBe(40);
    expect(ask(units, "{ shop { name } }").points).toBe(1);
  });

  test("is another thing at another upstream", () => {
    const units = new UnitForecast();
    ask(units, ORDERS).learn(40);
    expect(ask(units, ORDERS, [], "other").points).toBe(12);
  });

  test("changes for those that are on their way, too", () => {
    const units = new UnitForecast();
    const waiting = ask(units, ORDERS);
    ask(units, ORDERS).learn(40);
    expect(waiting.points).toBe(40);
  });

  test("rises at once and falls by and by", () => {
    const units = new UnitForecast();
    for (const points of [10, 110]) ask(units, ORDERS).learn(points);
    expect(ask(units, ORDERS).points).toBe(110);
    ask(units, ORDERS).learn(10);
    expect(ask(units, ORDERS).points).toBe(90);
  });

  test("never exceeds what the smallest limit of these units holds", () => {
    const units = new UnitForecast();
    const points = bucket({ dimension: "units:points", amount: 30 });
    const others = bucket({ dimension: "units:records", amount: 2 });
    ask(units, ORDERS).learn(40);
    expect(ask(units, ORDERS, [points, others]).points).toBe(30);
  });

  test("is the same forecast where nothing else is known", () => {
    const view = request(ORDERS);
    const forecast = shopify.forecast(view, shopify.operation(view));
    const question = { upstream: "shop", dialect: shopify, request: view, meters: () => [] };
    expect(new UnitForecast().planFor(question)?.foresee(forecast)).toBe(forecast);
  });

  test("is what the request says where that is all there is to know", () => {
    const view = { ...request(""), path: "/batch/upsert", body: { inputs: [1, 2] } };
    const units = new UnitForecast();
    const plan = units.planFor({
      upstream: "h",
      dialect: hubspot,
      request: view,
      meters: () => [],
    });
    const forecast = hubspot.forecast(view, hubspot.operation(view));
    plan?.learn({ records: 9 });
    expect(plan?.foresee(forecast).charged.units).toEqual({ records: 2 });
  });

  test("is nothing for dialects that count no units", () => {
    const dialect = dialectNamed("openai") as Dialect;
    const question = { upstream: "o", dialect, request: request(""), meters: () => [] };
    expect(new UnitForecast().planFor(question)).toBeNull();
  });

  test("is forgotten beyond ten thousand shapes, the least lately used first", () => {
    const units = new UnitForecast();
    ask(units, ORDERS).learn(40);
    for (let i = 0; i < 10_000; i++) ask(units, `{ shop { a${i} } }`).learn(2);
    expect(ask(units, ORDERS).points).toBe(12);
  });
});
