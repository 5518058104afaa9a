/** Tenant routes: list, show, create, change, block, remove, export and erase tenants. */
import { createHash } from "node:crypto";
import { checkTenantSettings, type TenantSettings } from "../../config/check/tenant-settings.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Json, StoredTenant } from "../../stores/tenants/tenant-store.ts";
import type { ApiAnswer, ApiRequest, JsonObject } from "../api-request.ts";
import { countIn, flagIn, invalid, isObject } from "../fields.ts";
import { exists, type FoundTenant, noTenant, type TenantRecords } from "../tenant-records.ts";
import { auditView, countsView, tenantSummary, tenantView } from "../tenant-views.ts";

const MOST_TENANTS = 100_000;
const USUAL_PAGE = 100;
const LARGEST_PAGE = 1_000;

/** By name: those of the file among those of the store. */
export async function listTenants(
  records: TenantRecords,
  { query }: ApiRequest,
): Promise<ApiAnswer> {
  const limit = countIn(query, "limit", USUAL_PAGE, LARGEST_PAGE);
  const after = query.get("after") ?? "";
  const prefix = query.get("prefix") ?? "";
  const { tenants: ofFile } = records.config;
  const inFile = [...ofFile.values()]
    .filter(({ name }) => name > after && name.startsWith(prefix))
    .map((tenant): FoundTenant => ({ source: "file", tenant }));
  const stored = (await (await records.opened())?.list({ prefix, after, limit: limit + 1 })) ?? [];
  const ofStore = stored
    .filter(({ id }) => !ofFile.has(id))
    .map((tenant): FoundTenant => ({ source: "store", tenant }));
  const all = [...inFile, ...ofStore].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const page = all.slice(0, limit);
  const hasMore = all.length > limit || stored.length > limit;
  return {
    status: 200,
    value: {
      tenants: page.map((found) => tenantSummary(found, records.now)),
      next: hasMore ? nameOf(page[page.length - 1]) : null,
    },
  };
}

export async function showTenant(records: TenantRecords, id: string): Promise<ApiAnswer> {
  const found = await records.require(id);
  const counts = countsView(await records.live.countsOf(id));
  return { status: 200, value: { ...tenantView(found, records.now), counts } };
}

export async function createTenant(
  records: TenantRecords,
  request: ApiRequest,
): Promise<ApiAnswer> {
  const { id, blocked: _, ...written } = request.body;
  if (typeof id !== "string") throw invalid("id", id, "a tenant's name");
  const isBlocked = flagIn(request.body, "blocked") ?? false;
  const settings = checked(id, written, records);
  if ((await records.find(id)) !== null) throw exists(id);
  const count = (await (await records.opened())?.count()) ?? 0;
  if (count >= MOST_TENANTS) throw invalid("id", id, `at most ${MOST_TENANTS} tenants`);
  const tenant = { id, settings: asJson(settings), isBlocked, createdAt: records.now };
  const after = { ...tenant.settings, blocked: isBlocked };
  await records.apply([{ kind: "add-tenant", tenant }], request, {
    action: "tenant-created",
    tenant: id,
    before: null,
    after,
  });
  const found: FoundTenant = { source: "store", tenant: { ...tenant, keys: [] } };
  return { status: 201, value: tenantView(found, records.now) };
}

/** What is named changes; null takes a field away. */
export async function changeTenant(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  const known = await records.requireStored(id);
  const { blocked: _, ...written } = request.body;
  const isBlocked = flagIn(request.body, "blocked") ?? known.isBlocked;
  const settings = asJson(checked(id, merged(known.settings, written), records));
  const tenant: StoredTenant = { ...known, settings, isBlocked };
  await records.apply([{ kind: "change-tenant", tenant }], request, {
    action: actionOf(known.isBlocked, isBlocked),
    tenant: id,
    before: { ...known.settings, blocked: known.isBlocked },
    after: { ...settings, blocked: isBlocked },
  });
  return { status: 200, value: tenantView({ source: "store", tenant }, records.now) };
}

export async function removeTenant(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  if (request.query.get("erase") === "true") return eraseTenant(records, request, id);
  const known = await records.requireStored(id);
  await records.apply([{ kind: "remove-tenant", id }], request, {
    action: "tenant-removed",
    tenant: id,
    before: { ...known.settings, keys: known.keys.length },
    after: null,
  });
  return { status: 200, value: { id, removed: true } };
}

/** Everything that is kept of it, also of one that is in the file or has been removed. */
export async function exportTenant(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  const found = await records.find(id);
  const store = await records.opened();
  const kept = await store?.exportOf(id);
  const hasTraces = (kept?.uses.length ?? 0) + (kept?.audit.length ?? 0) > 0;
  if (found === null && !hasTraces) throw noTenant(id);
  const counts = countsView(await records.live.countsOf(id));
  await store?.note({
    at: records.now,
    who: request.who,
    action: "tenant-exported",
    tenant: id,
    before: null,
    after: null,
  });
  return {
    status: 200,
    value: {
      id,
      tenant: found === null ? null : tenantView(found, records.now),
      ...counts,
      raises: (kept?.raises ?? []) as unknown as Json,
      uses: (kept?.uses ?? []) as unknown as Json,
      audit: (kept?.audit ?? []).map(auditView),
    },
  };
}

/** What remains is that a tenant was erased, under a name that nobody can read. */
async function eraseTenant(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  const found = await records.find(id);
  const kept = await (await records.opened())?.exportOf(id);
  const hasTraces = (kept?.uses.length ?? 0) + (kept?.audit.length ?? 0) > 0;
  if (found === null && !hasTraces) throw noTenant(id);
  const name = createHash("sha256").update(id).digest("hex").slice(0, 12);
  await records.apply([{ kind: "erase", tenant: id }], request, {
    action: "tenant-erased",
    tenant: null,
    before: null,
    after: { name_sha256: name },
  });
  await records.live.erased(id);
  return { status: 200, value: { id, erased: true, in_file: found?.source === "file" } };
}

/** @throws SluiceError `invalid_request` with every problem. */
function checked(id: string, written: JsonObject, records: TenantRecords): TenantSettings {
  const result = checkTenantSettings(id, written, records.config);
  if (result.ok) return result.settings;
  throw new SluiceError("invalid_request", result.problems.join("; "));
}

function merged(known: JsonObject, written: JsonObject): JsonObject {
  const next: Record<string, unknown> = { ...known };
  for (const [name, value] of Object.entries(written)) {
    if (name === "__proto__") throw invalid(name, value, "the name of a field");
    const before = next[name];
    if (value === null) delete next[name];
    else next[name] = isObject(value) && isObject(before) ? merged(before, value) : value;
  }
  return next;
}

function actionOf(was: boolean, is: boolean): string {
  if (was === is) return "tenant-changed";
  return is ? "tenant-blocked" : "tenant-unblocked";
}

function asJson(settings: TenantSettings): StoredTenant["settings"] {
  return JSON.parse(JSON.stringify(settings));
}

function nameOf({ source, tenant }: FoundTenant): string {
  return source === "file" ? tenant.name : tenant.id;
}
