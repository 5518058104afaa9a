/** Admin: what only an administrator may see and do, path by path. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { JsonObject } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import { parseFields } from "../../runtime/request/large/parse-body.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { timeView } from "../../tenants/tenant-views.ts";
import { TenantsApi } from "../../tenants/tenants-api.ts";
import { hasBody, readBody } from "../read-body.ts";
import { type RequestContext, sendJson } from "../request-context.ts";
import { stateOf } from "../state.ts";
import { AdminDoor, type Admitted } from "./door.ts";

const PREFIX = "/admin/api/";
const BODY_MAX_BYTES = 1_048_576;

export class Admin {
  readonly #runtime: Runtime;
  readonly #door: AdminDoor;
  readonly #tenants: TenantsApi;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#door = new AdminDoor(() => runtime.config.server.adminToken);
    this.#tenants = new TenantsApi({
      config: () => runtime.config,
      store: runtime.tenancy.store,
      live: runtime.tenancy,
      now: () => this.#nowMs,
    });
  }

  /** @throws SluiceError, as a rejection: `unauthorized`, `forbidden`, `not_found`, and those of each path. */
  async handle(context: RequestContext): Promise<void> {
    const { path, method } = context;
    if (path === `${PREFIX}login` && method === "POST") return this.#signIn(context);
    const who = await this.#door.admit(context);
    if (path === `${PREFIX}logout` && method === "POST") {
      sendJson(context, 200, { signed_in: false }, { "set-cookie": this.#door.signOut(context) });
    } else if (path === `${PREFIX}state` && method === "GET") {
      sendJson(context, 200, stateOf(this.#runtime));
    } else if (path === `${PREFIX}alerts` && method === "GET") {
      sendJson(context, 200, { alerts: this.#alerts() });
    } else if (/^\/admin\/api\/(?:tenants|audit)(?:\/|$)/.test(path)) {
      await this.#askTenants(context, who);
    } else throw new SluiceError("unsupported", `${path} is not available in this release`);
  }

  async #signIn(context: RequestContext): Promise<void> {
    const body = await bodyOf(context, this.#runtime);
    const cookie = await this.#door.signIn(context, body);
    const entry = { who: "cookie", action: "signed-in", tenant: null, before: null, after: null };
    // What keeps nothing yet is not made to for this.
    await this.#runtime.tenancy.store.opened?.note({ ...entry, at: this.#nowMs });
    sendJson(context, 200, { signed_in: true }, cookie === null ? {} : { "set-cookie": cookie });
  }

  async #askTenants(context: RequestContext, who: Admitted): Promise<void> {
    const { method, query } = context;
    const path = partsOf(context.path.slice(PREFIX.length));
    const body = await bodyOf(context, this.#runtime);
    const answer = await this.#tenants.handle({
      method,
      path,
      query: new URLSearchParams(query),
      body,
      who,
    });
    sendJson(context, answer.status, answer.value);
  }

  #alerts(): object[] {
    const { alerts } = this.#runtime.tenancy.alerts;
    return alerts.map((alert) => ({ ...alert, at: timeView(alert.at) }));
  }

  get #nowMs(): number {
    return Math.floor(this.#runtime.clock.now() / MICROS_PER_MS);
  }
}

async function bodyOf({ message }: RequestContext, { config }: Runtime): Promise<JsonObject> {
  if (!hasBody(message)) return {};
  const timeoutMs = config.server.timeouts.bodyMs;
  const bytes = await readBody(message, { maxBytes: BODY_MAX_BYTES, timeoutMs });
  return parseFields(bytes);
}

function partsOf(path: string): string[] {
  try {
    return path.split("/").map(decodeURIComponent);
  } catch {
    throw new SluiceError("invalid_request", "the path is not encoded as a URL's");
  }
}
