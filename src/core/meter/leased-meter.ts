/**
 * Leased meter: a limit that several instances count together. Each may take what it has been lent,
 * without asking; the count is elsewhere and is told what was taken. Slots, or an amount per window.
 */
import { Meter, type MeterLabel, type MeterReading } from "./meter.ts";

/** What stands in for a time nobody can tell: how long an answer takes, and how often is asked in vain. */
const ANSWER_MICROS = 5_000;
const RETRY_MICROS = 100_000;

export interface LeasedMeterOptions {
  readonly label: MeterLabel;
  readonly capacity: number;
  /** Usual length of a window in microseconds; null: slots, which time does not bring back. */
  readonly per: number | null;
  /** Somebody waits for more than the lease holds; may be called often. */
  readonly onLacking: () => void;
  /** Something has come back that others may wait for. */
  readonly onReturned: () => void;
}

/** What the count has to be told, and what is wished of it; micro-units. */
export interface LeaseNeeds {
  /** Taken since it was told last, less what came back. */
  readonly untold: number;
  /** Slots that are held now. */
  readonly inUse: number;
  /** The smallest that somebody waits for; 0: nobody. */
  readonly least: number;
  readonly want: number;
  /** Of the lease before, what is promised or may still be taken until the answer is here. */
  readonly keep: number;
}

/** What the count answers; micro-units, and microseconds by the clock of this instance. */
export interface Lease {
  /** To be taken from now on, beyond what was told. */
  readonly amount: number;
  /** Neither lent nor taken. */
  readonly free: number;
  /** Lent to others who may give it back. */
  readonly lent: number;
  /** Taken by all. */
  readonly taken: number;
  /** Others wait for slots: hold no more than this; null: nobody does. */
  readonly share: number | null;
  readonly usableUntil: number;
  /** Null: slots. */
  readonly windowEndsAt: number | null;
  /** It is another window than that of the lease before. */
  readonly isNewWindow: boolean;
  /** When the question was sent. */
  readonly askedAt: number;
}

export class LeasedMeter extends Meter {
  capacity: number;
  readonly #per: number | null;
  readonly #onLacking: () => void;
  readonly #onReturned: () => void;
  /** The store does not answer, and the lease is over. */
  isCutOff = false;
  #room = 0;
  #untold = 0;
  #inUse = 0;
  /** Taken since the needs were asked for last. */
  #recent = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;
  #lease: Lease | null = null;
  /** It was told what is needed, and had not so much. */
  #isDenied = false;
  #startedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeasedMeterOptions) {
    super(options.label);
    this.capacity = options.capacity;
    this.#per = options.per;
    this.#onLacking = options.onLacking;
    this.#onReturned = options.onReturned;
  }

  get rate(): number {
    return this.#per === null ? 0 : this.capacity / this.#per;
  }

  /** Slots that are held now, micro-units; of a window what its grants have taken altogether. */
  get inUse(): number {
    return this.#inUse;
  }

  get isIdle(): boolean {
    const holdsSlots = this.#per === null && this.#inUse > 0;
    return (
      this.promised === 0 &&
      this.#untold === 0 &&
      this.#most === 0 &&
      this.#recent === 0 &&
      !holdsSlots
    );
  }

  /** It has something that others could use. */
  get hasLease(): boolean {
    return this.#room > 0;
  }

  /** Somebody waits for more than there was. */
  get isDenied(): boolean {
    return this.#isDenied;
  }

  get usableUntil(): number {
    return this.#lease?.usableUntil ?? 0;
  }

  level(now: number): number {
    if (now >= this.usableUntil) return Math.min(0, this.#room);
    const share = this.#lease?.share ?? null;
    return share === null ? this.#room : Math.min(this.#room, share - this.#inUse);
  }

  /** Somebody needs `target` and does not find it: that is what is asked for next. */
  protected timeUntil(target: number, now: number): number {
    this.#least = Math.min(this.#least, target);
    this.#most = Math.max(this.#most, target);
    this.#onLacking();
    if (this.isCutOff) return RETRY_MICROS;
    if (this.#per === null) return Number.POSITIVE_INFINITY;
    const endsAt = this.#lease?.windowEndsAt ?? now;
    if (target > this.#reachable && now < endsAt) return endsAt - now;
    return this.#isDenied && now < this.usableUntil ? RETRY_MICROS : ANSWER_MICROS;
  }

  /** The most that this window could still give, as far as anybody knows. */
  get #reachable(): number {
    const { free = Number.POSITIVE_INFINITY, lent = 0 } = this.#lease ?? {};
    return Math.max(0, this.#room) + free + lent;
  }

  /** Would `amount` not even fit if all others gave back what they have been lent? */
  isUsedUp(amount: number): boolean {
    return this.#per !== null && amount > this.#reachable;
  }

  /** Is such a wait one for an answer, and not for the window's end? */
  isAsking(wait: number | null): boolean {
    return wait !== null && wait <= RETRY_MICROS;
  }

  protected take(amount: number): void {
    this.#room -= amount;
    this.#untold += amount;
    this.#inUse += amount;
    this.#recent += Math.max(0, amount);
  }

  /** A window that has since ended takes nothing back. */
  protected give(amount: number, debitedAt: number): void {
    if (amount > 0 && debitedAt < this.#startedAt) return;
    this.#room += amount;
    this.#untold -= amount;
    this.#inUse -= amount;
    if (this.#lease?.share != null) this.#onReturned();
  }

  /** Only the count itself is corrected. */
  adjust(): void {}

  refilled(): number {
    return 0;
  }

  override setForeign(): void {}

  resize(capacity: number): void {
    if (this.#lease !== null) {
      const free = Math.max(0, this.#lease.free + capacity - this.capacity);
      this.#lease = { ...this.#lease, free };
    }
    this.capacity = capacity;
  }

  read(): MeterReading {
    const { taken = 0, windowEndsAt = null } = this.#lease ?? {};
    const level = this.capacity - taken - this.#untold;
    return { limit: this.capacity, level, resetsAt: windowEndsAt };
  }

  /**
   * For the next question to the count; what is still lacking is noted anew. What is not kept is
   * given back from now on: the count may have lent it to others before its answer is here.
   *
   * @param isWanted others wait for it: nothing is kept
   */
  takeNeeds(isWanted: boolean, now: number): LeaseNeeds {
    const least = this.#most === 0 ? 0 : this.#least;
    // Twice what was taken of late, so that a steady stream seldom waits for an answer.
    const want = Math.max(this.#most, 2 * this.#recent);
    this.#least = Number.POSITIVE_INFINITY;
    this.#most = 0;
    this.#recent = 0;
    const isShared = isWanted || (this.#lease?.share ?? null) !== null;
    const kept = isShared ? this.promised : Math.max(this.promised, want);
    const keep = Math.max(0, Math.min(this.level(now), kept));
    this.#room = Math.min(this.#room, keep);
    const inUse = this.#per === null ? this.#inUse : 0;
    return { untold: this.#untold, inUse, least, want, keep };
  }

  /** The count has taken what it was `told` in and answers. */
  lend(lease: Lease, told: LeaseNeeds): void {
    this.#isDenied = told.least > lease.amount;
    if (lease.isNewWindow) this.#startedAt = lease.askedAt;
    this.#untold -= told.untold;
    this.#room = lease.amount - this.#untold;
    this.#lease = lease;
    this.isCutOff = false;
  }

  /** Nothing of what is known holds any more, but what runs goes on. */
  forget(): void {
    this.#room = 0;
    this.#untold = 0;
    this.#lease = null;
  }
}
