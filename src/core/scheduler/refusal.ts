/** Refusal: what is hopeless is said at once, with the meter that binds and an honest time to come back. */
import { amountOf, type Demand } from "../demand.ts";
import type { ErrorCode } from "../errors.ts";
import type { Meter } from "../meter/meter.ts";
import { toMicro } from "../queue/tickets.ts";
import type { Band, Competitor } from "./band.ts";
import { expectedWait } from "./expected-wait.ts";
import type { Guarantee } from "./guarantee.ts";
import type { EnqueueRequest } from "./request.ts";

export interface Refusal {
  readonly kind: "refused";
  readonly code: Extract<
    ErrorCode,
    "queue_full" | "demand_exceeds_limit" | "max_wait_exceeded" | "tenant_quota_exhausted"
  >;
  readonly meter: Meter | null;
  /** Microseconds until a request like this would be served; null: waiting does not help. */
  readonly retryAfter: number | null;
}

export type Assessment = { readonly kind: "servable"; readonly wait: number } | Refusal;

/** What a forecast needs to know of the scheduler. */
export interface Situation {
  readonly bands: readonly Band<Competitor>[];
  readonly waiting: number;
  readonly options: { readonly maxWaiting: number };
  guaranteesOf(band: number): readonly Guarantee[];
}

/** Would this request be served within its max wait, if it queued now? */
export function assess(scheduler: Situation, request: EnqueueRequest, now: number): Assessment {
  const { path, tenant, demand } = request;
  const tooSmall = firstTooSmall(path.meters, demand) ?? firstTooSmall(tenant.meters, demand);
  if (tooSmall) return refuse("demand_exceeds_limit", tooSmall, null);
  if (scheduler.waiting === 0 && fitsNow(request, now)) return AT_ONCE;
  const { wait, meter } = forecast(scheduler, request, now);
  if (scheduler.waiting >= scheduler.options.maxWaiting) return refuse("queue_full", meter, wait);
  const patience = request.expiresAt - now;
  if (wait > Math.max(0, patience)) return refuse("max_wait_exceeded", meter, wait);
  const own = ownForecast(request, now);
  if (own.wait > Math.max(0, patience))
    return refuse("tenant_quota_exhausted", own.meter, own.wait);
  return { kind: "servable", wait: Math.max(wait, own.wait) };
}

function firstTooSmall(meters: readonly Meter[], demand: Demand): Meter | undefined {
  return meters.find((meter) => toMicro(amountOf(demand, meter.label.dimension)) > meter.capacity);
}

const AT_ONCE: Assessment = { kind: "servable", wait: 0 };

/** With nobody before it, a request that fits waits for nothing. */
function fitsNow({ path, tenant, band, demand }: EnqueueRequest, now: number): boolean {
  if (tenant.meters.length > 0) return false;
  const floors = band === 0 ? path.floorsFirst : path.floorsOther;
  for (let i = 0; i < path.meters.length; i++) {
    const meter = path.meters[i];
    const amount = toMicro(amountOf(demand, meter.label.dimension));
    if (amount > 0 && meter.waitFor(amount, floors[i], now) > 0) return false;
  }
  return true;
}

function forecast(scheduler: Situation, request: EnqueueRequest, now: number) {
  const { path, tenant, demand } = request;
  const band = scheduler.bands[request.band];
  return expectedWait({
    path,
    band,
    bands: scheduler.bands,
    account: tenant.accountIn(request.band),
    isChainStep: request.isChainStep,
    amounts: path.meters.map((meter) => toMicro(amountOf(demand, meter.label.dimension))),
    floors: request.band === 0 ? path.floorsFirst : path.floorsOther,
    guarantees: scheduler.guaranteesOf(request.band),
    now,
  });
}

/** A tenant's own slots free by release, so only its timed meters can make a wait hopeless. */
function ownForecast({ tenant, demand, band, isChainStep }: EnqueueRequest, now: number) {
  let wait = 0;
  let binding: Meter | null = null;
  for (let i = 0; i < tenant.meters.length; i++) {
    const meter = tenant.meters[i];
    const amount = toMicro(amountOf(demand, meter.label.dimension));
    if (amount === 0) continue;
    const ahead = isChainStep ? 0 : tenant.queuedAhead(band, i);
    const own = meter.waitFor(ahead + amount, 0, now);
    if (own <= wait || own === Number.POSITIVE_INFINITY) continue;
    wait = own;
    binding = meter;
  }
  return { wait, meter: binding };
}

function refuse(code: Refusal["code"], meter: Meter | null, wait: number | null): Refusal {
  const retryAfter = wait === null || Number.isFinite(wait) ? wait : null;
  return { kind: "refused", code, meter, retryAfter };
}
