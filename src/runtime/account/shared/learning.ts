/** Learning: what instances of an account tell each other of breakers, limits and stopped credentials. */
import type { BreakerRecord } from "../../../core/breaker/breaker.ts";
import type { LearnedLimit } from "../../../core/budget/options.ts";
import type { AccountParts } from "../account.ts";
import type { Stop } from "../stops.ts";
import type { MeterCopies } from "./meter-copies.ts";

const BREAKER = "breaker|";
const STOP = "stop|";
const LIMITS = "limits";

export interface LearningOptions {
  readonly parts: AccountParts;
  readonly copies: MeterCopies;
  readonly note: (key: string, value: string) => void;
}

export class Learning {
  readonly #options: LearningOptions;
  #limits: readonly LearnedLimit[] = [];
  #stops: ReadonlyMap<string, Stop> = new Map();

  constructor(options: LearningOptions) {
    this.#options = options;
  }

  /** Tells what has changed here since the last time. Times go as wall time, which instances share. */
  tell(): void {
    const { parts, note } = this.#options;
    for (const { name, record } of parts.budget().takeBreakerNews()) {
      note(`${BREAKER}${name}`, JSON.stringify(record));
    }
    const limits = parts.learned();
    if (limits !== this.#limits) {
      this.#limits = limits;
      if (limits.length > 0) note(LIMITS, JSON.stringify(limits));
    }
    this.#tellStops();
  }

  /** Takes what another instance has noted. */
  take(key: string, value: string): void {
    const { parts } = this.#options;
    const told: unknown = JSON.parse(value);
    if (key === LIMITS) this.#takeLimits(told as readonly LearnedLimit[]);
    else if (key.startsWith(STOP)) {
      parts.stops.adopt(key.slice(STOP.length), told as Stop | null);
      this.#stops = parts.stops.byKey;
    } else if (key.startsWith(BREAKER)) {
      this.#takeBreaker(key.slice(BREAKER.length), told as BreakerRecord);
    }
  }

  #takeLimits(limits: readonly LearnedLimit[]): void {
    const { parts } = this.#options;
    parts.adoptLearned(limits);
    this.#limits = parts.learned();
  }

  #takeBreaker(name: string, record: BreakerRecord): void {
    const { parts, copies } = this.#options;
    const budget = parts.budget();
    budget.adoptBreaker(name, record, parts.clock.now());
    for (const meter of budget.limiting) copies.isKnown(meter);
  }

  #tellStops(): void {
    const { parts, note } = this.#options;
    const { byKey } = parts.stops;
    if (byKey === this.#stops) return;
    for (const [key, stop] of byKey) {
      if (this.#stops.get(key) !== stop) note(`${STOP}${key}`, JSON.stringify(stop));
    }
    for (const key of this.#stops.keys()) if (!byKey.has(key)) note(`${STOP}${key}`, "null");
    this.#stops = byKey;
  }
}
