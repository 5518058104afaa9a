/** Gateway process: one instance of a fleet, with a note of when it sent what. */
import { loadConfig } from "../../src/config/index.ts";
import { obey } from "../../src/demo/provider/child.ts";
import { gatewayConfig, UPSTREAM } from "../../src/demo/provider/gateway-config.ts";
import { type Gateway, startGateway } from "../../src/gateway/gateway.ts";
import type { Transport } from "../../src/runtime/transport/transport.ts";
import { createUndiciTransport } from "../../src/runtime/transport/undici-transport.ts";
import { connect } from "../../src/stores/redis/connection.ts";
import type { ProviderLimits } from "../../src/workload/load.ts";
import { loggedScript } from "./logged-script.ts";

export interface FleetOrder {
  readonly baseUrl: string;
  readonly limits: ProviderLimits & { readonly max_parallel_requests: number };
  readonly tenants: Parameters<typeof gatewayConfig>[0]["tenants"];
  readonly redis: string;
}

let gateway: Gateway;
/** How often the store has been silent for so long that nothing new was sent. */
let silences = 0;
/** Wall time of each sending, milliseconds. */
const sentAt: number[] = [];

function noting(transport: Transport): Transport {
  return {
    send: (outbound, sink) => {
      sentAt.push(Date.now());
      return transport.send(outbound, sink);
    },
    close: () => transport.close(),
  };
}

const orders = {
  async start({ redis, ...order }: FleetOrder): Promise<{ url: string; pid: number }> {
    const store = { kind: "redis", url: redis };
    const loaded = loadConfig({ object: { ...gatewayConfig(order), store }, env: {} });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    gateway = await startGateway({
      config: loaded.config,
      initialLevel: 0,
      transport: noting(createUndiciTransport()),
      connect: (url) => connect(url, loggedScript()),
    });
    gateway.runtime.tenancy.alerts.onAlert((alert) => {
      if (alert.kind === "store" && alert.state === "silent") silences++;
    });
    return { url: gateway.url, pid: process.pid };
  },
  state() {
    const upstream = gateway.runtime.upstreams.get(UPSTREAM);
    const account = upstream?.shared;
    const now = gateway.runtime.clock.now();
    return {
      silences,
      store: gateway.runtime.store?.state ?? "memory",
      waiting: account?.waiting ?? 0,
      running: account?.running ?? 0,
      meters: (account?.meters ?? []).map((meter) => {
        const { level, limit } = meter.read(now);
        return { dimension: meter.label.dimension, level: level / 1e6, limit: limit / 1e6 };
      }),
    };
  },
  /** How many were sent between two moments of wall time, milliseconds. */
  sentBetween: ({ from, to }: { from: number; to: number }) =>
    sentAt.filter((at) => at >= from && at <= to).length,
  close: () => gateway.close(),
};

export type FleetGatewayOrders = typeof orders;

obey(orders);
