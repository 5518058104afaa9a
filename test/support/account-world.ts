/**
 * Account world: one upstream account under virtual time, with more work than its limit allows: the
 * provider's own bucket, answers that tell what is left, and others who take from the same account.
 *
 * The provider is modelled here from scratch, so that the judge shares no arithmetic with the judged.
 */
import { Budget } from "../../src/core/budget/budget.ts";
import type { Dispatch } from "../../src/core/budget/dispatch.ts";
import { demandOf, NO_DEMAND } from "../../src/core/demand.ts";
import type { LimitReading } from "../../src/core/dialect.ts";
import type { Bucket } from "../../src/core/meter/bucket.ts";
import { MICRO_UNITS } from "../../src/core/meter/meter.ts";
import type { Handle } from "../../src/core/queue/tickets.ts";
import type { Path } from "../../src/core/scheduler/path.ts";
import { Scheduler } from "../../src/core/scheduler/scheduler.ts";
import type { Tenant } from "../../src/core/scheduler/tenant.ts";
import { OK_VERDICT, type Verdict } from "../../src/core/verdict/verdict.ts";
import { EventQueue } from "./event-queue.ts";
import { seeded } from "./gateway-random.ts";
import { bucket, MINUTE, MS, SECOND, T0 } from "./meters.ts";

/** What a client does with the headers it is told. */
export type Learning = "ledger" | "remaining" | "bounds" | "drift";

export interface WorldOptions {
  readonly seed: number;
  /** @default 600 */
  readonly seconds?: number;
  /** Share of the limit that others ask for, as it changes: from which second on. @default none */
  readonly foreign?: readonly { readonly fromSecond: number; readonly share: number }[];
  /** @default drift */
  readonly learning?: Learning;
  /** @default 0.5 to 8.5 */
  readonly serviceSeconds?: readonly [number, number];
  /** Where between arrival and answer the provider reads what is left, 0 to 1; null: anywhere. @default null */
  readonly stampAt?: number | null;
  /** Refusals state the wait. @default true */
  readonly tellsWait?: boolean;
  /** @default auto */
  readonly margin?: "auto" | number;
  /** Mean tokens of a request. @default 300 */
  readonly meanTokens?: number;
  /** Share of the limit that others have left before we begin, who believe it full. @default 1 */
  readonly initialShare?: number;
  /** Work waits at all times; else arrivals ask for this share of the limit. @default null */
  readonly load?: number | null;
}

export interface WorldReport {
  readonly sent: number;
  readonly refused: number;
  readonly refusedShare: number;
  /** Tokens served to us / tokens that others left, after the first minute. */
  readonly used: number;
  /** The longest time without a grant, seconds, after the first minute. */
  readonly longestPause: number;
}

interface Call {
  readonly tokens: number;
  handle: Handle;
}

const CAPACITY = 60_000;
const TOKENS_PER_SECOND = 1_000;
const WARM_UP = MINUTE;
const BACKLOG = 20;
const HOUR = 60 * MINUTE;

export class AccountWorld {
  readonly meter: Bucket = bucket({ dimension: "tokens", amount: CAPACITY, per: MINUTE });
  readonly #options: Required<WorldOptions>;
  readonly #events = new EventQueue();
  readonly #random: () => number;
  readonly #scheduler: Scheduler;
  readonly #budget: Budget;
  readonly #path: Path;
  readonly #tenant: Tenant;
  readonly #provider: ProviderBucket;
  readonly #end: number;
  #now = T0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #sent = 0;
  #refused = 0;
  #served = 0;
  #foreignServed = 0;
  #lastGrantAt = T0;
  #longestPause = 0;
  /** Called after every event, for what must hold at all times. */
  check: (now: number) => void = () => {};

  constructor(options: WorldOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#random = seeded(options.seed);
    this.#end = T0 + this.#options.seconds * SECOND;
    this.#provider = new ProviderBucket(this.#options.initialShare);
    const bands = [{ tier: "only", latency: "real-time" }];
    const limits = { guarantees: [], holdback: 0, maxWaiting: 100_000 };
    this.#scheduler = new Scheduler({ bands, ...limits, margin: 0 }, T0);
    const { margin } = this.#options;
    this.#budget = new Budget(this.#scheduler, { margin, hasLimits: true, adaptive: null }, T0);
    this.#path = this.#scheduler.path([this.meter]);
    this.#tenant = this.#scheduler.tenant({ id: "only", weight: 1, meters: [] });
  }

  run(): WorldReport {
    this.#startArrivals();
    this.#startOthers();
    while (this.#nextAt < this.#end) {
      this.#now = this.#nextAt;
      if (this.#events.nextAt <= this.#now) this.#events.take()();
      this.#pump();
      this.check(this.#now);
    }
    const supply = ((this.#end - T0 - WARM_UP) / SECOND) * TOKENS_PER_SECOND;
    return {
      sent: this.#sent,
      refused: this.#refused,
      refusedShare: this.#refused / this.#sent,
      used: this.#served / (supply - this.#foreignServed),
      longestPause: this.#longestPause / SECOND,
    };
  }

  /** Seconds since the beginning. */
  get second(): number {
    return (this.#now - T0) / SECOND;
  }

  /** Tokens that the provider would serve now, which nobody is told at that moment. */
  get trulyLeft(): number {
    return this.#provider.level(this.#now);
  }

  get #nextAt(): number {
    return Math.min(this.#events.nextAt, this.#wakeAt);
  }

  get #isWarm(): boolean {
    return this.#now >= T0 + WARM_UP;
  }

  #after(delay: number, action: () => void): void {
    this.#events.add(this.#now + Math.round(delay), action);
  }

  #between(low: number, high: number): number {
    return low + (high - low) * this.#random();
  }

  /** Log-normal with a long tail, within what the bucket can hold. */
  #size(): number {
    const normal =
      Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    const spread = 0.7;
    const mean = this.#options.meanTokens * Math.exp(-(spread ** 2) / 2);
    return Math.max(1, Math.min(10_000, Math.round(mean * Math.exp(spread * normal))));
  }

  #startArrivals(): void {
    const { load, meanTokens } = this.#options;
    if (load === null) {
      this.#events.add(T0, () => {});
      return;
    }
    const arrive = () => {
      this.#enqueue();
      const gap = (SECOND * meanTokens) / (load * TOKENS_PER_SECOND);
      this.#after(-Math.log(1 - this.#random()) * gap, arrive);
    };
    this.#after(0, arrive);
  }

  #startOthers(): void {
    const { foreign, meanTokens } = this.#options;
    foreign.forEach(({ fromSecond, share }, i) => {
      const until = T0 + (foreign[i + 1]?.fromSecond ?? Number.POSITIVE_INFINITY) * SECOND;
      const gap = (SECOND * meanTokens) / (share * TOKENS_PER_SECOND);
      const take = () => {
        if (this.#now >= until) return;
        const size = this.#size();
        const isServed = this.#provider.take(size, this.#now);
        if (isServed && this.#isWarm) this.#foreignServed += size;
        this.#after(-Math.log(1 - this.#random()) * gap, take);
      };
      if (share > 0) this.#after(fromSecond * SECOND, take);
    });
  }

  #enqueue(): void {
    const call: Call = { tokens: this.#size(), handle: -1 };
    const answer = this.#scheduler.enqueue(
      {
        tenant: this.#tenant,
        path: this.#path,
        band: 0,
        demand: demandOf({ requests: 1, tokens: call.tokens }),
        expiresAt: this.#now + HOUR,
        deadline: null,
        isChainStep: false,
        reference: call,
      },
      this.#now,
    );
    if (answer.kind === "queued") call.handle = answer.handle;
  }

  #pump(): void {
    if (this.#options.load === null) while (this.#scheduler.waiting < BACKLOG) this.#enqueue();
    const { granted, wakeAt } = this.#scheduler.pump(this.#now);
    for (const call of granted as Call[]) this.#send(call);
    this.#wakeAt = wakeAt > this.#now ? wakeAt : this.#now + 1;
  }

  #send(call: Call): void {
    if (this.#isWarm) {
      this.#longestPause = Math.max(this.#longestPause, this.#now - this.#lastGrantAt);
    }
    this.#lastGrantAt = this.#now;
    this.#sent++;
    const demand = demandOf({ requests: 1, tokens: call.tokens });
    const dispatch = this.#budget.sent(this.#path, demand, this.#now);
    this.#after(this.#between(30 * MS, 80 * MS), () => this.#arrive(call, dispatch));
  }

  #arrive(call: Call, dispatch: Dispatch): void {
    const isServed = this.#provider.take(call.tokens, this.#now);
    if (isServed && this.#isWarm) this.#served += call.tokens;
    const [least, most] = this.#options.serviceSeconds;
    const service = isServed ? this.#between(least * SECOND, most * SECOND) : 20 * MS;
    const wait = isServed ? null : this.#provider.waitFor(call.tokens, this.#now);
    let remaining = 0;
    this.#after(service * (this.#options.stampAt ?? this.#random()), () => {
      remaining = this.#provider.level(this.#now);
    });
    this.#after(service + this.#between(5 * MS, 20 * MS), () =>
      this.#answer(call, dispatch, Math.max(0, Math.floor(remaining)), wait),
    );
  }

  #answer(call: Call, dispatch: Dispatch, remaining: number, wait: number | null): void {
    this.#learn(dispatch, remaining);
    const now = this.#now;
    if (wait === null) {
      this.#budget.conclude(dispatch, OK_VERDICT, now);
      this.#scheduler.settle(call.handle, dispatch.demand, now);
      return;
    }
    this.#refused++;
    this.#refuse(dispatch, this.#options.tellsWait ? Math.ceil(wait / MS) : null);
    const times = { eligibleAt: now, expiresAt: now + HOUR };
    this.#scheduler.retry(call.handle, NO_DEMAND, times, now);
  }

  #refuse(dispatch: Dispatch, waitMs: number | null): void {
    const { learning } = this.#options;
    if (learning === "ledger" || learning === "remaining") {
      this.#scheduler.freeze(this.meter, this.#now + (waitMs ?? 1_000) * MS);
      return;
    }
    this.#budget.conclude(dispatch, quota(waitMs), this.#now);
  }

  #learn(dispatch: Dispatch, remaining: number): void {
    const { learning } = this.#options;
    if (learning === "ledger") return;
    if (learning === "remaining") {
      this.meter.adjust(remaining * MICRO_UNITS - this.meter.level(this.#now), this.#now);
      return;
    }
    this.#budget.observe(dispatch, [readingOf(remaining)], this.#now, this.#now);
    if (learning === "bounds") this.meter.setForeign(0, this.#now);
  }
}

const DEFAULTS = {
  seconds: 600,
  foreign: [],
  learning: "drift",
  serviceSeconds: [0.5, 8.5],
  stampAt: null,
  tellsWait: true,
  margin: "auto",
  meanTokens: 300,
  initialShare: 1,
  load: null,
} as const;

/** Refills continuously, takes what fits and refuses what does not. */
class ProviderBucket {
  #level: number;
  #at = T0;

  constructor(initialShare: number) {
    this.#level = CAPACITY * initialShare;
  }

  level(now: number): number {
    const refill = ((now - this.#at) / SECOND) * TOKENS_PER_SECOND;
    this.#level = Math.min(CAPACITY, this.#level + refill);
    this.#at = now;
    return this.#level;
  }

  take(tokens: number, now: number): boolean {
    if (this.level(now) < tokens) return false;
    this.#level -= tokens;
    return true;
  }

  /** Microseconds until this many fit. */
  waitFor(tokens: number, now: number): number {
    return (Math.max(0, tokens - this.level(now)) / TOKENS_PER_SECOND) * SECOND;
  }
}

function readingOf(remaining: number): LimitReading {
  return {
    dimension: "tokens",
    perMs: 60_000,
    limit: CAPACITY,
    remaining,
    resetMs: null,
    resetMeaning: "full",
    quantum: 1,
  };
}

function quota(retryAfterMs: number | null): Verdict {
  return { class: "quota", dimension: "tokens", retryable: true, retryAfterMs };
}
