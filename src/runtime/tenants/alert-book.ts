/** Alert book: what somebody should know, told once to whoever listens, and kept for a while. */
import type { Counted, QuotaName } from "../../core/quota/quota-kind.ts";
import type { QuotaLevel } from "../../core/quota/quota-levels.ts";
import type { BreakerEvent, StoppedEvent } from "../health-watch.ts";
import type { StoreEvent } from "../shared-store.ts";

/** A quota is used up to a level of `alerts`; once per window and level. Amounts in whole units, USD in dollars. */
export interface QuotaEvent {
  readonly tenant: string;
  readonly quota: QuotaName;
  readonly level: QuotaLevel;
  readonly used: number;
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly resetsAt: number;
}

/** A tenant does far more in a minute than it usually does. */
export interface RunawayEvent {
  readonly tenant: string;
  readonly counts: Exclude<Counted, "usd">;
  /** In this minute, so far. */
  readonly perMinute: number;
  readonly usualPerMinute: number;
}

/** A quota of money cannot count this model: nobody has said what it costs. */
export interface PriceUnknownEvent {
  readonly upstream: string;
  readonly model: string;
}

/** What is used cannot be kept for now; it is tried again every second. */
export interface StoreFailedEvent {
  readonly message: string;
}

export type AlertBody =
  | ({ readonly kind: "quota" } & QuotaEvent)
  | ({ readonly kind: "runaway" } & RunawayEvent)
  | ({ readonly kind: "breaker" } & BreakerEvent)
  | ({ readonly kind: "stopped" } & StoppedEvent)
  | ({ readonly kind: "price-unknown" } & PriceUnknownEvent)
  | ({ readonly kind: "store" } & StoreEvent)
  | ({ readonly kind: "store-failed" } & StoreFailedEvent);

export type Alert = AlertBody & {
  /** Milliseconds since the epoch. */
  readonly at: number;
};

/** The latest are kept. */
const KEPT = 1_000;

export class AlertBook {
  readonly #alerts: Alert[] = [];
  readonly #listeners = new Set<(alert: Alert) => void>();

  /** Newest first. */
  get alerts(): readonly Alert[] {
    return this.#alerts.toReversed();
  }

  onAlert(listener: (alert: Alert) => void): void {
    this.#listeners.add(listener);
  }

  tell(body: AlertBody, at: number): void {
    const alert = { at, ...body };
    if (this.#alerts.length >= KEPT) this.#alerts.shift();
    this.#alerts.push(alert);
    for (const listener of this.#listeners) listener(alert);
  }

  /** Those of an erased tenant. */
  forget(tenant: string): void {
    const kept = this.#alerts.filter((alert) => !("tenant" in alert) || alert.tenant !== tenant);
    this.#alerts.splice(0, this.#alerts.length, ...kept);
  }
}
