/** Use watch: looks at each use, and tells of quotas that run out, of runaways and of prices nobody knows. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { Demand } from "../../core/demand.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import { QUOTA_KINDS } from "../../core/quota/quota-kind.ts";
import type { QuotaThresholds } from "../../core/quota/quota-levels.ts";
import type { Runaway } from "../../core/quota/usual-rate.ts";
import type { TenantRecord } from "../policy/tenant-directory.ts";
import type { AlertBook, RunawayEvent } from "./alert-book.ts";

/** Models come from clients: of no more of them it is told that their price is unknown. */
const MISSING_PRICES = 1_000;

export class UseWatch {
  readonly #alerts: AlertBook;
  readonly #missing = new Set<string>();

  constructor(alerts: AlertBook) {
    this.#alerts = alerts;
  }

  /** Call it once the use is in the ledger. */
  look(tenant: TenantRecord, used: Demand, thresholds: QuotaThresholds, now: number): void {
    const { id, ledger } = tenant;
    if (tenant.quotas.length > 0) this.#lookAtQuotas(tenant, thresholds, now);
    const requests = ledger.requests.add(used.requests, now);
    if (requests !== null) this.#tellRunaway(id, "requests", requests, now);
    const tokens = ledger.tokens.add(used.tokens, now);
    if (tokens !== null) this.#tellRunaway(id, "tokens", tokens, now);
  }

  missPrice(upstream: string, model: string, nowMs: number): void {
    const key = `${upstream}/${model}`;
    if (this.#missing.has(key) || this.#missing.size >= MISSING_PRICES) return;
    this.#missing.add(key);
    this.#alerts.tell({ kind: "price-unknown", upstream, model }, nowMs);
  }

  /** By what was really used: a reservation that comes back is no reason for an alarm. */
  #lookAtQuotas({ id, quotas, ledger }: TenantRecord, thresholds: QuotaThresholds, now: number) {
    for (const { name, meter, levels } of quotas) {
      const { span, counts } = QUOTA_KINDS[name];
      const used = ledger.use.micros(span, counts, now);
      const { endsAt } = ledger.use.state(span, now);
      const level = levels.reached(used / meter.capacity, endsAt, thresholds);
      if (level === null) continue;
      this.#alerts.tell(
        {
          kind: "quota",
          tenant: id,
          quota: name,
          level,
          used: used / MICRO_UNITS,
          limit: meter.capacity / MICRO_UNITS,
          resetsAt: endsAt / MICROS_PER_MS,
        },
        Math.floor(now / MICROS_PER_MS),
      );
    }
  }

  #tellRunaway(
    tenant: string,
    counts: RunawayEvent["counts"],
    runaway: Runaway,
    now: number,
  ): void {
    const at = Math.floor(now / MICROS_PER_MS);
    const { perMinute } = runaway;
    const usualPerMinute = Math.round(runaway.usualPerMinute * 10) / 10;
    this.#alerts.tell({ kind: "runaway", tenant, counts, perMinute, usualPerMinute }, at);
  }
}
