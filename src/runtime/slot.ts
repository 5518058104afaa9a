/** Slot: a granted reservation that a caller holds and settles by itself, for anything that is not fetch. */
import { MICROS_PER_MS } from "../core/clock.ts";
import { type Demand, demandOf, type Usage } from "../core/demand.ts";
import type { CallEnd, Forecast, HeaderView } from "../core/dialect.ts";
import { SluiceError } from "../core/errors.ts";
import { OK_VERDICT } from "../core/verdict/verdict.ts";
import type { Reservation } from "./account/reservation.ts";
import { closingError, refusalError } from "./call/refusals.ts";
import { waitEnd } from "./call/wait-end.ts";
import { requireModel } from "./policy/require-model.ts";
import type { TaskClaims } from "./policy/task-claims.ts";
import type { TenantRecord } from "./policy/tenant-directory.ts";
import type { Runtime } from "./runtime.ts";
import type { ShadowPass } from "./shadow/shadow-pass.ts";
import { countedWithMoney, withMoney } from "./tenants/call-price.ts";
import type { Upstream } from "./upstream/upstream.ts";

/** Amounts in whole units; what is absent is 0, but every slot asks for one request. */
export interface SlotDemand {
  readonly requests?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly units?: Readonly<Record<string, number>>;
}

export interface SlotRequest {
  readonly upstream: Upstream;
  readonly tenant: TenantRecord;
  readonly model: string | null;
  readonly demand: SlotDemand;
  readonly claims: TaskClaims;
  readonly signal: AbortSignal | null;
}

/** What the caller saw; all optional. Without usage the demand counts as it was asked for. */
export interface SlotResult {
  readonly status?: number;
  readonly headers?: HeaderView;
  readonly usage?: Partial<Usage>;
}

export interface Slot {
  /** Microseconds since the epoch. */
  readonly grantedAt: number;
  readonly waitMs: number;
  /** Ends it with what was used; a second call does nothing. */
  settle(result?: SlotResult): void;
  /** Ends it unused: everything is given back. */
  release(): void;
}

/**
 * Waits for a slot.
 *
 * @throws SluiceError when it is refused or its max wait is over; the signal's reason when aborted.
 */
export function acquireSlot(runtime: Runtime, request: SlotRequest): Promise<Slot> {
  const { upstream, tenant, model, signal } = request;
  signal?.throwIfAborted();
  if (model !== null) requireModel(tenant, model);
  const askedAt = runtime.clock.now();
  const task = runtime.judge(request.claims, tenant, askedAt);
  const shadow = runtime.shadowOf(upstream, upstream.shared, tenant);
  const price = runtime.tenancy.priceOf(upstream.name, model);
  const tokens = forecastOf(request.demand);
  const forecast = withMoney(tokens, runtime.tenancy, { tenant, upstream, model, price });
  const use = runtime.usedBy(tenant, forecast, price);
  return new Promise((resolve, reject) => {
    let reservation: Reservation | null = null;
    const abort = () => {
      if (reservation?.cancel()) reject(signal?.reason);
    };
    const leave = () => signal?.removeEventListener("abort", abort);
    const asked = (shadow ?? upstream.shared).ask({
      request: {},
      tenant,
      target: { model, credential: upstream.credentialFor(tenant) },
      band: () => runtime.bands.indexOf(tenant.tier.name, task.latency),
      demand: forecast.charged,
      expiresAt: waitEnd(askedAt, task.maxWaitMs, task.deadlineMs, askedAt),
      deadline: task.deadlineMs === null ? null : askedAt + task.deadlineMs * MICROS_PER_MS,
      isChainStep: task.chain !== null && task.chain.step > 1,
      onGranted: () => {
        leave();
        const grantedAt = runtime.clock.now();
        const waitMs = (grantedAt - askedAt) / MICROS_PER_MS;
        const held = { upstream, forecast, shadow, use, reservation: reservation as Reservation };
        resolve(slotOf(runtime, held, grantedAt, waitMs));
      },
      onRefused: (refusal) => {
        leave();
        reject(refusalError(refusal));
      },
      onClosed: () => {
        leave();
        reject(closingError());
      },
    });
    if (asked.kind === "refused") {
      reject(refusalError(asked));
      return;
    }
    reservation = asked;
    signal?.addEventListener("abort", abort, { once: true });
  });
}

interface Held {
  readonly upstream: Upstream;
  readonly forecast: Forecast;
  readonly shadow: ShadowPass | null;
  readonly use: (end: CallEnd) => Demand;
  readonly reservation: Reservation;
}

function slotOf(runtime: Runtime, held: Held, grantedAt: number, waitMs: number): Slot {
  const { upstream, forecast, shadow, use, reservation } = held;
  reservation.sent(grantedAt);
  let hasEnded = false;
  const end = (how: CallEnd) => {
    if (hasEnded) return;
    hasEnded = true;
    const now = runtime.clock.now();
    shadow?.ended(how);
    if (how.kind === "answered") reservation.conclude(how.verdict, now);
    const used = use(how);
    const counted = upstream.dialect.settle(forecast, how);
    reservation.settle(countedWithMoney(counted, forecast, used), now, used);
  };
  return {
    grantedAt,
    waitMs,
    release: () => end({ kind: "never-sent" }),
    settle: (result = {}) => {
      const receivedAtMs = runtime.clock.now() / MICROS_PER_MS;
      const { headers = {}, status = 200 } = result;
      reservation.observe(() => upstream.dialect.limits(headers, receivedAtMs), status >= 400);
      end(endOf(runtime, upstream, forecast, result));
    },
  };
}

function endOf(
  runtime: Runtime,
  { dialect }: Upstream,
  forecast: Forecast,
  { status = 200, headers = {}, usage }: SlotResult,
): CallEnd {
  const receivedAtMs = runtime.clock.now() / MICROS_PER_MS;
  const verdict =
    status < 400 ? OK_VERDICT : dialect.verdict({ status, headers, body: "", receivedAtMs });
  const used =
    usage === undefined ? null : { ...forecast.expected, cachedInputTokens: 0, ...usage };
  return { kind: "answered", verdict, usage: used };
}

/** @throws SluiceError `invalid_request` naming the field, the value and what is allowed. */
function forecastOf(demand: SlotDemand): Forecast {
  const requests = amount(demand.requests ?? 1, "requests");
  const inputTokens = amount(demand.inputTokens ?? 0, "input_tokens");
  const outputTokens = amount(demand.outputTokens ?? 0, "output_tokens");
  const units = demand.units ?? {};
  for (const [name, value] of Object.entries(units)) amount(value, `units.${name}`);
  const tokens = inputTokens + outputTokens;
  return {
    charged: demandOf({ requests, tokens, inputTokens, outputTokens, units }),
    expected: { inputTokens, outputTokens, cachedInputTokens: 0 },
  };
}

const LARGEST_AMOUNT = 1e9;

function amount(value: unknown, field: string): number {
  if (typeof value === "number" && value >= 0 && value <= LARGEST_AMOUNT) return value;
  throw new SluiceError(
    "invalid_request",
    `demand.${field}: found ${JSON.stringify(value)}, allowed: a number from 0 to ${LARGEST_AMOUNT}`,
  );
}
