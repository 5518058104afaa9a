/**
 * Meter copy: a meter whose books a shared store keeps, as it is known here. What is learned here
 * goes to the store, and what others have done comes back with its reports; of what is under way
 * in one direction nothing is believed from the other.
 */
import type { MeterChange } from "../../../core/budget/options.ts";
import type { Meter } from "../../../core/meter/meter.ts";
import type { ReportedMeter } from "../../../stores/redis/messages.ts";
import type { Correction, OperationResult } from "../../../stores/store.ts";
import { perOf } from "./meter-spec.ts";

/** Times that differ by less are the same: a report takes its time. */
const SAME_TIME_MICROS = 100_000;
/** Others' traffic is told again when it has changed by this share of itself, or of the rate. */
const FOREIGN_STEP = 0.05;
const FOREIGN_LEAST = 0.01;

export type Correct = (correction: Correction, onResult: (result: OperationResult) => void) => void;

interface Shared {
  capacity: number;
  per: number;
  foreign: number;
  margin: number | null;
  frozenUntil: number;
}

export class MeterCopy {
  readonly key: string;
  readonly meter: Meter;
  /** The configuration says how large it is, whatever the store thinks. */
  readonly #isConfigured: boolean;
  readonly #correct: Correct;
  /** As the store has it; null: it has not been heard of. */
  #shared: Shared | null = null;
  /** Corrections that the store has made of its level: how many, and by how much in all. */
  #corrections = 0;
  #corrected = 0;
  /** Of our own corrections, what has been told or has become void. */
  #told = 0;
  /** Told, and not answered yet. */
  #pending = 0;
  #isAdjusting = false;

  constructor(key: string, meter: Meter, isConfigured: boolean, correct: Correct) {
    this.key = key;
    this.meter = meter;
    this.#isConfigured = isConfigured;
    this.#correct = correct;
    this.#told = meter.corrected;
  }

  /** What is left by what the store has said last, micro-units; null: it has not been heard of. */
  levelAt(now: number): number | null {
    return this.#shared === null ? null : Math.max(0, this.meter.level(now));
  }

  /** Takes what the store says; null: nothing has changed but its level. */
  take(reported: ReportedMeter, now: number): MeterChange | null {
    const { meter } = this;
    const isNew = this.#shared === null;
    this.#shared ??= this.#begin(reported);
    const shared = this.#shared;
    const correction = this.#isAdjusting ? 0 : reported.corrected - this.#corrected;
    if (!this.#isAdjusting) {
      this.#corrections = reported.corrections;
      this.#corrected = reported.corrected;
    }
    meter.follow(reported.level + (meter.corrected - this.#told), reported.charged, now);
    if (this.#pending > 0) return correction === 0 ? null : { correction };
    const change: MeterChange = {
      correction,
      ...this.#takeSize(shared, reported, now),
      ...this.#takeForeign(shared, reported, isNew, now),
      ...this.#takeMargin(shared, reported),
      ...this.#takeRest(shared, reported, now),
    };
    return isVoid(change) ? null : change;
  }

  /** Tells the store what has been changed here since it was last told. */
  tell(now: number): void {
    const shared = this.#shared;
    if (shared === null) return;
    const { meter, key } = this;
    this.#tellLevel();
    const { capacity, per } = sizeOf(meter);
    if (capacity !== shared.capacity || per !== shared.per) {
      Object.assign(shared, { capacity, per });
      const { pace } = meter;
      this.#send({ kind: "resize", meter: key, capacity, per, pace });
    }
    if (isOther(meter.foreign, shared.foreign, meter.rate)) {
      shared.foreign = meter.foreign;
      this.#send({ kind: "foreign", meter: key, rate: meter.foreign });
    }
    if (meter.margin !== null && meter.margin !== shared.margin) {
      shared.margin = meter.margin;
      this.#send({ kind: "margin", meter: key, share: meter.margin });
    }
    if (this.#restsDifferently(shared, meter.frozenUntil, now)) {
      shared.frozenUntil = meter.frozenUntil;
      const micros = Math.max(0, meter.frozenUntil - now);
      const probeIn = Number.isFinite(meter.probeAt) ? Math.max(0, meter.probeAt - now) : null;
      this.#send({ kind: "rest", meter: key, micros, probeIn });
    }
  }

  /** Another instance has told the store what was just changed here in the same way. */
  isKnown(): void {
    const { meter } = this;
    if (this.#shared === null) return;
    Object.assign(this.#shared, { ...sizeOf(meter), frozenUntil: meter.frozenUntil });
  }

  /** What it has here is taken for known, so that what the store has is news; but not what is configured. */
  #begin({ capacity, per, corrections, corrected }: ReportedMeter): Shared {
    const { meter } = this;
    this.#corrections = corrections;
    this.#corrected = corrected;
    this.#told = meter.corrected;
    const { foreign, margin, frozenUntil } = meter;
    const size = this.#isConfigured ? { capacity, per } : sizeOf(meter);
    return { ...size, foreign, margin, frozenUntil };
  }

  /** Only where nothing has changed here that the store is yet to be told. */
  #takeSize(shared: Shared, { capacity, per }: ReportedMeter, now: number): Partial<MeterChange> {
    const isUntold = this.meter.capacity !== shared.capacity;
    if (isUntold || (capacity === shared.capacity && per === shared.per)) return {};
    Object.assign(shared, { capacity, per });
    this.meter.resize(capacity, per, now);
    return { isResized: true };
  }

  #takeForeign(
    shared: Shared,
    { foreign }: ReportedMeter,
    isNew: boolean,
    now: number,
  ): Partial<MeterChange> {
    shared.foreign = foreign;
    // All instances see all corrections, so each learns the same; only one that is new knows nothing.
    if (!isNew || foreign === this.meter.foreign) return {};
    this.meter.setForeign(foreign, now);
    return { foreign };
  }

  #takeMargin(shared: Shared, { margin }: ReportedMeter): Partial<MeterChange> {
    const isUntold = this.meter.margin !== shared.margin;
    if (isUntold || margin === null || margin === shared.margin) return {};
    shared.margin = margin;
    this.meter.margin = margin;
    return { margin };
  }

  #takeRest(
    shared: Shared,
    { restsFor, probeIn }: ReportedMeter,
    now: number,
  ): Partial<MeterChange> {
    const until = restsFor > 0 ? now + restsFor : 0;
    if (this.#restsDifferently(shared, this.meter.frozenUntil, now)) return {};
    if (!this.#restsDifferently(shared, until, now)) return {};
    shared.frozenUntil = until;
    this.meter.frozenUntil = until;
    this.meter.probeAt = probeIn === null ? Number.POSITIVE_INFINITY : now + probeIn;
    return { isRested: true };
  }

  #restsDifferently({ frozenUntil }: Shared, until: number, now: number): boolean {
    const known = Math.max(now, frozenUntil);
    return Math.abs(Math.max(now, until) - known) > SAME_TIME_MICROS;
  }

  /** One at a time, and only on what we have seen: what several have seen is corrected once. */
  #tellLevel(): void {
    const { meter, key } = this;
    const delta = meter.corrected - this.#told;
    if (delta === 0 || this.#isAdjusting) return;
    this.#isAdjusting = true;
    const seen = this.#corrections;
    this.#correct({ kind: "adjust", meter: key, delta, seen }, (result) => {
      this.#isAdjusting = false;
      if (typeof result === "number") {
        this.#corrections = result;
        this.#corrected += delta;
        this.#told += delta;
      } else this.#told = meter.corrected; // others were first: the next report shows what they did
    });
  }

  #send(correction: Correction): void {
    this.#pending++;
    this.#correct(correction, () => {
      this.#pending--;
    });
  }
}

function isOther(foreign: number, known: number, rate: number): boolean {
  const step = Math.max(FOREIGN_STEP * known, FOREIGN_LEAST * rate);
  return Math.abs(foreign - known) > step;
}

function sizeOf(meter: Meter): { readonly capacity: number; readonly per: number } {
  return { capacity: meter.capacity, per: perOf(meter) };
}

function isVoid({ correction, ...rest }: MeterChange): boolean {
  return correction === 0 && Object.keys(rest).length === 0;
}
