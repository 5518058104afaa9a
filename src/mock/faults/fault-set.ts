/** Fault set: the faults that are armed, and which of them hit a call. */
import type { Random } from "../answer/random.ts";
import { globPattern } from "../limits/scope.ts";
import { checkFault, type Fault } from "./fault.ts";

/** What a call suffers: at most one fault that decides its end, and those that only colour it. */
export interface Affliction {
  readonly end: EndingFault | null;
  readonly firstTokenMs: number | null;
  readonly hidesHeaders: boolean;
}

export type EndingFault = Exclude<Fault, { kind: "slow" } | { kind: "no-headers" }>;

interface ArmedFault {
  readonly fault: Fault;
  readonly armedAt: number;
  readonly pattern: RegExp | null;
  left: number;
}

const MAX_FAULTS = 1_000;
const NO_AFFLICTION: Affliction = { end: null, firstTokenMs: null, hidesHeaders: false };

export class FaultSet {
  #armed: ArmedFault[] = [];

  get size(): number {
    return this.#armed.length;
  }

  list(): Fault[] {
    return this.#armed.map((armed) => ({ ...armed.fault, count: finite(armed.left) }));
  }

  add(order: unknown, now: number): void {
    if (this.#armed.length >= MAX_FAULTS)
      throw new Error(`no more than ${MAX_FAULTS} faults at once`);
    const fault = checkFault(order);
    this.#armed.push({
      fault,
      armedAt: now,
      pattern: fault.model === undefined ? null : globPattern(fault.model),
      left: fault.count ?? Number.POSITIVE_INFINITY,
    });
  }

  clear(): void {
    this.#armed = [];
  }

  /**
   * The faults that a call brings with it, and those that hit it: of each sort only the first, and
   * only that one spends of its count. So two faults with a count of 1 hit two calls, one after the other.
   */
  hit(own: readonly Fault[], model: string, now: number, random: Random): Fault[] {
    const hits = [...own];
    for (const armed of this.#armed) {
      const isTaken = hits.some((fault) => sortOf(fault) === sortOf(armed.fault));
      if (isTaken || !isHit(armed, model, now, random)) continue;
      armed.left -= 1;
      hits.push(armed.fault);
    }
    if (hits.length > own.length) this.#armed = this.#armed.filter((armed) => armed.left > 0);
    return hits;
  }
}

export function afflict(faults: readonly Fault[]): Affliction {
  if (faults.length === 0) return NO_AFFLICTION;
  const slow = faults.find((fault) => fault.kind === "slow");
  return {
    end: faults.find(isEnding) ?? null,
    firstTokenMs: slow?.firstTokenMs ?? null,
    hidesHeaders: faults.some((fault) => fault.kind === "no-headers"),
  };
}

function sortOf(fault: Fault): string {
  return isEnding(fault) ? "end" : fault.kind;
}

function isEnding(fault: Fault): fault is EndingFault {
  return fault.kind !== "slow" && fault.kind !== "no-headers";
}

function isHit(
  { fault, armedAt, pattern }: ArmedFault,
  model: string,
  now: number,
  random: Random,
): boolean {
  const ageMs = now - armedAt;
  if (ageMs < (fault.fromMs ?? 0) || ageMs >= (fault.untilMs ?? Number.POSITIVE_INFINITY))
    return false;
  if (pattern && !pattern.test(model)) return false;
  return fault.probability === undefined || random() < fault.probability;
}

function finite(count: number): number | undefined {
  return Number.isFinite(count) ? count : undefined;
}
