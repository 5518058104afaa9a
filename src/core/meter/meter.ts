/**
 * Meter: the live level of one limit.
 *
 * Amounts are whole micro-units (1 request = 1,000,000) and times whole microseconds, so that
 * every implementation of this arithmetic, in TypeScript or Lua, grants the same requests.
 */
import type { Dimension } from "../demand.ts";
import { NO_PACE, type Pace } from "./pace.ts";

export const MICRO_UNITS = 1_000_000;

/** While a meter is frozen for long, one request in this time may find out whether it still has to be. */
const PROBE_EVERY_MICROS = 60_000_000;

/** Others are never believed to take all there is: we would stop asking, and so never learn better. */
const MOST_FOREIGN = 0.95;

/** What a meter shows to people. */
export interface MeterLabel {
  readonly dimension: Dimension;
  /** What it counts over, e.g. `account`, `model:gpt-5*`, `tenant:acme`. */
  readonly selector: string;
}

export interface MeterReading {
  readonly limit: number;
  readonly level: number;
  /** When it is full again or its window ends (microseconds since the epoch); null: when slots are released. */
  readonly resetsAt: number | null;
}

export abstract class Meter {
  readonly label: MeterLabel;
  /** Until then nothing fits: the provider refused although we thought there was room. */
  frozenUntil = 0;
  /** From then on one request may go although the meter is frozen, to see whether it still has to be. */
  probeAt = Number.POSITIVE_INFINITY;
  /** Learned share of the capacity that is never spent; null: the scheduler's. See `Scheduler.setMargin`. */
  margin: number | null = null;
  /** All corrections of the level by what answers told, micro-units. */
  corrected = 0;
  /** Somebody else keeps the books of it; see `follow`. */
  isCopy = false;
  /** Not taken yet, but by whoever is to be granted elsewhere and has passed this meter, micro-units. */
  promised = 0;
  #foreign = 0;
  #charged = 0;
  #elsewhere = 0;
  #pace: Pace = NO_PACE;
  /** When the stream of grants so far would have ended at its pace. */
  #pacedUntil = 0;

  constructor(label: MeterLabel) {
    this.label = label;
  }

  /** The most that can ever be taken at once, in micro-units. */
  abstract get capacity(): number;

  /** Mean supply in micro-units per microsecond; 0 for slots, whose supply depends on service time. */
  abstract get rate(): number;

  /** What can be taken at `now`; negative after a settlement above the estimate, never by admission. */
  abstract level(now: number): number;

  /** Microseconds until `level` reaches `target` if nobody takes anything; Infinity: not by time alone. */
  protected abstract timeUntil(target: number, now: number): number;

  protected abstract take(amount: number, now: number): void;

  protected abstract give(amount: number, debitedAt: number, now: number): void;

  abstract read(now: number): MeterReading;

  /** Changes the limit in place: what has been used stays used, whoever waits goes on waiting. */
  abstract resize(capacity: number, per: number, now: number): void;

  /**
   * Corrects the level by what the provider says; no charge of ours. Never above the capacity.
   */
  abstract adjust(delta: number, now: number): void;

  /** The most that time alone gives back between two moments, micro-units. */
  abstract refilled(from: number, to: number): number;

  /** All that was ever taken here, less what was given back: for finding out who else takes. */
  get charged(): number {
    return this.#charged;
  }

  /** Traffic of others on the same account, micro-units per microsecond. */
  get foreign(): number {
    return this.#foreign;
  }

  setForeign(rate: number, _now: number): void {
    this.#foreign = Math.max(0, Math.min(rate, MOST_FOREIGN * this.rate));
  }

  /** Supply that is left to us, micro-units per microsecond. */
  get supply(): number {
    return this.rate - this.foreign;
  }

  /**
   * Others keep the books of it, of which this is a copy: what is left, and all that was ever
   * charged there, by whomever.
   */
  follow(level: number, charged: number, now: number): void {
    this.adjust(level - this.level(now), now);
    this.#elsewhere = charged - this.#charged;
    this.isCopy = true;
  }

  /** The same by all instances that share it. */
  get chargedByAll(): number {
    return this.#charged + this.#elsewhere;
  }

  get pace(): Pace {
    return this.#pace;
  }

  /** Spreads grants in time, so that a burst or a reset leaves as a stream. */
  set pace(pace: Pace) {
    this.#pace = pace;
  }

  debit(amount: number, now: number): void {
    this.#charged += amount;
    if (this.#pace !== NO_PACE) {
      this.#pacedUntil = Math.max(this.#pacedUntil, now) + amount * this.#pace.interval;
    }
    if (this.frozenUntil > now) this.probeAt = now + PROBE_EVERY_MICROS;
    this.take(amount, now);
  }

  /**
   * Gives back part of a debit made at `debitedAt`; a negative amount charges more.
   * A window that has since ended takes nothing back.
   */
  credit(amount: number, debitedAt: number, now: number): void {
    this.#charged -= amount;
    this.give(amount, debitedAt, now);
  }

  /**
   * Microseconds until `amount` fits while `floor` stays untouched; 0 if it fits now.
   * A demand that only a full meter can hold may use the floor too: otherwise it would never fit.
   */
  waitFor(amount: number, floor: number, now: number): number {
    const target = Math.min(amount + floor, Math.max(amount, this.capacity));
    let wait = this.level(now) >= target ? 0 : this.timeUntil(target, now);
    if (this.frozenUntil > now && now < this.probeAt) wait = Math.max(wait, this.frozenUntil - now);
    if (this.#pace === NO_PACE) return wait;
    return Math.max(wait, Math.ceil(this.#pacedUntil - this.#pace.allowance - now));
  }

  /** The same for an amount that comes after others have taken `ahead`. */
  waitBehind(ahead: number, amount: number, floor: number, now: number): number {
    const wait = this.waitFor(ahead + amount, floor, now);
    if (this.#pace === NO_PACE || ahead === 0) return wait;
    const { interval, allowance } = this.#pace;
    const spaced = Math.max(0, this.#pacedUntil - now) + ahead * interval - allowance;
    return Math.max(wait, Math.ceil(spaced));
  }
}
