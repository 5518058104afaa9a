import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { queryCost } from "./query-cost.ts";

describe("what a query costs at most", () => {
  test.each<[what: string, query: string, points: number, variables?: object]>([
    ["nothing that is dear is one", "{ shop }", 1],
    ["an object is one, its scalars nothing", "{ shop { name email } }", 1],
    ["objects inside objects", "query A { shop { plan { name } address { city } } }", 3],
    [
      "a connection is two, and its objects",
      "{ products(first: 10) { edges { cursor node { id title } } pageInfo { hasNextPage } } }",
      12,
    ],
    ["the last of a connection", "{ orders(last: 5, reverse: true) { nodes { id } } }", 7],
    [
      "connections multiply",
      "{ products(first: 10) { nodes { variants(first: 3) { nodes { id } } } } }",
      2 + 10 * (1 + 2 + 3),
    ],
    [
      "a page in a variable",
      "query P($n: Int!) { products(first: $n) { nodes { id } } }",
      27,
      { n: 25 },
    ],
    [
      "a page that nobody knows",
      "query P($n: Int = 4) { products(first: $n) { nodes { id } } }",
      12,
    ],
    [
      "fragments where they are used",
      "query { products(first: 10) { nodes { ...P } } } fragment P on Product { vendor { id } }",
      2 + 10 * 2,
    ],
    [
      "inline fragments",
      "{ node(id: 1) { ... on Product { id vendor { id } } ... @skip(if: $a) { a } } }",
      1,
    ],
    ["a mutation", "mutation M($i: In!) { a(input: $i) { userErrors { field } } }", 11],
    [
      "two mutations",
      "mutation { a: productUpdate(input: { id: 1 }) { product { id } } b: productUpdate(x: 1) { id } }",
      21,
    ],
    [
      "no more than a query may cost",
      "{ a(first: 250) { nodes { b(first: 250) { nodes { id } } } } }",
      1_000,
    ],
    ["what is no query", "", 1],
    [
      "a string is no query",
      '{ shop(query: "a { b(first: 9) { c } }") { name } } # { x { y } }',
      1,
    ],
    ["an alias", "{ mine: shop { name } }", 1],
    [
      "defaults of variables are no selections",
      "query A($a: In = { first: 5 }) { shop { id } }",
      1,
    ],
  ])("%s", (_, query, points, variables) => {
    // `node` is a wrapper in connections, and so it is not counted at the top either.
    expect(queryCost(query, variables)).toBe(points);
  });

  test("is bounded for any text, however odd, deep or circular", () => {
    const word = fc.constantFrom(
      ...'{ } ( ) : ... on fragment query first 5 $n a b @ " # , !'.split(" "),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 200 }), (words) => {
        const points = queryCost(words.join(" "), { n: 1e300 });
        expect(points >= 1 && points <= 1_000 && Number.isInteger(points)).toBe(true);
      }),
    );
    expect(queryCost("{a".repeat(30_000), null)).toBeGreaterThan(0);
    const circle = "{ ...A } fragment A on Q { x { id } ...A ...A }";
    expect(queryCost(circle, null)).toBeLessThanOrEqual(1_000);
  });
});
