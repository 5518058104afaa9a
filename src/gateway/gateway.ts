/** Gateway: the HTTP server in front of a runtime: which path is answered by what, and how it starts and ends. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { SluiceError } from "../core/errors.ts";
import { identify } from "../runtime/request/identity.ts";
import { Runtime, type RuntimeOptions } from "../runtime/runtime.ts";
import { createSystemClock } from "../runtime/system-clock.ts";
import type { Transport } from "../runtime/transport/transport.ts";
import { createUndiciTransport } from "../runtime/transport/undici-transport.ts";
import type { LateTenantStore } from "../stores/tenants/late-tenant-store.ts";
import { tenantPlace } from "../tenants/tenant-place.ts";
import { Admin } from "./admin/admin.ts";
import { Connections } from "./connections.ts";
import { handleModels, listModels } from "./models-list.ts";
import { Passage } from "./passage.ts";
import { contextOf, type RequestContext, sendJson, sendRefusal } from "./request-context.ts";
import { SlotDesk } from "./slots.ts";
import { meOf, storeState } from "./state.ts";

/** How often slow heads are looked for. */
const SLOWEST_CHECK_MS = 5_000;

export interface GatewayOptions {
  readonly config: Config;
  readonly clock?: Clock;
  readonly transport?: Transport;
  readonly random?: () => number;
  /** Share of every meter available at the start, 0 to 1. @default 1 */
  readonly initialLevel?: number;
  /** Opens the Redis that instances share. @default by its URL */
  readonly connect?: RuntimeOptions["connect"];
  /** Where tenants and what they have used are kept. @default the Redis of `store`, else `server.data_dir` */
  readonly tenants?: LateTenantStore;
}

export interface Gateway {
  /** Where it listens, e.g. `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly runtime: Runtime;
  /** Takes another configuration: live levels, waits and connections are kept. */
  reconfigure(config: Config): void;
  /** Takes nothing new, lets what runs end within `server.timeouts.drain`, then closes. */
  close(): Promise<void>;
}

/**
 * Starts a gateway and resolves once it listens.
 *
 * @throws Error when the address cannot be listened on; SluiceError `store_unavailable` when something has
 * to be kept and `server.data_dir` cannot be used, or the Redis of `store` does not answer.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config } = options;
  const runtime = new Runtime({
    config,
    clock: options.clock ?? createSystemClock(),
    transport: options.transport ?? createUndiciTransport(),
    random: options.random ?? Math.random,
    initialShare: options.initialLevel ?? 1,
    connect: options.connect,
    tenants: options.tenants ?? tenantPlace(config),
  });
  await runtime.open();
  const house = new House(runtime);
  const { headerMaxBytes, connections, listen, timeouts } = config.server;
  const server = createServer(
    {
      maxHeaderSize: headerMaxBytes,
      headersTimeout: timeouts.bodyMs,
      connectionsCheckingInterval: Math.min(timeouts.bodyMs, SLOWEST_CHECK_MS),
      // An upload may wait in the queue before it is read: each reader of a body has bounds of its own.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
    },
    (message, response) => house.receive(message, response),
  );
  server.maxConnections = connections;
  server.on("connection", (socket: Socket) => house.connections.add(socket));
  try {
    await listening(server, listen.port, listen.host);
  } catch (error) {
    await runtime.close();
    throw error;
  }
  return {
    url: urlOf(server),
    runtime,
    reconfigure: (next) => runtime.reconfigure(next),
    close: () => house.close(server),
  };
}

class House {
  readonly connections = new Connections();
  readonly #runtime: Runtime;
  readonly #passage: Passage;
  readonly #slots: SlotDesk;
  readonly #admin: Admin;
  #isDraining = false;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#passage = new Passage(runtime);
    this.#slots = new SlotDesk(runtime);
    this.#admin = new Admin(runtime);
  }

  receive(message: IncomingMessage, response: ServerResponse): void {
    const context = contextOf(message, response, this.#runtime.clock.now());
    this.connections.begin(message, response, this.#runtime.config.server.timeouts.upstreamMs);
    if (this.#isDraining) response.setHeader("connection", "close");
    response.on("error", destroy);
    const refuse = (error: unknown) => sendRefusal(context, error);
    try {
      this.#route(context)?.catch(refuse);
    } catch (error) {
      refuse(error);
    }
  }

  async close(server: Server): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.connections.drain();
    const { drainMs } = this.#runtime.config.server.timeouts;
    const timer = setTimeout(() => server.closeAllConnections(), drainMs);
    await closed;
    clearTimeout(timer);
    this.#slots.close();
    await this.#runtime.close();
  }

  /** Most requests are on their way upstream, so they come to no promise more than they need. */
  #route(context: RequestContext): Promise<void> | undefined {
    const { method, path } = context;
    // It asks for its own headers back, and upstream that would be ours: RFC 9110, section 9.3.8.
    if (method === "TRACE") throw new SluiceError("unsupported", "TRACE is not passed on");
    if (path === "/health" || path.startsWith("/health/")) return this.#health(context);
    if (path === "/metrics" || path === "/dashboard" || path.startsWith("/dashboard/")) {
      throw new SluiceError("unsupported", `${path} is not available in this release`);
    }
    if (path.startsWith("/admin/")) return this.#admin.handle(context);
    if (path.startsWith("/sluice/")) return this.#own(context);
    if (this.#listsModels(context)) return handleModels(context, this.#runtime);
    return this.#passage.handle(context);
  }

  #health(context: RequestContext): undefined {
    const { path } = context;
    if (path === "/health/live") return sendJson(context, 200, { status: "ok" });
    if (path !== "/health/ready")
      throw new SluiceError("not_found", "there are /health/live and /health/ready");
    const status = this.#isDraining ? "draining" : "ok";
    sendJson(context, this.#isDraining ? 503 : 200, {
      status,
      store: storeState(this.#runtime),
    });
  }

  async #own(context: RequestContext): Promise<void> {
    if (context.path.startsWith("/sluice/v1/slots")) {
      await this.#slots.handle(context);
      return;
    }
    if (context.path !== "/sluice/v1/me") {
      throw new SluiceError("not_found", `nothing is served at ${context.path}`);
    }
    const { config, directory } = this.#runtime;
    const { tenant } = identify(context.headers, directory, config.server.trustHeaders);
    await this.#runtime.tenancy.refresh(tenant.id);
    sendJson(context, 200, meOf(this.#runtime, tenant));
  }

  /** Where no model has a name of its own here, the upstream's list is the better answer. */
  #listsModels({ method, path, headers }: RequestContext): boolean {
    if (method !== "GET" || !/^\/v1\/models(?:\/|$)/.test(path)) return false;
    const { config, directory } = this.#runtime;
    const { tenant } = identify(headers, directory, config.server.trustHeaders);
    return listModels(config, tenant).length > 0 || tenant.models !== null;
  }
}

function destroy(this: ServerResponse): void {
  this.destroy();
}

function listening(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
