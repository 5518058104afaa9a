import { describe, expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";
import { parseQuery } from "./query.ts";
import { costOf } from "./query-cost.ts";

const ADMIN = "/admin/api/2025-07";
const PRODUCTS = "{ products(first: 10) { nodes { id title } pageInfo { hasNextPage } } }"; // 12, 7

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "shopify", latency: INSTANT, ...options });
}

function query(mock: MockServer, text = PRODUCTS, variables = {}): Promise<Response> {
  const body = JSON.stringify({ query: text, variables });
  return fetch(`${mock.url}${ADMIN}/graphql.json`, { method: "POST", body });
}

describe("a query's cost", () => {
  test.each([
    ["{ shop { name } }", 1, 1],
    ["{ shop { name } a: shop { name } }", 2, 2],
    [PRODUCTS, 12, 7],
    ["{ products(first: 10) { edges { node { id } } } }", 12, 7],
    ["{ orders(last: 2) { nodes { lineItems(first: 4) { nodes { id } } } } }", 16, 7],
    ['query Q($n: Int!) { products(first: $n, query: "a:(b)") { nodes { id } } }', 7, 5],
    ['mutation { productUpdate(input: { id: 1, tags: ["("] }) { product { id } } }', 11, 11],
    [
      "{ node(id: 1) { ... on Product @include(if: true) { variants(first: 2) { nodes { id } } } } }",
      5,
      4,
    ],
    ["# a { comment }\n{ shop { name ...More } }", 1, 1],
  ])("%s: %d, and really %d", (text, requested, actual) => {
    const parsed = parseQuery(text, { n: 5 });
    if (parsed === null) throw new Error("not parsed");
    expect([costOf(parsed, "requested"), costOf(parsed, "actual")]).toEqual([requested, actual]);
  });

  test.each(["", "shop", "{", "{ shop { name }", "{ }", `${"{ a ".repeat(99)}${"}".repeat(99)}`])(
    "cannot be told of %j",
    (text) => expect(parseQuery(text, {})).toBe(null),
  );
});

describe("GraphQL", () => {
  test("is charged what was asked, and gets back what was not used", async () => {
    await using mock = await start();
    const { data, extensions } = await jsonOf(query(mock));
    expect(extensions.cost).toEqual({
      requestedQueryCost: 12,
      actualQueryCost: 7,
      throttleStatus: {
        maximumAvailable: 1_000,
        currentlyAvailable: expect.any(Number),
        restoreRate: 50,
      },
    });
    expect(extensions.cost.throttleStatus.currentlyAvailable).toBeGreaterThanOrEqual(993);
    expect(data.products.nodes).toHaveLength(5);
    expect(data.products.nodes[0]).toEqual({ id: "gid://shopify/Mock/1", title: "mock" });
    expect(mock.stats().charged.points).toBe(7);
  });

  test("is throttled under 200, which is no success", async () => {
    await using mock = await start({ limits: { points: 15 } });
    await query(mock);
    const refused = await query(mock);
    expect(refused.status).toBe(200);
    const { errors, extensions } = await jsonOf(refused);
    expect(errors[0]).toMatchObject({ message: "Throttled", extensions: { code: "THROTTLED" } });
    expect(extensions.cost).toMatchObject({ requestedQueryCost: 12, actualQueryCost: null });
    expect(extensions.cost.throttleStatus).toMatchObject({
      maximumAvailable: 15,
      restoreRate: 0.75,
    });
    expect(mock.stats()).toMatchObject({ ok: 1, refused429: 1, refusedBy: { points: 1 } });
  });

  test("of more than a thousand points never passes", async () => {
    await using mock = await start();
    const { errors } = await jsonOf(query(mock, "{ products(first: 999) { nodes { id } } }"));
    expect(errors[0].extensions.code).toBe("MAX_COST_EXCEEDED");
    expect(mock.stats().charged.points).toBe(0);
  });

  test("that cannot be read is told so under 200", async () => {
    await using mock = await start();
    const answer = await query(mock, "{ shop {");
    expect([answer.status, (await jsonOf(answer)).errors.length]).toEqual([200, 1]);
  });
});

describe("REST", () => {
  test("tells its bucket, and when to come again", async () => {
    await using mock = await start({ limits: { rest_calls: 2 } });
    const get = () => fetch(`${mock.url}${ADMIN}/products.json`);
    expect((await get()).headers.get("x-shopify-shop-api-call-limit")).toBe("1/2");
    await get();
    const refused = await get();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+\.0$/);
    expect(refused.headers.get("x-shopify-shop-api-call-limit")).toBe("2/2");
  });

  test.each([
    ["GET", "/products.json", 200],
    ["POST", "/products.json", 201],
    ["PUT", "/products/7.json", 200],
    ["DELETE", "/products/7.json", 200],
    ["GET", "/products/missing.json", 404],
    ["GET", "/products", 404],
    ["PUT", "/products.json", 406],
  ])("%s %s is answered with %d", async (method, path, status) => {
    await using mock = await start();
    const body = method[0] === "P" ? JSON.stringify({ product: { title: "mock" } }) : undefined;
    const answer = await fetch(mock.url + ADMIN + path, { method, body });
    expect(answer.status).toBe(status);
    if (status === 201) expect(await jsonOf(answer)).toEqual({ product: { id: 1, title: "mock" } });
  });

  test("and GraphQL have buckets of their own", async () => {
    await using mock = await start();
    await fetch(`${mock.url}${ADMIN}/shop.json`);
    await query(mock, "{ shop { name } }");
    expect(mock.stats().charged).toEqual({ points: 1, rest_calls: 1 });
  });
});
