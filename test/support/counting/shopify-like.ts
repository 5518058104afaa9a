/** Shopify-like: a leaky bucket of points, by arithmetic of its own. */
import type { Counting } from "../counting-provider.ts";

/** Queries, with what Shopify would take before and count after each; our own guesses are another matter. */
export const QUERIES = [
  { query: "query Shop { shop { name } }", requested: 2, actual: 1 },
  {
    query: "query Products { products(first: 20) { edges { node { id title } } } }",
    requested: 42,
    actual: 24,
  },
  {
    query:
      "query Orders($n: Int) { orders(first: $n) { nodes { id lineItems(first: 5) { nodes { id } } } } }",
    variables: { n: 10 },
    requested: 132,
    actual: 61,
  },
];

/** A leaky bucket: what a query may cost is taken when it arrives, the difference comes back after it. */
export class ShopifyLike implements Counting {
  readonly #nowMs: () => number;
  readonly #most = 1_000;
  readonly #perSecond = 50;
  #points = 1_000;
  #at: number;
  throttled = 0;
  counted = 0;
  /** What could not come back because the bucket was full. */
  lost = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#at = nowMs();
  }

  get points(): number {
    const now = this.#nowMs();
    const refilled = this.#points + ((now - this.#at) * this.#perSecond) / 1_000;
    this.lost += Math.max(0, refilled - this.#most);
    this.#points = Math.min(this.#most, refilled);
    this.#at = now;
    return this.#points;
  }

  arrive({ body }: { readonly body: Readonly<Record<string, unknown>> }) {
    const { requested, actual } = QUERIES.find(({ query }) => query === body.query)!;
    if (this.points < requested) {
      this.throttled++;
      const errors = [{ message: "Throttled", extensions: { code: "THROTTLED" } }];
      return { status: 200, body: { errors, extensions: { cost: this.#cost(requested, null) } } };
    }
    this.#points -= requested;
    return () => {
      this.#points = Math.min(this.#most, this.points + requested - actual);
      this.counted += actual;
      const cost = this.#cost(requested, actual);
      return { status: 200, body: { data: { a: { cost: 5 } }, extensions: { cost } } };
    };
  }

  #cost(requestedQueryCost: number, actualQueryCost: number | null) {
    return {
      requestedQueryCost,
      actualQueryCost,
      throttleStatus: {
        maximumAvailable: this.#most,
        currentlyAvailable: Math.floor(this.points),
        restoreRate: this.#perSecond,
      },
    };
  }
}
