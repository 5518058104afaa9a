/** Reconciler: keeps one meter's level between the bounds that answers tell, and learns who else takes from it. */
import { MICROS_PER_MS } from "../clock.ts";
import { Bucket } from "../meter/bucket.ts";
import { FixedWindow } from "../meter/fixed-window.ts";
import type { Meter } from "../meter/meter.ts";
import { highest, lowest, type Told } from "./bounds.ts";
import { Drift } from "./drift.ts";
import { History } from "./history.ts";
import { Raises } from "./raises.ts";

/** What was sent this shortly before may have reached the provider after it. */
const REORDER_MICROS = 250 * MICROS_PER_MS;
/**
 * Others are not believed to take more than this share. With less than a fifth of the rate for us a
 * large request would wait for minutes, and without a request no answer tells that they have gone.
 */
const MOST_FOREIGN = 0.8;

export class Reconciler {
  readonly #meter: Meter;
  /** Debits less credits: our own. */
  readonly #charged = new History();
  /** Of all instances that share the meter; null: it is ours alone. */
  #byAll: History | null = null;
  /** Reserved for what is counted only as it is produced, of calls that run. */
  readonly #pending = new History();
  #pendingNow = 0;
  readonly #raises = new Raises();
  readonly #drift: Drift;
  /** When the level was last lowered: what was told before can no longer raise it. */
  #loweredAt = Number.NEGATIVE_INFINITY;

  constructor(meter: Meter, now: number) {
    this.#meter = meter;
    this.#drift = new Drift(now);
  }

  /** A request has left, after its debit; `pending` of it is counted only as it is produced. */
  sent(pending: number, now: number): void {
    this.#mark(now);
    this.#pendingNow += pending;
    this.#pending.mark(this.#pendingNow, now);
  }

  /** Its call has ended. */
  ended(pending: number, now: number): void {
    this.#pendingNow -= pending;
    this.#pending.mark(this.#pendingNow, now);
  }

  /** Takes in what an answer told; `own` is the part of its debit that was counted on arrival. */
  observe(told: Told, own: number, now: number): void {
    this.#mark(now);
    if (this.#isOfEarlierWindow(told, now)) return;
    if (!this.#lowerTo(this.#highest(told, now), now)) this.#considerRaise(told, own, now);
    this.#learn(now);
  }

  /** The provider had less than `own` left, which will be given back: the level is at most what came since. */
  refused(told: Told, own: number, now: number): void {
    this.#mark(now);
    if (this.#isOfEarlierWindow(told, now)) return;
    this.#lowerTo(this.#highest(told, now) - own, now);
    this.#loweredAt = now;
    this.#raises.clear();
    this.#learn(now);
  }

  #mark(now: number): void {
    this.#charged.mark(this.#meter.charged, now);
    if (!this.#meter.isCopy) return;
    this.#byAll ??= new History();
    this.#byAll.mark(this.#meter.chargedByAll, now);
  }

  /** What others have taken since the head came is in the level already: it has just been told. */
  #highest(told: Told, now: number): number {
    const atHead = told.chargedAtHead ?? this.#charged.at(told.headAt) ?? this.#meter.charged;
    return highest(this.#meter, told, this.#meter.charged - atHead, now);
  }

  #lowerTo(highest: number, now: number): boolean {
    const excess = this.#meter.level(now) - highest;
    if (excess <= 0) return false;
    this.#correct(-excess, now);
    this.#loweredAt = now;
    this.#raises.clear();
    return true;
  }

  #considerRaise(told: Told, own: number, now: number): void {
    if (told.sentAt < this.#loweredAt) return;
    const unseen = this.#unseen(told.sentAt - REORDER_MICROS, own);
    if (unseen === null) return;
    const raise = this.#raises.add(
      lowest(this.#meter, told, unseen, now) - this.#meter.level(now),
      now,
    );
    if (raise === 0) return;
    this.#correct(raise, now);
  }

  #correct(delta: number, now: number): void {
    this.#meter.adjust(delta, now);
    this.#meter.corrected += delta;
    this.#drift.note(delta);
  }

  /** Another instance has corrected the level by so much, by what it was told. */
  followed(delta: number, now: number): void {
    this.#mark(now);
    if (delta === 0) return;
    this.#drift.note(delta);
    if (delta < 0) this.#loweredAt = now;
    this.#raises.clear();
  }

  /** What others on the account take has been learned elsewhere. */
  adoptForeign(rate: number): void {
    this.#drift.rate = rate;
  }

  /** What may be missing in a count made after `time`; null: too long ago to know. */
  #unseen(time: number, own: number): number | null {
    const charged = (this.#byAll ?? this.#charged).at(time);
    const pending = this.#pending.at(time);
    if (charged === null || pending === null) return null;
    return pending + Math.max(0, this.#meter.chargedByAll - charged - own);
  }

  /** Of a window that has ended nothing can be learned about this one. */
  #isOfEarlierWindow({ sentAt }: Told, now: number): boolean {
    return this.#meter instanceof FixedWindow && this.#meter.refilled(sentAt, now) > 0;
  }

  #learn(now: number): void {
    if (!(this.#meter instanceof Bucket)) return;
    this.#drift.learn(MOST_FOREIGN * this.#meter.rate, now);
    if (this.#drift.rate !== this.#meter.foreign) this.#meter.setForeign(this.#drift.rate, now);
  }
}
