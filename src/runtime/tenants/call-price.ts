/** Call price: what a call or slot may cost, where somebody counts money. */
import type { Demand } from "../../core/demand.ts";
import type { Forecast } from "../../core/dialect.ts";
import { type Price, usdAtMost } from "../../core/quota/price.ts";
import type { TenantRecord } from "../policy/tenant-directory.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Tenancy } from "./tenancy.ts";

export interface PriceQuestion {
  readonly tenant: TenantRecord;
  readonly upstream: Upstream;
  /** As it is called upstream; null: the call names none. */
  readonly model: string | null;
  readonly price: Price | null;
}

/** The forecast with money, for quotas and limits of money; of a model without a price it is told once. */
export function withMoney(forecast: Forecast, tenancy: Tenancy, question: PriceQuestion): Forecast {
  const { tenant, upstream, model, price } = question;
  if (!tenant.countsMoney && !upstream.countsMoney) return forecast;
  if (price === null) {
    if (model !== null) tenancy.missPrice(upstream.name, model);
    return forecast;
  }
  const { charged } = forecast;
  return { ...forecast, charged: { ...charged, usd: usdAtMost(price, charged) } };
}

/** No provider's meter tells money: what it counts follows from what was used. */
export function countedWithMoney(counted: Demand, { charged }: Forecast, used: Demand): Demand {
  return charged.usd > 0 ? { ...counted, usd: used.usd } : counted;
}
