/** Refusal: what is hopeless is said at once, with the meter that binds and an honest time to come back. */
import type { ErrorCode } from "../errors.ts";
import type { Meter } from "../meter/meter.ts";
import type { Fit } from "./admission.ts";
import type { Band, Competitor } from "./band.ts";
import type { Ceiling } from "./ceiling.ts";
import { expectedWait } from "./expected-wait.ts";
import type { Guarantee } from "./guarantee.ts";
import { amountIn } from "./path.ts";
import type { Relief } from "./relief.ts";
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
  /** It could be served in time, but under pressure newcomers of the lowest tier are refused first. */
  readonly isShed?: true;
}

export type Assessment = { readonly kind: "servable"; readonly wait: number } | Refusal;

/** What a forecast needs to know of the scheduler. */
export interface Situation {
  readonly bands: readonly Band<Competitor>[];
  readonly isFull: boolean;
  readonly relief: Relief;
  guaranteesOf(band: number): readonly Guarantee[];
  ceilingsOf(band: number): readonly Ceiling[];
}

const AT_ONCE: Assessment = { kind: "servable", wait: 0 };

/**
 * Would this request be served within its max wait, if it queued now? Its amounts are in `fit`; a
 * full queue refuses it unless `mayDisplace`.
 */
export function assess(
  scheduler: Situation,
  request: EnqueueRequest,
  fit: Fit,
  now: number,
  mayDisplace = false,
): Assessment {
  const { tenant, path, band } = request;
  const isHeld = scheduler.relief.isHeld(path, band, now);
  const isFull = scheduler.isFull && !mayDisplace;
  const mayGoAtOnce = !isHeld && !isFull && tenant.meters.length === 0;
  if (mayGoAtOnce && fitsBehindAll(scheduler, request, fit, now)) return AT_ONCE;
  const tooSmall = firstTooSmall(request, fit);
  if (tooSmall !== null) return refuse("demand_exceeds_limit", tooSmall, null);
  const { wait, meter } = forecast(scheduler, request, fit, now);
  if (isFull) return refuse("queue_full", meter, wait);
  const patience = request.isPatient
    ? Number.POSITIVE_INFINITY
    : Math.max(0, request.expiresAt - now);
  if (wait > patience) return refuse("max_wait_exceeded", meter, wait);
  const shedFor = wait > 0 ? shedTime(scheduler, request, now) : 0;
  if (shedFor > 0) {
    const retryAfter = Math.max(wait, shedFor);
    return { ...refuse("max_wait_exceeded", meter, retryAfter), isShed: true };
  }
  if (tenant.meters.length === 0) return { kind: "servable", wait };
  const own = ownForecast(request, now);
  if (own.wait > patience) return refuse("tenant_quota_exhausted", own.meter, own.wait);
  return { kind: "servable", wait: Math.max(wait, own.wait) };
}

/** Microseconds; 0: it may wait. */
function shedTime(
  { relief }: Situation,
  { tenant, path, band, isNewcomer = true }: EnqueueRequest,
  now: number,
): number {
  return isNewcomer ? relief.refusedFor(tenant, path, band, now) : 0;
}

/** Of the shared limits the tightest, whoever else is too small as well. */
function firstTooSmall({ path, tenant, demand }: EnqueueRequest, fit: Fit): Meter | null {
  const { meters } = path;
  let tightest: Meter | null = null;
  let excess = 1;
  for (let i = 0; i < meters.length; i++) {
    const times = fit.amounts[i] / meters[i].capacity;
    if (times <= excess) continue;
    excess = times;
    tightest = meters[i];
  }
  if (tightest !== null) return tightest;
  for (let i = 0; i < tenant.meters.length; i++) {
    const meter = tenant.meters[i];
    if (amountIn(demand, tenant.columns[i], meter) > meter.capacity) return meter;
  }
  return null;
}

/** Is there room for all that waits in its band and above, and for it? Then it waits for nothing. */
function fitsBehindAll(
  scheduler: Situation,
  { path, band }: EnqueueRequest,
  fit: Fit,
  now: number,
): boolean {
  if (scheduler.ceilingsOf(band).length > 0) return false;
  const { bands } = scheduler;
  const floors = band === 0 ? path.floorsFirst : path.floorsOther;
  const { meters, indexes } = path;
  for (let i = 0; i < meters.length; i++) {
    const amount = fit.amounts[i];
    if (amount === 0) continue;
    let ahead = 0;
    for (let above = 0; above <= band; above++) ahead += bands[above].queued.at(indexes[i]);
    if (meters[i].waitBehind(ahead, amount, floors[i], now) > 0) return false;
  }
  return true;
}

function forecast(scheduler: Situation, request: EnqueueRequest, fit: Fit, now: number) {
  const { path, tenant, band } = request;
  return expectedWait({
    path,
    band: scheduler.bands[band],
    bands: scheduler.bands,
    account: tenant.accountIn(band),
    isChainStep: request.isChainStep,
    amounts: fit.amounts,
    floors: band === 0 ? path.floorsFirst : path.floorsOther,
    guaranteesOf: (other) => scheduler.guaranteesOf(other),
    heldFor: scheduler.relief.heldFor(path, band, now),
    ceilings: scheduler.ceilingsOf(band),
    ceilingsOf: (above) => scheduler.ceilingsOf(above),
    now,
  });
}

/** A tenant's own slots free by release, so only its timed meters can make a wait hopeless. */
function ownForecast({ tenant, demand, band, isChainStep }: EnqueueRequest, now: number) {
  let wait = 0;
  let binding: Meter | null = null;
  for (let i = 0; i < tenant.meters.length; i++) {
    const meter = tenant.meters[i];
    const amount = amountIn(demand, tenant.columns[i], meter);
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
