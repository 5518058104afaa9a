/** Scope: the meters and slots of one account or of the models that a glob names. */
import { createMeter } from "./create-meter.ts";
import { type LimitChanges, METER_DIMENSIONS, type MeterDimension } from "./limits.ts";
import type { Meter } from "./meter.ts";
import type { AccountRules } from "./rules.ts";

/** Who holds a slot, since when. */
export interface SlotHolder {
  readonly startedAt: number;
}

export class Scope {
  /** Null is the whole account. */
  readonly glob: string | null;
  readonly meters: Meter[] = [];
  slots = Number.POSITIVE_INFINITY;
  readonly #held = new Set<SlotHolder>();
  readonly #rules: AccountRules;
  readonly #pattern: RegExp | null;

  constructor(glob: string | null, rules: AccountRules) {
    this.glob = glob;
    this.#rules = rules;
    this.#pattern = glob === null ? null : globPattern(glob);
  }

  covers(model: string | null): boolean {
    return this.#pattern === null || (model !== null && this.#pattern.test(model));
  }

  hold(holder: SlotHolder): void {
    this.#held.add(holder);
  }

  /** Idempotent. */
  release(holder: SlotHolder): void {
    this.#held.delete(holder);
  }

  /** Slots that count as taken: those of requests that have run for long enough. */
  heldAt(now: number): number {
    const { slotsCountAfterMs } = this.#rules;
    if (slotsCountAfterMs === 0) return this.#held.size;
    let held = 0;
    for (const { startedAt } of this.#held) if (now - startedAt >= slotsCountAfterMs) held += 1;
    return held;
  }

  change(changes: LimitChanges, startEmpty: boolean, now: number): void {
    for (const dimension of METER_DIMENSIONS) {
      const amount = changes[dimension];
      if (amount !== undefined) this.#changeMeter(dimension, amount, startEmpty, now);
    }
    if (changes.max_parallel_requests === undefined) return;
    this.slots = changes.max_parallel_requests ?? Number.POSITIVE_INFINITY;
  }

  /** `tpm` for the account, `tpm:gpt-5*` for a model's. */
  nameOf(dimension: string): string {
    return this.glob === null ? dimension : `${dimension}:${this.glob}`;
  }

  #changeMeter(
    dimension: MeterDimension,
    amount: number | null,
    startEmpty: boolean,
    now: number,
  ): void {
    const at = this.meters.findIndex((meter) => meter.dimension === dimension);
    if (amount === null && at >= 0) this.meters.splice(at, 1);
    if (amount === null) return;
    const rule = this.#rules.meters[dimension];
    const name = this.nameOf(dimension);
    if (at >= 0) this.meters[at].resize(amount, now);
    else if (rule)
      this.meters.push(createMeter(rule, { name, dimension, amount, startEmpty }, now));
  }
}

/** `*` stands for any characters; all else is literal. */
export function globPattern(glob: string): RegExp {
  const literal = glob.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join(".*")}$`, "s");
}
