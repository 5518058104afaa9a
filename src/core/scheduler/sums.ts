/** Sums: one running amount for each meter of a scheduler, by the meter's place in its table. */

const FIRST_METERS = 8;

export class Sums {
  #values = new Float64Array(FIRST_METERS);

  at(meter: number): number {
    return meter < this.#values.length ? this.#values[meter] : 0;
  }

  add(meter: number, amount: number): void {
    if (meter >= this.#values.length) this.#grow(meter);
    this.#values[meter] += amount;
  }

  set(meter: number, amount: number): void {
    if (meter >= this.#values.length) this.#grow(meter);
    this.#values[meter] = amount;
  }

  #grow(meter: number): void {
    const larger = new Float64Array(2 * (meter + 1));
    larger.set(this.#values);
    this.#values = larger;
  }
}
