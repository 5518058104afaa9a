/** Meter copies: all meters of an account that a shared store keeps the books of, by their names there. */
import type { Budget } from "../../../core/budget/budget.ts";
import type { MeterChange } from "../../../core/budget/options.ts";
import type { Meter } from "../../../core/meter/meter.ts";
import type { Path } from "../../../core/scheduler/path.ts";
import type { Scheduler } from "../../../core/scheduler/scheduler.ts";
import type { SharedPath } from "../../../stores/redis/client/entry.ts";
import type { ReportedMeter } from "../../../stores/redis/messages.ts";
import { shortHash } from "../../../stores/redis/short-hash.ts";
import type { LimitTable, MeterOrigin } from "../limit-table.ts";
import { type Correct, MeterCopy } from "./meter-copy.ts";
import { meterSpec } from "./meter-spec.ts";

const UNCHANGED: MeterChange = Object.freeze({ correction: 0 });

export class MeterCopies {
  readonly #limits: LimitTable;
  readonly #correct: Correct;
  readonly #byKey = new Map<string, MeterCopy>();
  readonly #byMeter = new WeakMap<Meter, MeterCopy>();
  readonly #paths = new WeakMap<Path, SharedPath>();

  constructor(limits: LimitTable, correct: Correct) {
    this.#limits = limits;
    this.#correct = correct;
  }

  /** The path as the store knows it, whoever asks; from now on its meters are copies. */
  pathOf(path: Path, now: number): SharedPath {
    const known = this.#paths.get(path);
    if (known !== undefined) return known;
    const meters = path.meters.map((meter) => {
      const { key, isLearned } = this.#originOf(meter);
      this.#copy(key, meter);
      return meterSpec(key, meter, isLearned, now);
    });
    const shared = { key: shortHash(meters.map(({ key }) => key).join("\n")), meters };
    this.#paths.set(path, shared);
    return shared;
  }

  /** The name of a path that the store has been told; null: it has not. */
  keyOf(path: Path): string | null {
    return this.#paths.get(path)?.key ?? null;
  }

  /** The limits that are known whoever asks: others may have used them before anybody asks here. */
  copyLimits(): void {
    for (const meter of this.#limits.meters) this.#copy(this.#originOf(meter).key, meter);
  }

  /** What the store says of them; the budget learns what others have changed. */
  take(
    reported: readonly ReportedMeter[],
    budget: Budget,
    scheduler: Scheduler,
    now: number,
  ): void {
    for (const one of reported) {
      const copy = this.#byKey.get(one.key);
      if (copy === undefined) continue;
      const change = copy.take(one, now);
      budget.followed(copy.meter, change ?? UNCHANGED, now);
      if (change !== null) scheduler.refresh(copy.meter);
    }
  }

  tell(now: number): void {
    for (const copy of this.#byKey.values()) copy.tell(now);
  }

  /** Another instance has told the store of what was just done to this meter. */
  isKnown(meter: Meter): void {
    this.#byMeter.get(meter)?.isKnown();
  }

  /** What is left of one as far as it is known, micro-units; null: it is not. */
  levelOf(key: string, now: number): number | null {
    return this.#byKey.get(key)?.levelAt(now) ?? null;
  }

  meterNamed(key: string): Meter | null {
    return this.#byKey.get(key)?.meter ?? null;
  }

  /** A reload may have put another meter in the place of one that was removed. */
  #copy(key: string, meter: Meter): void {
    if (this.#byMeter.has(meter)) return;
    const origin = this.#limits.originOf(meter);
    const isConfigured = origin !== null && !origin.isLearned;
    const copy = new MeterCopy(key, meter, isConfigured, this.#correct);
    this.#byKey.set(key, copy);
    this.#byMeter.set(meter, copy);
  }

  /** What is no limit is the budget's own, told apart by what it counts over. */
  #originOf(meter: Meter): MeterOrigin {
    const { dimension, selector } = meter.label;
    const own = { key: `own|${dimension}|${selector}`, isLearned: false };
    return this.#limits.originOf(meter) ?? own;
  }
}
