/** Health watch: tells once when a breaker opens and closes, and when a credential is taken no more. */
import type { BreakerChange } from "../core/budget/breakers.ts";
import type { StopReason } from "./account/stops.ts";

/** A breaker has opened, or all is well again. */
export interface BreakerEvent {
  readonly upstream: string;
  /** Null: calls that name none, or models beyond those that are told apart. */
  readonly model: string | null;
  readonly state: "open" | "closed";
}

/** A provider takes a credential no more; one request a minute finds out whether that has changed. */
export interface StoppedEvent {
  readonly upstream: string;
  /** Its name in the configuration; null: the client's own. */
  readonly credential: string | null;
  /** Null: whatever the model. */
  readonly model: string | null;
  readonly reason: StopReason;
}

export interface HealthListener {
  onBreaker(event: BreakerEvent): void;
  onStopped(event: StoppedEvent): void;
}

/** As many may be open at the same time; models come from clients. */
const MOST_OPEN = 1_000;

export class HealthWatch {
  readonly #listener: HealthListener;
  readonly #open = new Set<string>();

  constructor(listener: HealthListener) {
    this.#listener = listener;
  }

  /** Probes and the ramp after them are no news. */
  breaker(upstream: string, { model, state }: BreakerChange): void {
    const key = `${upstream}\0${model ?? ""}`;
    const isKnown = this.#open.has(key);
    if (state.kind === "half-open" || isKnown === (state.kind === "open")) return;
    if (isKnown) this.#open.delete(key);
    else if (this.#open.size < MOST_OPEN) this.#open.add(key);
    this.#listener.onBreaker({ upstream, model: model ?? null, state: state.kind });
  }

  stopped(event: StoppedEvent): void {
    this.#listener.onStopped(event);
  }
}
