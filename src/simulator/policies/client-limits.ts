/** Client limits: a client's own count of what it may send, by limits it was configured with. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { Dimension } from "../../core/demand.ts";
import { type Meter, MICRO_UNITS } from "../../core/meter/meter.ts";
import { createMeter, type LimitRule } from "../../runtime/account/limit-meter.ts";
import { isCountedBy } from "../limits.ts";
import type { ProviderRefusal } from "../provider/provider.ts";
import { amountTaken } from "../provider/rules.ts";
import type { Scene } from "./policy.ts";

/** A pause after a refusal that states none. */
const UNHINTED_PAUSE_MS = 1_000;

interface ClientLimit {
  readonly meter: Meter;
  /** The whole limit, of which the meter may be a share. */
  readonly most: number;
}

export class ClientLimits {
  readonly #scene: Scene;
  /** By the group of a task's model. */
  readonly #ofGroup: ClientLimit[][];
  /** When each task that is under way was sent. */
  readonly #sentAt = new Map<number, number>();
  #pausedUntil = 0;

  /** `share` of every limit: 1 for a client that has the account for itself. */
  constructor(scene: Scene, share: number) {
    const { models, setting, now } = scene;
    this.#scene = scene;
    this.#ofGroup = models.map(() => []);
    for (const rule of setting.limits) {
      const groups = models.flatMap((model, group) => (isCountedBy(rule, model) ? [group] : []));
      const own = shareOf(rule, share);
      const shared = rule.selector.each ? groups.map((group) => [group]) : [groups];
      for (const members of shared) {
        const meter = createMeter(own, null, now, setting.initialShare);
        const most = rule.amount * MICRO_UNITS;
        for (const group of members) this.#ofGroup[group].push({ meter, most });
      }
    }
  }

  /** No limit can ever hold it. */
  isTooLarge(task: number): boolean {
    return this.#limitsOf(task).some(
      ({ meter, most }) => this.#amount(task, meter.label.dimension) > most,
    );
  }

  /**
   * Microseconds until the task may go; Infinity: when another one has ended. What is larger than
   * a share goes when the share is whole, and overdraws it.
   */
  waitFor(task: number): number {
    const { now } = this.#scene;
    let wait = Math.max(0, this.#pausedUntil - now);
    for (const { meter } of this.#limitsOf(task)) {
      const amount = Math.min(this.#amount(task, meter.label.dimension), meter.capacity);
      if (amount > 0) wait = Math.max(wait, meter.waitFor(amount, 0, now));
    }
    return wait;
  }

  take(task: number): void {
    const { now } = this.#scene;
    this.#sentAt.set(task, now);
    for (const { meter } of this.#limitsOf(task)) {
      meter.debit(this.#amount(task, meter.label.dimension), now);
    }
  }

  /** Its answer is complete: its place is free. */
  ended(task: number): void {
    this.#giveBack(task, (dimension) => dimension === "concurrency");
  }

  /** The provider has not counted it after all, and wants a pause. */
  refused(task: number, { retryAfter }: ProviderRefusal): void {
    const { countsRefusals } = this.#scene.provider.rules;
    this.#giveBack(task, (dimension) => !(countsRefusals && dimension === "requests"));
    const pause = retryAfter ?? UNHINTED_PAUSE_MS * MICROS_PER_MS;
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#scene.now + pause);
  }

  #giveBack(task: number, isBack: (dimension: Dimension) => boolean): void {
    const { now } = this.#scene;
    const sentAt = this.#sentAt.get(task) ?? now;
    this.#sentAt.delete(task);
    for (const { meter } of this.#limitsOf(task)) {
      const { dimension } = meter.label;
      if (isBack(dimension)) meter.credit(this.#amount(task, dimension), sentAt, now);
    }
  }

  #limitsOf(task: number): readonly ClientLimit[] {
    return this.#ofGroup[this.#scene.groupOf(task)];
  }

  #amount(task: number, dimension: Dimension): number {
    const { provider, tasks } = this.#scene;
    if (dimension === "concurrency") return MICRO_UNITS;
    return amountTaken(provider.rules, tasks[task], dimension) * MICRO_UNITS;
  }
}

/** Of places at once there is no half. */
function shareOf(rule: LimitRule, share: number): LimitRule {
  const amount = rule.amount * share;
  return {
    ...rule,
    amount: rule.dimension === "concurrency" ? Math.max(1, Math.round(amount)) : amount,
  };
}
