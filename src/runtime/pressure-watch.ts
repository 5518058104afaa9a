/** Pressure watch: tells when an upstream's pressure crosses the configured levels, at most once a second. */
import { MICROS_PER_SECOND } from "../core/clock.ts";

export interface PressureEvent {
  readonly upstream: string;
  /** 0 to 1. */
  readonly pressure: number;
  readonly level: "calm" | "warn" | "act";
}

interface Watched {
  level: PressureEvent["level"];
  checkedAt: number;
}

export class PressureWatch {
  readonly #watched = new Map<string, Watched>();
  listener: (event: PressureEvent) => void = () => {};

  /** `pressureNow` is only asked when it is time to look. */
  check(
    upstream: string,
    now: number,
    levels: { readonly warn: number; readonly act: number },
    pressureNow: () => number,
  ): void {
    const known = this.#watched.get(upstream) ?? { level: "calm", checkedAt: 0 };
    if (now - known.checkedAt < MICROS_PER_SECOND) return;
    const pressure = pressureNow();
    const level = pressure >= levels.act ? "act" : pressure >= levels.warn ? "warn" : "calm";
    this.#watched.set(upstream, { level, checkedAt: now });
    if (level !== known.level) this.listener({ upstream, pressure, level });
  }
}
