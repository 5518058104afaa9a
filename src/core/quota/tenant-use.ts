/** Tenant use: what one tenant has used in this day and this month, and what of it is not stored yet. */
import type { Demand } from "../demand.ts";
import type { WindowEnd } from "../meter/fixed-window.ts";
import { toMicro } from "../queue/tickets.ts";
import type { Counted, Span } from "./quota-kind.ts";

/** Whole requests and tokens; money in millionths of a dollar, so that sums stay exact. */
export interface UseAmounts {
  readonly requests: number;
  readonly tokens: number;
  readonly usdMicros: number;
}

export interface UseState extends UseAmounts {
  readonly span: Span;
  /** When it begins at 0 again, microseconds since the epoch. */
  readonly endsAt: number;
}

class UseWindow {
  readonly span: Span;
  readonly #windowEnd: WindowEnd;
  endsAt: number;
  requests = 0;
  tokens = 0;
  usdMicros = 0;
  /** Of these, what has not been taken to the store. */
  freshRequests = 0;
  freshTokens = 0;
  freshUsdMicros = 0;

  constructor(span: Span, windowEnd: WindowEnd, now: number) {
    this.span = span;
    this.#windowEnd = windowEnd;
    this.endsAt = windowEnd(now);
  }

  /** What was not stored of a window that is over concerns nobody any more. */
  roll(now: number): void {
    if (now < this.endsAt) return;
    this.endsAt = this.#windowEnd(now);
    this.requests = this.tokens = this.usdMicros = 0;
    this.freshRequests = this.freshTokens = this.freshUsdMicros = 0;
  }

  add(requests: number, tokens: number, usdMicros: number): void {
    this.requests += requests;
    this.tokens += tokens;
    this.usdMicros += usdMicros;
    this.freshRequests += requests;
    this.freshTokens += tokens;
    this.freshUsdMicros += usdMicros;
  }

  get state(): UseState {
    const { span, endsAt, requests, tokens, usdMicros } = this;
    return { span, endsAt, requests, tokens, usdMicros };
  }

  takeFresh(): UseState {
    const { span, endsAt, freshRequests, freshTokens, freshUsdMicros } = this;
    this.freshRequests = this.freshTokens = this.freshUsdMicros = 0;
    return {
      span,
      endsAt,
      requests: freshRequests,
      tokens: freshTokens,
      usdMicros: freshUsdMicros,
    };
  }
}

/** The ends of the two windows, in UTC. */
export type SpanEnds = Readonly<Record<Span, WindowEnd>>;

export class TenantUse {
  readonly #day: UseWindow;
  readonly #month: UseWindow;

  constructor(ends: SpanEnds, now: number) {
    this.#day = new UseWindow("day", ends.day, now);
    this.#month = new UseWindow("month", ends.month, now);
  }

  add({ requests, tokens, usd }: Demand, now: number): void {
    this.#roll(now);
    const usdMicros = usd === 0 ? 0 : toMicro(usd);
    this.#day.add(requests, tokens, usdMicros);
    this.#month.add(requests, tokens, usdMicros);
  }

  state(span: Span, now: number): UseState {
    this.#roll(now);
    return this.#of(span).state;
  }

  /** In micro-units, as meters count. */
  micros(span: Span, counts: Counted, now: number): number {
    this.#roll(now);
    const window = this.#of(span);
    return counts === "usd" ? window.usdMicros : toMicro(window[counts]);
  }

  /** What an earlier process has stored, on top of what is known here; nothing if its window is over. */
  restore(stored: UseState, now: number): void {
    this.#roll(now);
    const window = this.#of(stored.span);
    if (stored.endsAt !== window.endsAt) return;
    window.requests += stored.requests;
    window.tokens += stored.tokens;
    window.usdMicros += stored.usdMicros;
  }

  /** What all instances have used, as far as they have told, and `untold` of this one on top. */
  know(told: UseState, untold: UseAmounts, now: number): void {
    this.#roll(now);
    const window = this.#of(told.span);
    if (told.endsAt !== window.endsAt) return;
    window.requests = told.requests + untold.requests;
    window.tokens = told.tokens + untold.tokens;
    window.usdMicros = told.usdMicros + untold.usdMicros;
  }

  /** Begins at 0 again in the middle of a window. */
  reset(span: Span, counts: Counted): void {
    const window = this.#of(span);
    if (counts === "requests") window.requests = window.freshRequests = 0;
    else if (counts === "tokens") window.tokens = window.freshTokens = 0;
    else window.usdMicros = window.freshUsdMicros = 0;
  }

  /** What has been used since it was asked last, for the store to add. */
  takeFresh(now: number): readonly UseState[] {
    this.#roll(now);
    return [this.#day.takeFresh(), this.#month.takeFresh()];
  }

  /** What could not be stored is stored with what comes next. */
  giveBack(states: readonly UseState[], now: number): void {
    this.#roll(now);
    for (const { span, endsAt, requests, tokens, usdMicros } of states) {
      const window = this.#of(span);
      if (endsAt !== window.endsAt) continue;
      window.freshRequests += requests;
      window.freshTokens += tokens;
      window.freshUsdMicros += usdMicros;
    }
  }

  #of(span: Span): UseWindow {
    return span === "day" ? this.#day : this.#month;
  }

  #roll(now: number): void {
    if (now < this.#day.endsAt) return; // months end with a day
    this.#day.roll(now);
    this.#month.roll(now);
  }
}
