/** State: the live picture for administrators, and a tenant's own view of itself. */
import { MICROS_PER_MS } from "../core/clock.ts";
import { type Meter, MICRO_UNITS } from "../core/meter/meter.ts";
import type { TenantRecord } from "../runtime/policy/tenant-directory.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { countsOf, quotaStates } from "../runtime/tenants/tenant-counts.ts";
import type { Upstream } from "../runtime/upstream/upstream.ts";
import type { TenantCounts } from "../tenants/live-tenants.ts";

interface BandState {
  readonly tier: string;
  readonly latency: string;
  waiting: number;
  oldestMs: number | null;
  blockedBy: string | null;
}

/** `GET /admin/api/state` (CONTRACTS 2). Times are milliseconds since the epoch. */
export function stateOf(runtime: Runtime) {
  const now = runtime.clock.now();
  const upstreams = Object.fromEntries(
    [...runtime.upstreams].map(([name, upstream]) => [
      name,
      {
        pressure: poolPressure(runtime, upstream),
        breakers: breakerStates(upstream),
        meters: upstream.shared.meters.map((meter) => meterState(meter, now)),
      },
    ]),
  );
  return {
    now: now / MICROS_PER_MS,
    upstreams,
    queue: queueState(runtime, now),
    tenants: tenantStates(runtime),
    store: storeState(runtime),
    ...shadowState(runtime),
    ...classifierState(runtime),
  };
}

/** What is shared or kept, and whether it can be. */
export function storeState({ config, store, tenancy }: Runtime) {
  const { kind } = config.store;
  if (store === null) return { kind, healthy: tenancy.isHealthy };
  return { kind, healthy: store.isHealthy && tenancy.isHealthy, state: store.state };
}

/** Of models that have failed; the others are closed. */
function breakerStates({ shared }: Upstream): Record<string, string> {
  const states = shared.breakers.map(({ model, state }) => [model ?? "(none)", state.kind]);
  return Object.fromEntries(states);
}

/** In shadow mode nothing waits, so only the shadow knows how hard demand presses. */
function poolPressure({ config }: Runtime, upstream: Upstream): number {
  const { shared } = upstream;
  return (config.policy.shadow ? upstream.twinOf(shared) : shared).poolPressure;
}

function shadowState({ config, shadow }: Runtime) {
  return config.policy.shadow
    ? { shadow: { tiers: shadow.figures.state(config.tiers.keys()) } }
    : {};
}

function classifierState({ classifierCounts: counts }: Runtime) {
  return counts === null ? {} : { classifier: { ...counts } };
}

function meterState(meter: Meter, now: number) {
  const { limit, level, resetsAt } = meter.read(now);
  const share = 1 - level / limit;
  return {
    dimension: meter.label.dimension,
    selector: meter.label.selector,
    limit: limit / MICRO_UNITS,
    level: level / MICRO_UNITS,
    reserved: meter.label.dimension === "concurrency" ? (limit - level) / MICRO_UNITS : 0,
    use: Math.min(1, Math.max(0, share)),
    resetsAt: resetsAt === null ? null : resetsAt / MICROS_PER_MS,
  };
}

function queueState(runtime: Runtime, now: number) {
  const { waiting, bytes } = runtime.load;
  const bands: BandState[] = runtime.bands.scheduler.bands.map(({ tier, latency }) => ({
    tier,
    latency,
    waiting: 0,
    oldestMs: null,
    blockedBy: null,
  }));
  for (const scheduler of runtime.accounts.flatMap(({ schedulers }) => schedulers)) {
    for (const { index, waiting: count, oldestSince, blockedBy, isHeld } of scheduler.explain()) {
      const band = bands[index];
      band.waiting += count;
      if (oldestSince === null) continue;
      band.oldestMs = Math.max(band.oldestMs ?? 0, (now - oldestSince) / MICROS_PER_MS);
      if (isHeld) band.blockedBy ??= "pressure";
      band.blockedBy ??=
        blockedBy === null ? null : `${blockedBy.dimension} of ${blockedBy.selector}`;
    }
  }
  return { waiting, bytes, bands };
}

interface TenantState {
  readonly tier: string;
  waiting: number;
  running: number;
  /** Tokens in this day of UTC. */
  readonly used: number;
  readonly quotas: TenantCounts["quotas"];
}

function idleState(tenant: TenantRecord, now: number): TenantState {
  const used = tenant.ledger.use.state("day", now).tokens;
  return { tier: tenant.tier.name, waiting: 0, running: 0, used, quotas: quotaStates(tenant, now) };
}

/** What it has waiting and running anywhere. */
function stateOfOne(runtime: Runtime, tenant: TenantRecord): TenantState {
  const state = idleState(tenant, runtime.clock.now());
  for (const account of runtime.accounts) {
    const { waiting, running } = account.loadOf(tenant.id);
    state.waiting += waiting;
    state.running += running;
  }
  state.running += runtime.shadow.running.get(tenant.id) ?? 0;
  return state;
}

function tenantStates(runtime: Runtime): Record<string, TenantState> {
  // No prototype: names come from clients, `__proto__` is one.
  const states: Record<string, TenantState> = Object.create(null);
  const { directory } = runtime;
  const now = runtime.clock.now();
  const stateOfTenant = (id: string) => {
    states[id] ??= idleState(directory.named(id, null), now);
    return states[id];
  };
  for (const id of runtime.config.tenants.keys()) stateOfTenant(id);
  for (const account of runtime.accounts) {
    for (const { id, waiting, running } of account.tenantLoads()) {
      const state = stateOfTenant(id);
      state.waiting += waiting;
      state.running += running;
    }
  }
  for (const [id, running] of runtime.shadow.running) stateOfTenant(id).running += running;
  addActive(states, runtime, now);
  return states;
}

/** Those of the admin API that have done something today; ten thousand idle ones are listed elsewhere. */
function addActive(states: Record<string, TenantState>, runtime: Runtime, now: number): void {
  let room = runtime.config.telemetry.maxTenants - Object.keys(states).length;
  for (const tenant of runtime.directory.known.values()) {
    if (room <= 0) return;
    if (tenant.id in states || tenant.ledger.use.state("day", now).requests === 0) continue;
    states[tenant.id] = idleState(tenant, now);
    room--;
  }
}

/** `GET /sluice/v1/me`: the tenant's limits, use, quotas. */
export function meOf(runtime: Runtime, tenant: TenantRecord) {
  const now = runtime.clock.now();
  const { tier } = tenant;
  return {
    tenant: tenant.id,
    weight: tenant.weight,
    latency_max: tenant.latencyMax,
    max_wait_ms: tier.maxWaitMs,
    models: tenant.models,
    limits: tenant.meters.map((meter) => meterState(meter, now)),
    ...stateOfOne(runtime, tenant),
    use: countsOf(tenant, now).use,
  };
}
