/**
 * Tenants API: `tenants`, their keys and quotas, and `audit`. It knows nothing of HTTP: the gateway
 * and the command line ask it the same.
 */
import { SluiceError } from "../core/errors.ts";
import type { ApiAnswer, ApiRequest } from "./api-request.ts";
import { listAudit } from "./routes/audit-routes.ts";
import { changeKey, createKey, listKeys, revokeKey } from "./routes/key-routes.ts";
import { adjustQuota, changeQuota, endRaises, showQuota } from "./routes/quota-routes.ts";
import {
  changeTenant,
  createTenant,
  exportTenant,
  listTenants,
  removeTenant,
  showTenant,
} from "./routes/tenant-routes.ts";
import { TenantRecords, type TenantsMeans } from "./tenant-records.ts";

export class TenantsApi {
  readonly #records: TenantRecords;
  /** One after another: a change is made of what it has read. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(means: TenantsMeans) {
    this.#records = new TenantRecords(means);
  }

  /**
   * @throws SluiceError, as a rejection: `invalid_request` naming field, value and what is allowed,
   * `not_found`, `store_unavailable`.
   */
  async handle(request: ApiRequest): Promise<ApiAnswer> {
    if (request.method === "GET") return this.#answer(request);
    const answer = this.#lastWrite.then(() => this.#answer(request));
    this.#lastWrite = answer.catch(() => {});
    return answer;
  }

  async #answer(request: ApiRequest): Promise<ApiAnswer> {
    const route = routeOf(request, this.#records);
    if (route !== null) return route;
    const path = `/admin/api/${request.path.join("/")}`;
    const what = JSON.stringify(`${request.method} ${path}`.slice(0, 200));
    throw new SluiceError("not_found", `nothing is served at ${what}`);
  }
}

function routeOf(request: ApiRequest, records: TenantRecords): Promise<ApiAnswer> | null {
  const { method, path, query } = request;
  const [section, id, part, key, ...rest] = path;
  if (rest.length > 0) return null;
  const isWhole = id === undefined;
  if (section === "audit") return method === "GET" && isWhole ? listAudit(records, request) : null;
  if (section !== "tenants") return null;
  if (isWhole) {
    if (method === "GET") return listTenants(records, request);
    return method === "POST" ? createTenant(records, request) : null;
  }
  if (part === undefined) return tenantRoute(request, records, id, query.get("export") === "true");
  if (part === "keys") return keyRoute(request, records, id, key);
  return part === "quota" && key === undefined ? quotaRoute(request, records, id) : null;
}

function tenantRoute(
  request: ApiRequest,
  records: TenantRecords,
  id: string,
  isExport: boolean,
): Promise<ApiAnswer> | null {
  switch (request.method) {
    case "GET":
      return isExport ? exportTenant(records, request, id) : showTenant(records, id);
    case "PATCH":
      return changeTenant(records, request, id);
    case "DELETE":
      return removeTenant(records, request, id);
    default:
      return null;
  }
}

function keyRoute(
  request: ApiRequest,
  records: TenantRecords,
  id: string,
  key = request.query.get("id") ?? undefined,
): Promise<ApiAnswer> | null {
  const { method } = request;
  if (method === "GET" && key === undefined) return listKeys(records, id);
  if (method === "POST" && key === undefined) return createKey(records, request, id);
  if (key === undefined) return null;
  if (method === "PATCH") return changeKey(records, request, id, key);
  return method === "DELETE" ? revokeKey(records, request, id, key) : null;
}

function quotaRoute(
  request: ApiRequest,
  records: TenantRecords,
  id: string,
): Promise<ApiAnswer> | null {
  switch (request.method) {
    case "GET":
      return showQuota(records, id);
    case "POST":
      return adjustQuota(records, request, id);
    case "PATCH":
      return changeQuota(records, request, id);
    case "DELETE":
      return endRaises(records, request, id);
    default:
      return null;
  }
}
