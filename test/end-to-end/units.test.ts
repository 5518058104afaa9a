/** Units that platforms count by themselves: learned from the bodies of answers, filled to the brim, hardly ever refused. */
import { describe, expect, test } from "vitest";
import { type Counting, startCounting } from "../support/counting-provider.ts";

/** Queries, with what Shopify would take before and count after each; our own guesses are another matter. */
const QUERIES = [
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
class ShopifyLike implements Counting {
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
    await house.pass(120_000, 500, perStep);
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

/** The Data API's reports, with what each takes. */
const REPORTS = [
  { dimensions: ["date"], tokens: 12 },
  { dimensions: ["date", "country"], tokens: 66 },
  { dimensions: ["date", "country", "pagePath"], tokens: 192 },
].map(({ dimensions, tokens }) => ({
  body: { dimensions: dimensions.map((name) => ({ name })), returnPropertyQuota: true },
  tokens,
}));

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What one quota has counted; hours by the clock, or looking back. */
class QuotaBook {
  readonly #amount: number;
  readonly #windowMs: number;
  readonly #isRolling: boolean;
  #taken: { readonly at: number; readonly tokens: number }[] = [];

  constructor(amount: number, windowMs: number, isRolling: boolean) {
    this.#amount = amount;
    this.#windowMs = windowMs;
    this.#isRolling = isRolling;
  }

  remaining(nowMs: number): number {
    const since = this.#isRolling ? nowMs - this.#windowMs : nowMs - (nowMs % this.#windowMs);
    this.#taken = this.#taken.filter(({ at }) => (this.#isRolling ? at > since : at >= since));
    return this.#amount - this.#taken.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  take(tokens: number, nowMs: number): void {
    this.#taken.push({ at: nowMs, tokens });
  }
}

/** Standard properties: 14,000 tokens per project and hour, 40,000 per hour, 200,000 per day; ten calls at once. */
class Ga4Like implements Counting {
  readonly #nowMs: () => number;
  readonly #day = new QuotaBook(200_000, DAY_MS, false);
  readonly #hour: QuotaBook;
  readonly #projectHour: QuotaBook;
  #running = 0;
  readonly refusals: string[] = [];
  /** Tokens by the hour of their answers. */
  readonly byHour: number[] = [];

  constructor(nowMs: () => number, isRolling: boolean) {
    this.#nowMs = nowMs;
    this.#hour = new QuotaBook(40_000, HOUR_MS, isRolling);
    this.#projectHour = new QuotaBook(14_000, HOUR_MS, isRolling);
  }

  arrive({ body, nowMs }: { readonly body: object; readonly nowMs: number }) {
    const books = [this.#day, this.#hour, this.#projectHour];
    if (this.#running >= 10) return this.#refuse("Exhausted concurrent requests quota.");
    if (books.some((book) => book.remaining(nowMs) <= 0)) {
      return this.#refuse("Exhausted property tokens for a project per hour.");
    }
    this.#running++;
    return () => {
      this.#running--;
      const now = this.#nowMs();
      const asked = JSON.stringify((body as { dimensions: object }).dimensions);
      const report = REPORTS.find((one) => JSON.stringify(one.body.dimensions) === asked)!;
      const { tokens } = report;
      for (const book of books) book.take(tokens, now);
      const hour = Math.floor(now / HOUR_MS);
      this.byHour[hour] = (this.byHour[hour] ?? 0) + tokens;
      const [day, hourly, project] = books.map((book) => this.#status(tokens, book, now));
      const propertyQuota = {
        tokensPerDay: day,
        tokensPerHour: hourly,
        tokensPerProjectPerHour: project,
        concurrentRequests: { remaining: 10 - this.#running },
        serverErrorsPerProjectPerHour: { remaining: 10 },
      };
      return { status: 200, body: { rows: [], propertyQuota } };
    };
  }

  #status(consumed: number, book: QuotaBook, now: number) {
    const remaining = book.remaining(now);
    // As Google's JSON does: a zero is left out.
    return remaining > 0 ? { consumed, remaining } : { consumed };
  }

  #refuse(message: string) {
    this.refusals.push(message);
    return { status: 429, body: { error: { code: 429, message, status: "RESOURCE_EXHAUSTED" } } };
  }
}

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
