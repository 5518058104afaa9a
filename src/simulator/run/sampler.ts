/** Sampler: looks at a world in equal steps of time, for charts. */
import type { Watcher } from "../policies/policy.ts";
import type { ProviderBooks } from "../provider/provider.ts";
import { START, type World } from "../world/world.ts";

/** More than a chart has pixels for would only make the page heavy. */
const STEPS = 300;
const LEAST_STEP_MICROS = 1_000_000;

export class Sampler implements Watcher {
  readonly stepMicros: number;
  /** At the end of each step. */
  readonly waitingByTier: readonly number[][];
  /** Within each step. */
  readonly refused429: number[] = [];
  readonly charged: Float64Array[] = [];
  readonly available: Float64Array[] = [];
  readonly #world: World;
  readonly #steps: number;
  #nextAt: number;
  #refusedBefore = 0;
  #before: ProviderBooks;

  constructor(world: World, seconds: number) {
    const micros = seconds * 1_000_000;
    this.stepMicros = Math.max(LEAST_STEP_MICROS, Math.ceil(micros / STEPS));
    this.#steps = Math.ceil(micros / this.stepMicros);
    this.waitingByTier = world.setting.tiers.map(() => []);
    this.#world = world;
    this.#nextAt = START + this.stepMicros;
    this.#before = world.provider.books(START);
  }

  /** Only while tasks arrive: what comes after is an end, not a course. */
  passing(now: number): void {
    while (now >= this.#nextAt && this.refused429.length < this.#steps) {
      this.#sample(this.#nextAt);
      this.#nextAt += this.stepMicros;
    }
  }

  admitting(): void {}
  held(): void {}
  released(): void {}

  #sample(at: number): void {
    const { provider, held } = this.#world;
    for (const [tier, count] of held.byTier.entries()) this.waitingByTier[tier].push(count);
    this.refused429.push(provider.refused429 - this.#refusedBefore);
    this.#refusedBefore = provider.refused429;
    const books = provider.books(at);
    this.charged.push(difference(books.charged, this.#before.charged));
    this.available.push(difference(books.available, this.#before.available));
    this.#before = books;
  }
}

function difference(after: Float64Array, before: Float64Array): Float64Array {
  return after.map((amount, place) => amount - before[place]);
}
