/** Tenant counts: a tenant's quotas and use in numbers for people. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import type { Span } from "../../core/quota/quota-kind.ts";
import type { QuotaState, TenantCounts, UseView } from "../../tenants/live-tenants.ts";
import type { TenantRecord } from "../policy/tenant-directory.ts";
import type { Quota } from "./tenant-meters.ts";

/** `now` in microseconds since the epoch. */
export function countsOf(tenant: TenantRecord, now: number): TenantCounts {
  return {
    quotas: quotaStates(tenant, now),
    use: { day: useView(tenant, "day", now), month: useView(tenant, "month", now) },
  };
}

export function quotaStates({ quotas }: TenantRecord, now: number): TenantCounts["quotas"] {
  return Object.fromEntries(quotas.map((quota) => [quota.name, stateOf(quota, now)]));
}

function stateOf({ meter, raise }: Quota, now: number): QuotaState {
  const { limit, level, resetsAt } = meter.read(now);
  return {
    limit: limit / MICRO_UNITS,
    used: (limit - level) / MICRO_UNITS,
    remaining: Math.max(0, level) / MICRO_UNITS,
    resetsAt: (resetsAt ?? now) / MICROS_PER_MS,
    raise: raise === null ? null : { amount: raise.amount, until: raise.until / MICROS_PER_MS },
  };
}

function useView({ ledger }: TenantRecord, span: Span, now: number): UseView {
  const { requests, tokens, usdMicros, endsAt } = ledger.use.state(span, now);
  const usd = usdMicros / MICRO_UNITS;
  return { requests, tokens, usd, resetsAt: endsAt / MICROS_PER_MS };
}
