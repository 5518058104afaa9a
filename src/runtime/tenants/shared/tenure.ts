/**
 * Tenure: what one tenant has been lent at this instance, and its turns at the count that all
 * instances share. One turn at a time; one that was not answered is told again under its number.
 */
import type { Clock } from "../../../core/clock.ts";
import type { LeasedMeter } from "../../../core/meter/leased-meter.ts";
import type { UseAmounts } from "../../../core/quota/tenant-use.ts";
import {
  type KnownCounts,
  LEASE_MICROS,
  type TenantLeases,
  type TurnReply,
} from "../../../stores/tenants/tenant-leases.ts";
import {
  askOf,
  merged,
  NOTHING_KNOWN,
  type PendingTurn,
  type SharedMeter,
} from "./pending-turn.ts";

/** A lease is used no longer: time to end what runs before its slots are lent to others. */
const USABLE_MICROS = LEASE_MICROS - 200_000;
const RENEW_MICROS = 500_000;
/** What was not to be had is asked for again, unless somebody calls before. */
const ASK_AGAIN_MICROS = 500_000;
const FIRST_PAUSE_MICROS = 50_000;
const LONGEST_PAUSE_MICROS = 400_000;

type Told = Extract<TurnReply, { readonly kind: "told" }>;

export interface TenureMeans {
  readonly leases: TenantLeases;
  readonly clock: Clock;
  /** Unique among all instances that ever live. */
  readonly instance: string;
  /** What all have used, and of this instance what was not told yet. */
  readonly onTold: (tenant: string, told: Pick<Told, "day" | "month">, untold: UseAmounts) => void;
  /** Whoever waits for its meters may find more, or less, than before. */
  readonly onChanged: (tenant: string, drained: readonly LeasedMeter[]) => void;
  /** Its slots cannot be renewed in time. */
  readonly onLost: (tenant: string) => void;
  readonly onErased: (tenant: string) => void;
  /** Null: it was answered. */
  readonly onAnswer: (error: unknown) => void;
  /** It has something to look after until it is idle again. */
  readonly onActive: (tenure: Tenure) => void;
}

const NOTHING: UseAmounts = { requests: 0, tokens: 0, usdMicros: 0 };

export class Tenure {
  readonly tenant: string;
  readonly #means: TenureMeans;
  #shared: readonly SharedMeter[] = [];
  #unspent = NOTHING;
  #number = 0;
  #generation: number | null = null;
  #known: KnownCounts | null = null;
  #windowEnds: Readonly<Record<string, number>> = {};
  #pending: PendingTurn | null = null;
  #turning: Promise<void> | null = null;
  /** A turn is due that has not been told yet: whatever happens goes with it. */
  #isComing = false;
  /** Somebody lacks something, or has called, since the turn under way was told. */
  #isDueAgain = false;
  #isCalled = false;
  #isLacking = false;
  /** Others lack what is held here. */
  #isWanted = false;
  #hasLost = false;
  #hasLeft = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #notBefore = 0;
  #pause = FIRST_PAUSE_MICROS;

  constructor(tenant: string, means: TenureMeans) {
    this.tenant = tenant;
    this.#means = means;
  }

  get meters(): readonly SharedMeter[] {
    return this.#shared;
  }

  set meters(shared: readonly SharedMeter[]) {
    this.#shared = shared;
  }

  /** There is nothing to tell, and nothing is held. */
  get isIdle(): boolean {
    if (this.#turning !== null || this.#hasUntold) return false;
    return this.#shared.every(({ meter }) => meter.isIdle && !meter.hasLease && !meter.isDenied);
  }

  /** Has all that was used here been told, and what others have used been heard, within so many microseconds? */
  isFresh(within: number): boolean {
    return !this.#hasUntold && this.#means.clock.now() - this.#toldAt <= within;
  }

  get #hasUntold(): boolean {
    const { requests, tokens } = this.#unspent;
    return this.#pending !== null || requests > 0 || tokens > 0;
  }

  spend({ requests, tokens, usdMicros }: UseAmounts): void {
    this.#means.onActive(this);
    const before = this.#unspent;
    this.#unspent = {
      requests: before.requests + requests,
      tokens: before.tokens + tokens,
      usdMicros: before.usdMicros + usdMicros,
    };
  }

  /** Somebody waits for more than is lent. */
  lack(): void {
    this.#isLacking = true;
    this.#means.onActive(this);
    if (this.#isComing) return;
    if (this.#turning !== null) this.#isDueAgain = true;
    else if (this.#means.clock.now() >= this.#notBefore) this.#turnSoon();
  }

  /** Others wait for what is held here, or something has come back that is waited for. */
  call(): void {
    this.#isWanted = true;
    this.#means.onActive(this);
    if (this.#isComing) return;
    if (this.#turning !== null) this.#isCalled = true;
    else this.#turnSoon();
  }

  /** Several times a second: renews, tells what was used, tries again. */
  sweep(): void {
    const now = this.#means.clock.now();
    this.#noticeLoss(now);
    if (this.#turning !== null || now < this.#notBefore) return;
    const isOld = now - this.#toldAt >= RENEW_MICROS;
    if (this.#isLacking || this.#pending !== null || (isOld && !this.isIdle)) this.#turnSoon();
  }

  /** Resolves once what is used here was told, or could not be. */
  turn(): Promise<void> {
    this.#turning ??= this.#take(false).finally(() => {
      this.#turning = null;
      const isTime = this.#means.clock.now() >= this.#notBefore;
      if (this.#isCalled || (this.#isDueAgain && isTime)) this.#turnSoon();
      this.#isDueAgain = false;
      this.#isCalled = false;
    });
    return this.#turning;
  }

  /** Gives everything back, as far as the store answers. */
  async leave(): Promise<void> {
    await this.#turning;
    if (this.#pending !== null) await this.turn();
    await this.#turning;
    this.#hasLeft = true;
    await this.#take(true);
  }

  /** What was used before is of no tenant any more. */
  forget(): void {
    this.#unspent = NOTHING;
    this.#pending = null;
    this.#number = 0;
    this.#generation = null;
    this.#known = null;
    for (const { meter } of this.#shared) meter.forget();
  }

  #turnSoon(): void {
    if (this.#turning !== null || this.#hasLeft) return;
    // Whatever happens in this turn of the event loop goes with it.
    this.#isComing = true;
    this.#turning = Promise.resolve().then(() => {
      this.#isComing = false;
      this.#turning = null;
      return this.turn();
    });
  }

  async #take(isLast: boolean): Promise<void> {
    const sentAt = this.#means.clock.now();
    this.#isLacking = false;
    const pending = this.#pendingNow(sentAt);
    try {
      const reply = await this.#ask(pending, isLast);
      if (this.#pending !== pending) return; // forgotten meanwhile
      this.#pause = FIRST_PAUSE_MICROS;
      this.#means.onAnswer(null);
      if (reply.kind === "told") this.#told(reply, pending, sentAt);
      else this.#erased();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Of a store that knows it no more it is asked once what it remembers. */
  async #ask(pending: PendingTurn, isLast: boolean): Promise<TurnReply> {
    const { leases, instance } = this.#means;
    const [number, generation] = [this.#number + 1, this.#generation];
    const asked = { instance, number, generation, isLast, known: null };
    const turn = { ...asked, used: pending.used, asks: pending.needs.map(askOf) };
    const reply = await leases.turn(this.tenant, turn);
    if (reply.kind !== "unknown") return reply;
    return leases.turn(this.tenant, { ...turn, known: this.#known ?? NOTHING_KNOWN });
  }

  /** What was told without an answer stays as it was, what is needed may be more by now. */
  #pendingNow(sentAt: number): PendingTurn {
    const before = this.#pending;
    const needsOf = ({ meter }: SharedMeter) => meter.takeNeeds(this.#isWanted, sentAt);
    const needs =
      before?.needs.map((last) => merged(last, needsOf(last.shared))) ??
      this.#shared.map((shared) => ({ shared, ...needsOf(shared) }));
    this.#isWanted = false;
    this.#pending = { used: before?.used ?? this.#unspent, needs };
    return this.#pending;
  }

  #told(reply: Told, { used, needs }: PendingTurn, sentAt: number): void {
    this.#pending = null;
    this.#number++;
    this.#generation = reply.generation;
    this.#toldAt = sentAt;
    this.#hasLost = false;
    this.#unspent = {
      requests: this.#unspent.requests - used.requests,
      tokens: this.#unspent.tokens - used.tokens,
      usdMicros: this.#unspent.usdMicros - used.usdMicros,
    };
    const drained = this.#lend(reply, needs, sentAt);
    this.#means.onTold(this.tenant, reply, this.#unspent);
    this.#means.onChanged(this.tenant, drained);
  }

  /** Returns meters whose window has not what is waited for. */
  #lend(reply: Told, needs: PendingTurn["needs"], sentAt: number): LeasedMeter[] {
    const drained: LeasedMeter[] = [];
    const taken: Record<string, number> = {};
    let isDenied = false;
    needs.forEach((told, i) => {
      const { name, window, meter } = told.shared;
      const grant = reply.grants[i];
      const endsAt = window === null ? null : reply[window.span].endsAt;
      const endsHere = endsAt === null ? null : sentAt + endsAt - reply.now;
      const usableUntil = Math.min(sentAt + USABLE_MICROS, endsHere ?? Number.POSITIVE_INFINITY);
      const isNewWindow = endsAt !== null && (this.#windowEnds[name] ?? endsAt) !== endsAt;
      if (endsAt !== null) this.#windowEnds = { ...this.#windowEnds, [name]: endsAt };
      taken[name] = grant.taken;
      const times = { usableUntil, windowEndsAt: endsHere, isNewWindow, askedAt: sentAt };
      meter.lend({ ...grant, ...times }, told);
      if (meter.isDenied) isDenied = true;
      if (meter.isDenied && meter.isUsedUp(told.least)) drained.push(meter);
    });
    this.#known = { day: reply.day, month: reply.month, taken };
    this.#notBefore = isDenied ? this.#means.clock.now() + ASK_AGAIN_MICROS : 0;
    return drained;
  }

  #erased(): void {
    this.forget();
    this.#means.onErased(this.tenant);
  }

  #failed(error: unknown): void {
    const now = this.#means.clock.now();
    this.#isLacking = true;
    this.#notBefore = now + this.#pause;
    this.#pause = Math.min(LONGEST_PAUSE_MICROS, 2 * this.#pause);
    const over = this.#shared.filter(({ meter }) => now >= meter.usableUntil && !meter.isCutOff);
    for (const { meter } of over) meter.isCutOff = true;
    this.#means.onAnswer(error);
    if (over.length > 0) this.#means.onChanged(this.tenant, []);
  }

  #noticeLoss(now: number): void {
    if (this.#hasLost) return;
    const isLost = this.#shared.some(
      ({ window, meter }) => window === null && meter.inUse > 0 && now >= meter.usableUntil,
    );
    if (!isLost) return;
    this.#hasLost = true;
    this.#means.onLost(this.tenant);
  }
}
