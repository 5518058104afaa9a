/** Slots: how many requests may run at the same time. Freed by release, never by time. */
import { Meter, type MeterLabel, type MeterReading } from "./meter.ts";

export class Slots extends Meter {
  capacity: number;
  readonly rate = 0;
  #used = 0;

  constructor(label: MeterLabel, capacity: number) {
    super(label);
    this.capacity = capacity;
  }

  level(_now: number): number {
    return this.capacity - this.#used;
  }

  protected timeUntil(): number {
    return Number.POSITIVE_INFINITY;
  }

  protected take(amount: number): void {
    this.#used += amount;
  }

  protected give(amount: number): void {
    this.#used -= amount;
  }

  adjust(delta: number): void {
    this.#used -= delta;
  }

  refilled(): number {
    return 0;
  }

  override setForeign(): void {}

  resize(capacity: number, _per?: number, _now?: number): void {
    this.capacity = capacity;
  }

  read(now: number): MeterReading {
    return { limit: this.capacity, level: this.level(now), resetsAt: null };
  }
}
