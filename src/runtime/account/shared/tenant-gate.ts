/**
 * Tenant gate: whoever has meters of its own (slots, quotas) passes them before it queues in a shared
 * store, which knows nothing of them. What passes is taken for gone until it is granted, when the
 * meters are really debited.
 */
import type { CancelTimer, Clock } from "../../../core/clock.ts";
import type { Demand } from "../../../core/demand.ts";
import type { Meter } from "../../../core/meter/meter.ts";
import { amountIn, columnOf } from "../../../core/scheduler/path.ts";
import type { EnqueueRequest } from "../../../core/scheduler/request.ts";
import type { Reservation } from "../reservation.ts";

/** Micro-units that have passed and are not debited yet, over all accounts. */
export type Commitments = WeakMap<Meter, number>;

export interface TenantGateOptions {
  readonly clock: Clock;
  readonly commitments: Commitments;
  /** It may queue in the store. */
  onPassed(reservation: Reservation, request: EnqueueRequest): void;
  /** Its max wait is over. */
  onExpired(reservation: Reservation): void;
}

interface Waiting {
  readonly reservation: Reservation;
  readonly request: EnqueueRequest;
}

interface Passed {
  readonly meters: readonly Meter[];
  readonly demand: Demand;
}

export class TenantGate {
  readonly #options: TenantGateOptions;
  /** By tenant, in the order in which they pass. */
  readonly #waiting = new Map<string, Waiting[]>();
  readonly #passed = new Map<Reservation, Passed>();
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
      this.#commit(reservation, request, 1);
      this.#options.onPassed(reservation, request);
    }
    if (line.length === 0) this.#waiting.delete(tenantId);
  }

  /** It was granted, or has left: what it had passed for is debited, or free. */
  left(reservation: Reservation, tenantId: string): void {
    const passed = this.#passed.get(reservation);
    if (passed !== undefined) {
      this.#count(passed, -1);
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

  #waitOf({ tenant, demand }: EnqueueRequest, now: number): number {
    let wait = 0;
    tenant.meters.forEach((meter, i) => {
      const amount = amountIn(demand, tenant.columns[i], meter);
      if (amount === 0) return;
      const committed = this.#options.commitments.get(meter) ?? 0;
      wait = Math.max(wait, meter.waitFor(committed + amount, 0, now));
    });
    return wait;
  }

  #commit(reservation: Reservation, { tenant, demand }: EnqueueRequest, sign: 1 | -1): void {
    const passed = { meters: tenant.meters, demand };
    this.#passed.set(reservation, passed);
    this.#count(passed, sign);
  }

  #count({ meters, demand }: Passed, sign: 1 | -1): void {
    const { commitments } = this.#options;
    for (const meter of meters) {
      const amount = sign * amountIn(demand, columnOf(meter), meter);
      commitments.set(meter, (commitments.get(meter) ?? 0) + amount);
    }
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
