/** Slow start: with limits unknown, few calls run until answers have come, and twice as many after every round of them. */
import { MICRO_UNITS } from "../meter/meter.ts";
import { Slots } from "../meter/slots.ts";
import { UNLIMITED_SLOTS } from "./in-flight-limit.ts";

const FIRST_SLOTS = 4;
/** Beyond this a limit in flight protects nobody any more. */
const LAST_SLOTS = 4_096;

export class SlowStart {
  readonly meter = new Slots(
    { dimension: "concurrency", selector: "slow start" },
    FIRST_SLOTS * MICRO_UNITS,
  );
  #answers = 0;

  get isOver(): boolean {
    return this.meter.capacity >= UNLIMITED_SLOTS * MICRO_UNITS;
  }

  /** The head of an answer is here; says whether it completed a round. */
  answered(): boolean {
    if (this.isOver || ++this.#answers * MICRO_UNITS < this.meter.capacity) return false;
    this.#answers = 0;
    if (this.meter.capacity < LAST_SLOTS * MICRO_UNITS) this.meter.resize(this.meter.capacity * 2);
    else this.end();
    return true;
  }

  /** It was a refusal: the round begins anew. */
  refused(): void {
    this.#answers = 0;
  }

  end(): void {
    this.meter.resize(UNLIMITED_SLOTS * MICRO_UNITS);
  }
}
