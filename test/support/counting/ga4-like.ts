/** GA4-like: tokens per day, hour and project, by arithmetic of its own. */
import type { Counting } from "../counting-provider.ts";

/** The Data API's reports, with what each takes. */
export const REPORTS = [
  { dimensions: ["date"], tokens: 12 },
  { dimensions: ["date", "country"], tokens: 66 },
  { dimensions: ["date", "country", "pagePath"], tokens: 192 },
].map(({ dimensions, tokens }) => ({
  body: { dimensions: dimensions.map((name) => ({ name })), returnPropertyQuota: true },
  tokens,
}));

export const HOUR_MS = 3_600_000;
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
export class Ga4Like implements Counting {
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
