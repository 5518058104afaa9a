/** Gateway process: Sluice as users run it, alone in its process, with an auditor beside its scheduler. */
import { loadConfig } from "../../config/load.ts";
import { describeProblem } from "../../config/problem.ts";
import { type Gateway, startGateway } from "../../gateway/gateway.ts";
import type { ProviderLimits } from "../../workload/load.ts";
import { type Audit, auditScheduler } from "./audit-scheduler.ts";
import { obey } from "./child.ts";
import { gatewayConfig, UPSTREAM } from "./gateway-config.ts";

export interface GatewayOrder {
  readonly baseUrl: string;
  readonly limits: ProviderLimits;
  readonly tenants: Parameters<typeof gatewayConfig>[0]["tenants"];
}

let gateway: Gateway;
let audit: () => Audit;

const orders = {
  async start(order: GatewayOrder): Promise<string> {
    const loaded = loadConfig({ object: gatewayConfig(order), env: {} });
    if (!loaded.ok) throw new Error(loaded.problems.map(describeProblem).join("; "));
    // The provider's buckets began empty, and before ours: what we grant is always there.
    gateway = await startGateway({ config: loaded.config, initialLevel: 0 });
    const upstream = gateway.runtime.upstreams.get(UPSTREAM);
    if (upstream === undefined) throw new Error(`no upstream ${UPSTREAM}`);
    audit = auditScheduler(upstream.shared.scheduler);
    return gateway.url;
  },
  audit: (_nothing: null): Audit => audit(),
};

export type GatewayOrders = typeof orders;

obey(orders);
