/** Learned limits: which limits an account has, from what answers say, steady although they flicker. */
import { MICROS_PER_MS } from "../clock.ts";
import type { LimitReading } from "../dialect.ts";
import type { LearnedLimit } from "./options.ts";
import { assumedPerMs, toldPerMs } from "./told-window.ts";

/** Further models, and further limits of one model, are not learned. */
const MOST_MODELS = 64;
const MOST_PER_MODEL = 8;
/** Answers in a row that must tell a higher limit before it is believed; a lower one is at once. */
const CONFIRMATIONS = 8;

interface Entry {
  value: LearnedLimit;
  /** Its place among limits of its dimension in one answer's headers. */
  readonly ordinal: number;
  isWindowTold: boolean;
  confirmations: number;
  leastHigher: number;
}

export class LearnedLimits {
  readonly #byModel = new Map<string | null, Entry[]>();
  /** A new array whenever something in it has changed. */
  list: readonly LearnedLimit[] = [];

  /** Takes in one answer's headers; `isNew` says which of them no configured limit covers. */
  observe(
    model: string | null,
    readings: readonly LimitReading[],
    isNew: (reading: LimitReading) => boolean,
    now: number,
  ): void {
    let hasChanged = false;
    readings.forEach((reading, i) => {
      const limit = limitIn(reading);
      if (limit === null || limit <= 0 || !isNew(reading)) return;
      const earlier = readings.slice(0, i);
      const ordinal = earlier.filter(({ dimension }) => dimension === reading.dimension).length;
      if (this.#learn(model, reading, limit, ordinal, now)) hasChanged = true;
    });
    if (!hasChanged) return;
    this.list = [...this.#byModel.values()].flat().map(({ value }) => value);
  }

  /** Takes over what others have learned; says whether that is news. */
  adopt(limits: readonly LearnedLimit[]): boolean {
    let hasChanged = false;
    for (const value of limits) if (this.#adopt(value)) hasChanged = true;
    if (hasChanged) this.list = [...this.#byModel.values()].flat().map(({ value }) => value);
    return hasChanged;
  }

  #adopt(value: LearnedLimit): boolean {
    const entries = this.#byModel.get(value.model) ?? [];
    const alike = entries.filter(
      (entry) => entry.value.dimension === value.dimension && entry.value.perMs === value.perMs,
    );
    if (alike.some((entry) => entry.value.limit === value.limit)) return false;
    if (alike.length > 0) {
      alike[0].value = value;
      return true;
    }
    if (entries.length >= MOST_PER_MODEL || this.#isFull(value.model)) return false;
    const { dimension } = value;
    const ordinal = entries.filter((entry) => entry.value.dimension === dimension).length;
    entries.push({ value, ordinal, isWindowTold: true, confirmations: 0, leastHigher: 0 });
    this.#byModel.set(value.model, entries);
    return true;
  }

  #learn(
    model: string | null,
    reading: LimitReading,
    limit: number,
    ordinal: number,
    now: number,
  ): boolean {
    const entries = this.#byModel.get(model) ?? [];
    const entry = entryFor(entries, reading, limit, ordinal);
    if (entry !== undefined) return update(entry, reading, limit, now);
    if (entries.length >= MOST_PER_MODEL || this.#isFull(model)) return false;
    entries.push(newEntry(model, reading, limit, ordinal, now));
    this.#byModel.set(model, entries);
    return true;
  }

  #isFull(model: string | null): boolean {
    return this.#byModel.size >= MOST_MODELS && !this.#byModel.has(model);
  }
}

/** What a limit is told or assumed to be. */
export function limitIn({ limit, assumedLimit }: LimitReading): number | null {
  return limit ?? assumedLimit ?? null;
}

const WINDOWS = { full: "bucket", window: "fixed", rolling: "sliding" } as const;

/** The one with the same amount; else the one in the same place, which then has changed. */
function entryFor(
  entries: readonly Entry[],
  reading: LimitReading,
  limit: number,
  ordinal: number,
): Entry | undefined {
  const alike = entries.filter((entry) => isAlike(entry, reading));
  return (
    alike.find(({ value }) => value.limit === limit) ??
    alike.find((entry) => entry.ordinal === ordinal)
  );
}

/** Where one of them does not know its window, they may be the same limit. */
function isAlike({ value, isWindowTold }: Entry, reading: LimitReading): boolean {
  if (value.dimension !== reading.dimension) return false;
  return !isWindowTold || reading.perMs === null || reading.perMs === value.perMs;
}

function newEntry(
  model: string | null,
  reading: LimitReading,
  limit: number,
  ordinal: number,
  now: number,
): Entry {
  const perMs = toldPerMs(reading);
  const value: LearnedLimit = {
    model,
    dimension: reading.dimension,
    limit,
    perMs: reading.dimension === "concurrency" ? null : (perMs ?? assumedPerMs(reading)),
    window: WINDOWS[reading.resetMeaning],
    ...stateOf(reading, now),
  };
  return { value, ordinal, isWindowTold: perMs !== null, confirmations: 0, leastHigher: 0 };
}

function stateOf(reading: LimitReading, now: number) {
  const { remaining, resetMs, resetMeaning } = reading;
  const isFixed = resetMeaning === "window" && resetMs !== null;
  return { remaining, windowEndsAt: isFixed ? now + resetMs * MICROS_PER_MS : null };
}

/** Says whether the limit is another one now. */
function update(entry: Entry, reading: LimitReading, limit: number, now: number): boolean {
  const perMs = perMsAfter(entry, reading);
  const { value: known } = entry;
  // What is assumed from a rest that has become small says nothing of the limit.
  const isVain = reading.limit === null && limit < known.limit;
  const amount = amountAfter(entry, isVain ? known.limit : limit);
  if (perMs === known.perMs && amount === known.limit) return false;
  entry.value = { ...known, limit: amount, perMs, ...stateOf(reading, now) };
  return true;
}

function perMsAfter(entry: Entry, reading: LimitReading): number | null {
  const { value } = entry;
  if (entry.isWindowTold || value.perMs === null) return value.perMs;
  const told = toldPerMs(reading);
  entry.isWindowTold = told !== null;
  return told ?? Math.max(value.perMs, assumedPerMs(reading));
}

function amountAfter(entry: Entry, limit: number): number {
  const { value } = entry;
  if (limit <= value.limit) {
    entry.confirmations = 0;
    return limit;
  }
  entry.leastHigher = entry.confirmations === 0 ? limit : Math.min(entry.leastHigher, limit);
  if (++entry.confirmations < CONFIRMATIONS) return value.limit;
  entry.confirmations = 0;
  return entry.leastHigher;
}
