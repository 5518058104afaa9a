/**
 * Query cost: what a GraphQL query of Shopify's will be charged at most, from its text alone.
 *
 * shopify.dev, "Calculated query costs": scalars are free, an object is a point, a connection two and
 * its objects for each of the `first` or `last` it asks for, a mutation ten. What the real server
 * asks is at most this; from the first answer on its own `requestedQueryCost` is known.
 */
import type { JsonObject } from "../../core/dialect.ts";
import { isObject } from "../body/json-fields.ts";
import { type Field, readQuery, type Selection } from "./graphql.ts";

/** No single query may cost more. */
export const MOST_POINTS = 1_000;
const MUTATION_POINTS = 10;
const CONNECTION_POINTS = 2;
/** The size of a page whose number stands nowhere that we can see. */
const UNKNOWN_PAGE = 10;
/** Parts of a connection that are no objects of their own. */
const WRAPPERS = new Set(["edges", "nodes", "node", "pageInfo"]);
/** Fragments inside fragments; deeper ones are not followed. */
const DEEPEST = 64;
/** Fields that are looked at in all; a query that refers to one fragment a thousand times is cut here. */
const MOST_FIELDS = 10_000;

/** Whole points, from 1 to 1,000. */
export function queryCost(query: string, variables: unknown): number {
  const { isMutation, selections, fragments } = readQuery(query);
  const counting = { fragments, variables: isObject(variables) ? variables : {}, fields: 0 };
  let points = 0;
  for (const selection of selections) points += selectionCost(selection, counting, 0, isMutation);
  return Math.min(MOST_POINTS, Math.max(1, Math.ceil(points)));
}

interface Counting {
  readonly fragments: ReadonlyMap<string, readonly Selection[]>;
  readonly variables: JsonObject;
  fields: number;
}

function selectionCost(
  selection: Selection,
  counting: Counting,
  depth: number,
  isMutation = false,
): number {
  if (depth > DEEPEST || ++counting.fields > MOST_FIELDS) return 0;
  if (selection.kind === "spread") {
    const fragment = counting.fragments.get(selection.name) ?? [];
    return costOfAll(fragment, counting, depth);
  }
  if (selection.kind === "inline") return costOfAll(selection.selections, counting, depth);
  const { selections } = selection;
  const inside = costOfAll(selections, counting, depth);
  if (isMutation) return MUTATION_POINTS + inside;
  if (selections.length === 0) return 0;
  const page = pageOf(selection, counting.variables);
  if (page !== null) return CONNECTION_POINTS + page * (1 + inside);
  return WRAPPERS.has(selection.name) ? inside : 1 + inside;
}

function costOfAll(selections: readonly Selection[], counting: Counting, depth: number): number {
  let points = 0;
  for (const one of selections) points += selectionCost(one, counting, depth + 1);
  return points;
}

/** How many objects a connection asks for; null: it is none. */
function pageOf({ page }: Field, variables: JsonObject): number | null {
  if (page === null || typeof page === "number") return page;
  const value = variables[page];
  return typeof value === "number" && value >= 0 ? value : UNKNOWN_PAGE;
}
