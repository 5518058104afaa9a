/** Provider: the simulated account: admits or refuses, charges, and tells what is left. */
import type { LimitReading } from "../../core/dialect.ts";
import type { LimitedDimension } from "../../core/verdict/verdict.ts";
import type { LoadTask } from "../../workload/load.ts";
import { type Allowance, SLACK } from "./allowance.ts";
import { Refilling } from "./refilling.ts";
import type { ProviderRules } from "./rules.ts";
import { Seats } from "./seats.ts";

export interface ProviderRefusal {
  /** What the 429 names. */
  readonly dimension: LimitedDimension;
  /** Microseconds; null: the provider states none. */
  readonly retryAfter: number | null;
}

/** What a limit must have counted; amounts by the place of each allowance. */
export interface ProviderBooks {
  readonly charged: Float64Array;
  readonly available: Float64Array;
}

export class Provider {
  readonly allowances: readonly Allowance[];
  readonly rules: ProviderRules;
  /** Allowances that requests of each kind of model count in. */
  readonly #ofGroup: readonly (readonly Allowance[])[];
  requests = 0;
  refused429 = 0;

  constructor(
    allowances: readonly Allowance[],
    ofGroup: readonly (readonly Allowance[])[],
    rules: ProviderRules,
  ) {
    this.allowances = allowances;
    this.#ofGroup = ofGroup;
    this.rules = rules;
  }

  /** A request of ours arrives. */
  admit(task: LoadTask, group: number, now: number): ProviderRefusal | null {
    this.requests++;
    const refusal = this.#refusalOf(task, group, now);
    if (refusal === null) this.#take(task, group, now);
    else this.#countRefusal(group, now);
    return refusal;
  }

  /** Would it be admitted? */
  fits(task: LoadTask, group: number, now: number): boolean {
    for (const allowance of this.#ofGroup[group]) {
      if (this.#waitAt(allowance, task, now) > 0) return false;
    }
    return true;
  }

  /** No request that asks for more tokens than this can be admitted now. */
  mostTokens(group: number, now: number): number {
    let most = Number.POSITIVE_INFINITY;
    for (const allowance of this.#ofGroup[group]) {
      if (allowance.label.dimension !== "tokens") continue;
      most = Math.min(most, allowance.left(now) + SLACK);
    }
    return most;
  }

  /** Somebody else's request arrives; if it does not fit, somebody else is refused. */
  admitForeign(task: LoadTask, group: number, now: number): void {
    if (!this.fits(task, group, now)) return;
    for (const allowance of this.#ofGroup[group]) {
      const { dimension } = allowance.label;
      if (dimension === "concurrency") continue;
      const { rules } = this;
      allowance.take(
        rules.atAdmission(task, dimension) + rules.whileProduced(task, dimension),
        now,
      );
    }
  }

  /** Its answer begins to be produced, for this many microseconds. */
  begin(task: LoadTask, group: number, micros: number, now: number): void {
    this.#produce(task, group, 1 / micros, now);
  }

  /** Its answer, begun so many microseconds ago, is complete. */
  finish(task: LoadTask, group: number, micros: number, now: number): void {
    this.#produce(task, group, -1 / micros, now);
    for (const allowance of this.#ofGroup[group]) {
      if (allowance instanceof Seats) allowance.giveBack(now);
      else if (!(allowance instanceof Refilling)) {
        const produced = this.rules.whileProduced(task, allowance.label.dimension);
        if (produced > 0) allowance.take(produced, now);
      }
    }
  }

  /** Does anything have to be done while an answer is produced, or when it is complete? */
  isHeldBy(group: number): boolean {
    return this.#ofGroup[group].some(
      ({ label }) => label.dimension === "concurrency" || label.dimension === "output_tokens",
    );
  }

  /** What headers written now would tell: per dimension of the allowance with the least left. */
  readings(group: number, now: number): LimitReading[] {
    const readings: LimitReading[] = [];
    for (const allowance of this.#ofGroup[group]) {
      if (allowance instanceof Seats) continue;
      const reading = this.#readingOf(allowance, now);
      const known = readings.findIndex(({ dimension }) => dimension === reading.dimension);
      if (known < 0) readings.push(reading);
      else if (shareLeft(reading) < shareLeft(readings[known])) readings[known] = reading;
    }
    return readings;
  }

  books(now: number): ProviderBooks {
    // A level brings what has been produced up to now into `charged`.
    for (const allowance of this.allowances) allowance.left(now);
    return {
      charged: Float64Array.from(this.allowances, ({ charged }) => charged),
      available: Float64Array.from(this.allowances, (allowance) => allowance.madeAvailable(now)),
    };
  }

  #refusalOf(task: LoadTask, group: number, now: number): ProviderRefusal | null {
    let longest = 0;
    let binding: Allowance | null = null;
    for (const allowance of this.#ofGroup[group]) {
      const wait = this.#waitAt(allowance, task, now);
      if (wait <= longest) continue;
      longest = wait;
      binding = allowance;
    }
    if (binding === null) return null;
    const dimension = binding.label.dimension as LimitedDimension;
    return { dimension, retryAfter: Number.isFinite(longest) ? longest : null };
  }

  #waitAt(allowance: Allowance, task: LoadTask, now: number): number {
    const { dimension } = allowance.label;
    if (this.rules.whileProduced(task, dimension) === 0) {
      return allowance.waitFor(this.rules.atAdmission(task, dimension), now);
    }
    // What is counted as it is produced may go below zero, so it only has to be above it now.
    return allowance.left(now) > 0 ? 0 : Math.max(1, allowance.waitFor(1, now));
  }

  #take(task: LoadTask, group: number, now: number): void {
    for (const allowance of this.#ofGroup[group]) {
      const amount = this.rules.atAdmission(task, allowance.label.dimension);
      if (amount > 0) allowance.take(amount, now);
    }
  }

  /** One request, where there is one to take. */
  #countRefusal(group: number, now: number): void {
    this.refused429++;
    if (!this.rules.countsRefusals) return;
    for (const allowance of this.#ofGroup[group]) {
      if (allowance.label.dimension === "requests" && allowance.fits(1, now)) {
        allowance.take(1, now);
      }
    }
  }

  #produce(task: LoadTask, group: number, share: number, now: number): void {
    for (const allowance of this.#ofGroup[group]) {
      if (!(allowance instanceof Refilling)) continue;
      const amount = this.rules.whileProduced(task, allowance.label.dimension);
      if (amount > 0) allowance.drain(amount * share, now);
    }
  }

  #readingOf(allowance: Allowance, now: number): LimitReading {
    const { dimension, limit, per } = allowance.label;
    const quantum = dimension === "requests" ? 1 : this.rules.tokenQuantum;
    const left = Math.max(0, allowance.left(now));
    return {
      dimension: dimension as LimitReading["dimension"],
      perMs: per / 1_000,
      limit,
      remaining: quantum === 1 ? Math.floor(left) : Math.round(left / quantum) * quantum,
      resetMs: Math.ceil(allowance.resetsIn(now) / 1_000),
      resetMeaning: this.rules.resetMeaning,
      quantum,
    };
  }
}

function shareLeft({ remaining, limit }: LimitReading): number {
  return (remaining ?? 0) / (limit ?? 1);
}
