/** Queue: a scheduler and the tenants that it knows. */
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import { Scheduler } from "../../core/scheduler/scheduler.ts";
import type { Tenant } from "../../core/scheduler/tenant.ts";
import type { AccountTenant } from "./ask.ts";

/** Tenants remembered per account; idle ones beyond it are forgotten. */
const REMEMBERED_TENANTS = 20_000;

export interface TenantLoad {
  readonly waiting: number;
  readonly running: number;
}

export class Queue {
  readonly scheduler: Scheduler;
  readonly #tenants = new Map<string, Tenant>();
  readonly #tenantNow: (tenant: AccountTenant) => AccountTenant;

  /** `tenantNow`: as it is now, since whoever waits may have come before the tenant was changed. */
  constructor(
    options: SchedulerOptions,
    tenantNow: (tenant: AccountTenant) => AccountTenant,
    now: number,
  ) {
    this.scheduler = new Scheduler(options, now);
    this.#tenantNow = tenantNow;
  }

  tenantOf(asking: AccountTenant): Tenant {
    const known = this.#tenants.get(asking.id);
    if (known) return known;
    if (this.#tenants.size >= REMEMBERED_TENANTS) this.#forgetIdle();
    const { id, weight, meters } = this.#tenantNow(asking);
    const tenant = this.scheduler.tenant({ id, weight, meters });
    this.#tenants.set(id, tenant);
    return tenant;
  }

  knows(tenantId: string): boolean {
    return this.#tenants.has(tenantId);
  }

  /** A tenant's own meter has been freed; says whether it may wait here. */
  freed(tenantId: string, now: number): boolean {
    const tenant = this.#tenants.get(tenantId);
    if (tenant === undefined) return false;
    this.scheduler.tenantFreed(tenant, now);
    return true;
  }

  loadOf(tenantId: string): TenantLoad {
    const tenant = this.#tenants.get(tenantId);
    return tenant === undefined ? { waiting: 0, running: 0 } : loadOf(tenant);
  }

  /** What each tenant has waiting and running here. */
  *loads(): Iterable<TenantLoad & { readonly id: string }> {
    for (const tenant of this.#tenants.values()) {
      const load = loadOf(tenant);
      if (load.waiting + load.running > 0) yield { id: tenant.id, ...load };
    }
  }

  #forgetIdle(): void {
    for (const [id, tenant] of this.#tenants) {
      if (this.scheduler.forget(tenant)) this.#tenants.delete(id);
    }
  }
}

function loadOf({ flows }: Tenant): TenantLoad {
  let waiting = 0;
  let running = 0;
  for (const flow of flows.values()) {
    waiting += flow.queued;
    running += flow.granted;
  }
  return { waiting, running };
}
