/**
 * Expiry wheel: ends waits on time. O(1) to add and remove; a turn of the wheel visits each slot once.
 *
 * Slots are 8 ms wide and a ticket expires when its slot begins: up to 8 ms early, never late, so
 * that no wait outlives its max wait. Waits beyond one turn (32 s) stay in their slot for later turns.
 */
import type { Tickets } from "./tickets.ts";

const SLOT_MICROS = 8_000;
const SLOTS = 4_096;
const WORDS = SLOTS / 32;

export class ExpiryWheel {
  readonly #tickets: Tickets;
  readonly #first = new Int32Array(SLOTS).fill(-1);
  /** One bit for each slot that holds a ticket, to find the next one without a walk. */
  readonly #occupied = new Uint32Array(WORDS);
  /** Slots up to this one have been collected. */
  #tick: number;
  /** Something was added to a slot that had been collected: it is collected again at once. */
  #isOverdue = false;

  constructor(tickets: Tickets, now: number) {
    this.#tickets = tickets;
    this.#tick = Math.floor(now / SLOT_MICROS);
  }

  add(row: number): void {
    const tick = tickOf(this.#tickets.expiresAt.at(row));
    if (tick <= this.#tick) this.#isOverdue = true;
    const slot = Math.max(tick, this.#tick) % SLOTS;
    const next = this.#first[slot];
    this.#tickets.wheelNext.set(row, next);
    this.#tickets.wheelPrevious.set(row, -2 - slot);
    if (next >= 0) this.#tickets.wheelPrevious.set(next, row);
    this.#first[slot] = row;
    this.#occupied[slot >> 5] |= 1 << (slot & 31);
  }

  remove(row: number): void {
    const { wheelNext, wheelPrevious } = this.#tickets;
    const previous = wheelPrevious.at(row);
    const next = wheelNext.at(row);
    if (previous === -1) return;
    if (next >= 0) wheelPrevious.set(next, previous);
    if (previous >= 0) wheelNext.set(previous, next);
    else this.#setFirst(-2 - previous, next);
    wheelNext.set(row, -1);
    wheelPrevious.set(row, -1);
  }

  /** Collects again at once what `collect` has given out. */
  postpone(row: number): void {
    this.remove(row);
    this.add(row);
  }

  /** Appends the rows whose wait has ended at `now` to `expired`; they are still in the wheel. */
  collect(now: number, expired: number[]): void {
    const target = Math.max(tickOf(now), this.#tick);
    const first = this.#isOverdue ? this.#tick : this.#tick + 1;
    const from = Math.max(first, target - SLOTS + 1);
    for (let tick = from; tick <= target; tick++) this.#collectSlot(tick % SLOTS, target, expired);
    this.#tick = target;
    this.#isOverdue = false;
  }

  /** When `collect` has to be called next, microseconds; Infinity if nothing waits. */
  get nextAt(): number {
    if (this.#isOverdue) return this.#tick * SLOT_MICROS;
    const slotNow = (this.#tick + 1) % SLOTS;
    const slot = this.#nextOccupied(slotNow);
    if (slot < 0) return Number.POSITIVE_INFINITY;
    return (this.#tick + 1 + ((slot - slotNow + SLOTS) % SLOTS)) * SLOT_MICROS;
  }

  #collectSlot(slot: number, target: number, expired: number[]): void {
    for (let row = this.#first[slot]; row >= 0; row = this.#tickets.wheelNext.at(row)) {
      if (tickOf(this.#tickets.expiresAt.at(row)) <= target) expired.push(row);
    }
  }

  #setFirst(slot: number, row: number): void {
    this.#first[slot] = row;
    if (row < 0) this.#occupied[slot >> 5] &= ~(1 << (slot & 31));
  }

  #nextOccupied(from: number): number {
    for (let step = 0; step <= WORDS; step++) {
      const word = ((from >> 5) + step) % WORDS;
      let bits = this.#occupied[word];
      if (step === 0) bits &= ~0 << (from & 31);
      if (step === WORDS) bits &= ~(~0 << (from & 31));
      if (bits !== 0) return word * 32 + (31 - Math.clz32(bits & -bits));
    }
    return -1;
  }
}

function tickOf(time: number): number {
  return Math.floor(time / SLOT_MICROS);
}
