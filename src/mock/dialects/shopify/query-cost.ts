/** Query cost: what a query may cost and what it did, and the data that it is answered with. */
import { CONNECTION_COST, MUTATION_COST, OBJECT_COST } from "./points.ts";
import type { Field, Query } from "./query.ts";

/** The shop holds half of what is asked of each connection, so that costs differ. */
type Reckoning = "requested" | "actual";

/** Scalars cost nothing, objects one, connections two and their nodes, mutations ten. */
export function costOf({ isMutation, fields }: Query, reckoning: Reckoning): number {
  let cost = 0;
  for (const field of fields) {
    cost += fieldCost(field, reckoning) + (isMutation ? MUTATION_COST - OBJECT_COST : 0);
  }
  return Math.max(1, cost);
}

function fieldCost({ count, fields }: Field, reckoning: Reckoning): number {
  if (fields.length === 0) return 0;
  const inner = (of: readonly Field[]) =>
    of.reduce((sum, field) => sum + fieldCost(field, reckoning), 0);
  if (count === null) return OBJECT_COST + inner(fields);
  const perNode = OBJECT_COST + inner(nodeFields(fields));
  return CONNECTION_COST + perNode * (reckoning === "requested" ? count : held(count));
}

export function dataOf({ fields }: Pick<Query, "fields">): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.key, contentOf(field)]));
}

function contentOf({ name, count, fields }: Field): unknown {
  if (count !== null && fields.length > 0) return connectionOf(count, fields);
  if (name === "pageInfo") return { hasNextPage: false, hasPreviousPage: false, endCursor: null };
  if (fields.length > 0) return dataOf({ fields });
  return name === "id" ? "gid://shopify/Mock/1" : "mock";
}

function connectionOf(count: number, fields: readonly Field[]): Record<string, unknown> {
  const nodes = (of: readonly Field[]) =>
    Array.from({ length: held(count) }, () => dataOf({ fields: of }));
  return Object.fromEntries(
    fields.map((field) => {
      const isList = field.name === "nodes" || field.name === "edges";
      return [field.key, isList ? nodes(field.fields) : contentOf(field)];
    }),
  );
}

/** What is selected of each node: below `nodes`, or below the `node` of `edges`. */
function nodeFields(fields: readonly Field[]): readonly Field[] {
  return fields.flatMap(({ name, fields: inner }) => {
    if (name === "nodes") return inner;
    if (name !== "edges") return [];
    return inner.flatMap((one) => (one.name === "node" ? one.fields : []));
  });
}

function held(count: number): number {
  return Math.ceil(count / 2);
}
