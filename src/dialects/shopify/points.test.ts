import { describe, expect, test } from "vitest";
import { dialectNamed } from "../registry.ts";

const { units } = dialectNamed("shopify")!;
const STATUS = { maximumAvailable: 2_000, currentlyAvailable: 1_900, restoreRate: 100 };

const told = (cost: object) => units?.told({ cost }, 0);

describe("what Shopify's answers tell of points", () => {
  test("is what was asked for, and the bucket as it stands", () => {
    const cost = { requestedQueryCost: 92, actualQueryCost: 40, throttleStatus: STATUS };
    expect(told(cost)).toMatchObject({
      reserved: { points: 92 },
      limits: [
        {
          dimension: "units:points",
          limit: 2_000,
          remaining: 1_900,
          perMs: 20_000,
          resetMs: 1_000,
          resetMeaning: "full",
        },
      ],
    });
  });

  test("is told by refusals, too", () => {
    const cost = { requestedQueryCost: 92, actualQueryCost: null, throttleStatus: STATUS };
    expect(told(cost)).toMatchObject({ reserved: { points: 92 } });
  });

  test.each([
    [undefined],
    [null],
    [{}],
    [{ ...STATUS, restoreRate: 0 }],
    [{ maximumAvailable: "a" }],
  ])("is no limit in %j", (throttleStatus) => {
    expect(told({ requestedQueryCost: 92, throttleStatus })?.limits).toEqual([]);
  });

  test.each([[null], [[]], [{}], [{ cost: 5 }], [{ cost: { amount: 5 } }]])(
    "is nothing in %j",
    (body) => {
      expect(units?.told(body, 0)).toBeNull();
    },
  );
});

test("queries are alike by their text, their name and the numbers in their variables", () => {
  const shapeOf = (body: object, path = "/admin/api/2026-07/graphql.json") =>
    units?.shapeOf({ method: "POST", path, headers: {}, body: { ...body }, bodyBytes: 0 });
  const query = "query A($n: Int, $id: ID) { a }";
  const shape = shapeOf({ query, variables: { n: 5, id: "gid://1" } });
  expect(shapeOf({ query, variables: { n: 5, id: "gid://2" } })).toBe(shape);
  expect(shapeOf({ query, variables: { n: 50, id: "gid://1" } })).not.toBe(shape);
  expect(shapeOf({ query: `${query} `, variables: { n: 5 } })).not.toBe(shape);
  expect(shapeOf({ query }, "/admin/api/2026-07/products.json")).toBeNull();
  expect(shapeOf({ id: "stored" })).toBeNull();
});
