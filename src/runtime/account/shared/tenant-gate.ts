/**
 * Tenant gate: whoever has meters of its own (slots, quotas) passes them before it queues in a shared
 * store, which knows nothing of them. What passes is promised to it until it is granted, when the
 * meters are debited.
 */
import type { CancelTimer, Clock } from "../../../core/clock.ts";
import type { Meter } from "../../../core/meter/meter.ts";
import { amountIn } from "../../../core/scheduler/path.ts";
import type { EnqueueRequest } from "../../../core/scheduler/request.ts";
import type { Reservation } from "../reservation.ts";

export interface TenantGateOptions {
  readonly clock: Clock;
  /** It may queue in the store. */
  onPassed(reservation: Reservation, request: EnqueueRequest): void;
  /** Its max wait is over. */
  onExpired(reservation: Reservation): void;
}

interface Waiting {
  readonly reservation: Reservation;
  readonly request: EnqueueRequest;
}

export class TenantGate {
  readonly #options: TenantGateOptions;
  /** By tenant, in the order in which they pass. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #passed = new Map<Reservation, EnqueueRequest>();
  #cancelTimer: CancelTimer | null = null;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(options: TenantGateOptions) {
    this.#options = options;
  }

  enter(reservation: Reservation, request: EnqueueRequest): void {
    const { id } = request.tenant;
    const line = this.#waiting.get(id) ?? [];
    this.#waiting.set(id, line);
    const at = line.findIndex(({ request: { band } }) => band > request.band);
    line.splice(at < 0 ? line.length : at, 0, { reservation, request });
    this.open(id);
  }

  /** Something of the tenant's was freed. */
  open(tenantId: string): void {
    const line = this.#waiting.get(tenantId);
    if (line === undefined) return;
    const now = this.#options.clock.now();
    while (line.length > 0) {
      const [{ reservation, request }] = line;
      const wait = this.#waitOf(request, now);
      if (request.expiresAt <= now || wait > 0) {
        this.#wake(Math.min(now + wait, ...line.map(({ request: { expiresAt } }) => expiresAt)));
        break;
      }
      line.shift();
      this.#passed.set(reservation, request);
      promise(request, 1);
      this.#options.onPassed(reservation, request);
    }
    if (line.length === 0) this.#waiting.delete(tenantId);
  }

  /** May it be granted? What was promised to it may have been lost or cut since; then it passes anew. */
  admits(reservation: Reservation): boolean {
    const request = this.#passed.get(reservation);
    if (request === undefined) return true;
    const now = this.#options.clock.now();
    if (amountsOf(request).every(([meter, amount]) => meter.level(now) >= amount)) return true;
    this.#passed.delete(reservation);
    promise(request, -1);
    this.enter(reservation, request);
    return false;
  }

  /** It was granted, or has left: what was promised to it is debited, or free. */
  left(reservation: Reservation, tenantId: string): void {
    const passed = this.#passed.get(reservation);
    if (passed !== undefined) {
      promise(passed, -1);
      this.#passed.delete(reservation);
      this.open(tenantId);
      return;
    }
    const line = this.#waiting.get(tenantId);
    const at = line?.findIndex((waiting) => waiting.reservation === reservation) ?? -1;
    if (at >= 0) line?.splice(at, 1);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#waiting.clear();
  }

  #waitOf(request: EnqueueRequest, now: number): number {
    const waits = amountsOf(request).map(([meter, amount]) =>
      meter.waitFor(meter.promised + amount, 0, now),
    );
    return Math.max(0, ...waits);
  }

  #wake(at: number): void {
    if (at >= this.#wakeAt || !Number.isFinite(at)) return;
    const { clock } = this.#options;
    this.#cancelTimer?.();
    this.#wakeAt = at;
    this.#cancelTimer = clock.schedule(at, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#endOverdue(clock.now());
      for (const id of [...this.#waiting.keys()]) this.open(id);
    });
  }

  #endOverdue(now: number): void {
    for (const line of this.#waiting.values()) {
      const overdue = line.filter(({ request }) => request.expiresAt <= now);
      for (const one of overdue) {
        line.splice(line.indexOf(one), 1);
        this.#options.onExpired(one.reservation);
      }
    }
  }
}

function amountsOf({ tenant, demand }: EnqueueRequest): (readonly [Meter, number])[] {
  return tenant.meters
    .map((meter, i) => [meter, amountIn(demand, tenant.columns[i], meter)] as const)
    .filter(([, amount]) => amount > 0);
}

function promise(request: EnqueueRequest, sign: 1 | -1): void {
  for (const [meter, amount] of amountsOf(request)) meter.promised += sign * amount;
}
