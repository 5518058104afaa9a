/**
 * Allowance: one limit as the simulated provider keeps it, in whole units and fractions of them.
 *
 * Written anew and not taken from the core: who judges shares no code with who is judged.
 */
import type { Dimension } from "../../core/demand.ts";

/** Sums of fractions drift; without this slack who waited exactly long enough could be refused. */
export const SLACK = 1e-6;

export interface AllowanceLabel {
  readonly name: string;
  readonly dimension: Dimension;
  readonly limit: number;
  /** Length of its window, microseconds; 0: none. */
  readonly per: number;
}

export abstract class Allowance {
  readonly label: AllowanceLabel;
  /** Taken since the start. */
  charged = 0;

  constructor(label: AllowanceLabel) {
    this.label = label;
  }

  /** What is left. */
  abstract left(now: number): number;

  /** All that there was since the start: what it began with, and what came since, used or lost. */
  abstract madeAvailable(now: number): number;

  /** Microseconds until `amount` can be taken if nobody else takes any; Infinity: never, or nobody knows. */
  abstract waitFor(amount: number, now: number): number;

  /** Below zero if need be: the caller has asked before where it must not. */
  abstract take(amount: number, now: number): void;

  /** Microseconds until it is whole again (or its window ends). */
  abstract resetsIn(now: number): number;

  fits(amount: number, now: number): boolean {
    return this.left(now) - amount >= -SLACK;
  }
}
