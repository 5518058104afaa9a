/** Points: the numbers of Shopify's GraphQL costs (shopify.dev, API limits). */

/** "a single query may not exceed a cost of 1,000 points", on any plan */
export const MAX_QUERY_COST = 1_000;
/** 1,000 points at 50 a second, 2,000 at 100: an empty bucket is full again after this time. */
export const RESTORE_SECONDS = 20;
export const MUTATION_COST = 10;
export const OBJECT_COST = 1;
export const CONNECTION_COST = 2;
