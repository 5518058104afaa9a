/**
 * Meter: the live level of one limit.
 *
 * Amounts are whole micro-units (1 request = 1,000,000) and times whole microseconds, so that
 * every implementation of this arithmetic, in TypeScript or Lua, grants the same requests.
 */
import type { Dimension } from "../demand.ts";

export const MICRO_UNITS = 1_000_000;

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

  abstract debit(amount: number, now: number): void;

  /**
   * Gives back part of a debit made at `debitedAt`; a negative amount charges more.
   * A window that has since ended takes nothing back.
   */
  abstract credit(amount: number, debitedAt: number, now: number): void;

  abstract read(now: number): MeterReading;

  /** Changes the limit in place: what has been used stays used, whoever waits goes on waiting. */
  abstract resize(capacity: number, per: number, now: number): void;

  /**
   * Microseconds until `amount` fits while `floor` stays untouched; 0 if it fits now.
   * A demand that only a full meter can hold may use the floor too: otherwise it would never fit.
   */
  waitFor(amount: number, floor: number, now: number): number {
    const target = Math.min(amount + floor, Math.max(amount, this.capacity));
    const wait = this.level(now) >= target ? 0 : this.timeUntil(target, now);
    return Math.max(wait, this.frozenUntil - now);
  }
}
