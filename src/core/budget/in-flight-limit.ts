/** In-flight limit: how many calls to one model may run, learned from overload and timeouts before a breaker has to open. */
import { MICRO_UNITS } from "../meter/meter.ts";
import { Slots } from "../meter/slots.ts";
import { Epoch } from "./epoch.ts";

/** As good as no limit. */
export const UNLIMITED_SLOTS = 1_000_000;
const CUT = 0.7;
const OTHERS = "other models";
const ACCOUNT = "account";
const MODEL = "model:";

export class InFlightLimit {
  readonly meter: Slots;
  /** Null: calls that name none; undefined: of all models beyond those that are told apart. */
  readonly model: string | null | undefined;
  readonly #epoch = new Epoch();
  #successes = 0;
  #learned = UNLIMITED_SLOTS * MICRO_UNITS;
  /** A breaker's word. */
  #permitted = Number.POSITIVE_INFINITY;
  /** The limit held something back, or was about to, since it was last raised. */
  #isBinding = false;

  constructor(model: string | null | undefined) {
    this.model = model;
    const label = { dimension: "concurrency", selector: selectorOf(model) } as const;
    this.meter = new Slots(label, UNLIMITED_SLOTS * MICRO_UNITS);
  }

  get isLimited(): boolean {
    return this.meter.capacity < UNLIMITED_SLOTS * MICRO_UNITS;
  }

  running(now: number): number {
    return (this.meter.capacity - this.meter.level(now)) / MICRO_UNITS;
  }

  /** As many as may run do so, or did since that was last changed. */
  get isFull(): boolean {
    return this.#isBinding;
  }

  /** A breaker's word; what was learned while it was unwell says nothing. Infinity: as many as like to. */
  permit(calls: number): void {
    this.#permitted = calls * MICRO_UNITS;
    this.#resize(UNLIMITED_SLOTS * MICRO_UNITS);
  }

  /** A call has left, after its slot was taken. */
  sent(now: number): void {
    if (this.meter.level(now) <= 0) this.#isBinding = true;
  }

  /** Says whether one more may run from now on. */
  succeeded(): boolean {
    if (!this.isLimited || !this.#isBinding) return false;
    if (++this.#successes * MICRO_UNITS < this.#learned) return false;
    this.#resize(this.#learned + MICRO_UNITS);
    return true;
  }

  /** Overload, a timeout, or too many at once; says whether it was cut: once an epoch. */
  overloaded(sentAt: number, now: number): boolean {
    if (!this.#epoch.begins(sentAt, now)) return false;
    const running = this.meter.capacity - this.meter.level(now);
    const slots = Math.max(1, Math.floor((running * CUT) / MICRO_UNITS));
    this.#resize(Math.min(this.#learned, slots * MICRO_UNITS));
    return true;
  }

  /** Its meter was resized elsewhere: what was refused before that has been answered. */
  adopt(now: number): void {
    this.#epoch.begins(now, now);
    if (this.#permitted === Number.POSITIVE_INFINITY) this.#learned = this.meter.capacity;
    this.#successes = 0;
    this.#isBinding = false;
  }

  #resize(capacity: number): void {
    this.#learned = capacity;
    this.meter.resize(Math.min(capacity, this.#permitted));
    this.#successes = 0;
    this.#isBinding = false;
  }
}

/** The model that such a meter's selector speaks of; see `InFlightLimit.model`. */
export function modelIn(selector: string): string | null | undefined {
  if (selector === OTHERS) return undefined;
  return selector === ACCOUNT ? null : selector.slice(MODEL.length);
}

function selectorOf(model: string | null | undefined): string {
  if (model === undefined) return OTHERS;
  return model === null ? ACCOUNT : `${MODEL}${model}`;
}
