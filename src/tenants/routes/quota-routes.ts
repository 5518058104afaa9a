/** Quota routes: what a tenant may use and has used; change, reset and raise it for a while. */
import { COUNT_UNITS, parseQuantity } from "../../config/quantity.ts";
import { isQuotaName, QUOTA_KINDS, type QuotaName } from "../../core/quota/quota-kind.ts";
import type { StoredRaise } from "../../stores/tenants/tenant-store.ts";
import type { ApiAnswer, ApiRequest, JsonObject } from "../api-request.ts";
import { allowOnly, futureTimeIn, invalid, isObject } from "../fields.ts";
import type { TenantCounts } from "../live-tenants.ts";
import type { TenantRecords } from "../tenant-records.ts";
import { countsView, timeView } from "../tenant-views.ts";
import { changeTenant } from "./tenant-routes.ts";

/** As the core can count it. */
const LARGEST = 9_000_000_000;

export async function showQuota(records: TenantRecords, id: string): Promise<ApiAnswer> {
  await records.require(id);
  const value = { tenant: id, ...countsView(await records.live.countsOf(id)) };
  return { status: 200, value };
}

/** The quotas themselves, of a tenant of the store. */
export async function changeQuota(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  await changeTenant(records, { ...request, body: { quotas: request.body } }, id);
  return showQuota(records, id);
}

/** `{ reset }`, `{ raise, until }`, or both; of tenants of the file too. */
export async function adjustQuota(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  const { body } = request;
  allowOnly(body, ["reset", "raise", "until"]);
  await records.require(id);
  const { quotas } = await records.live.countsOf(id);
  const resets = resetsIn(body, quotas);
  const raises = raisesIn(body, id, quotas, records.now);
  if (resets.length + raises.length === 0) throw invalid("reset", body.reset, "reset or raise");
  if (resets.length > 0) await reset(records, request, id, resets, quotas);
  if (raises.length > 0) await raise(records, request, id, raises);
  return showQuota(records, id);
}

/** Ends raises before their time: all, or of the quota that the query names. */
export async function endRaises(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  await records.require(id);
  const { quotas } = await records.live.countsOf(id);
  const only = request.query.get("quota");
  const names = only === null ? namesIn(quotas) : [nameOf(only, "quota", quotas)];
  const changes = names.map((quota) => ({ kind: "remove-raise", tenant: id, quota }) as const);
  const before = Object.fromEntries(names.map((name) => [name, quotas[name]?.raise?.amount ?? 0]));
  const entry = { action: "quota-raise-ended", tenant: id, before, after: null };
  await records.apply(changes, request, entry);
  return showQuota(records, id);
}

async function reset(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
  names: readonly QuotaName[],
  quotas: TenantCounts["quotas"],
): Promise<void> {
  const changes = names.map((name) => {
    const { span, counts } = QUOTA_KINDS[name];
    return { kind: "reset-use", tenant: id, span, counts } as const;
  });
  const before = Object.fromEntries(names.map((name) => [name, quotas[name]?.used ?? 0]));
  const after = Object.fromEntries(names.map((name) => [name, 0]));
  await records.apply(changes, request, { action: "quota-reset", tenant: id, before, after });
  await records.live.wasReset(id, names);
}

async function raise(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
  raises: readonly StoredRaise[],
): Promise<void> {
  const changes = raises.map((one) => ({ kind: "put-raise", raise: one }) as const);
  const amounts = Object.fromEntries(raises.map(({ quota, amount }) => [quota, amount]));
  const after = { ...amounts, until: timeView(raises[0].until) };
  await records.apply(changes, request, {
    action: "quota-raised",
    tenant: id,
    before: null,
    after,
  });
}

function resetsIn({ reset: wanted }: JsonObject, quotas: TenantCounts["quotas"]): QuotaName[] {
  if (wanted === undefined || wanted === false) return [];
  if (wanted === true) return namesIn(quotas);
  const list = Array.isArray(wanted) ? wanted : [wanted];
  return list.map((name) => nameOf(name, "reset", quotas));
}

function raisesIn(
  body: JsonObject,
  tenant: string,
  quotas: TenantCounts["quotas"],
  now: number,
): StoredRaise[] {
  if (body.raise === undefined) return [];
  if (!isObject(body.raise)) throw invalid("raise", body.raise, 'amounts, such as { "tpd": "1M" }');
  const until = futureTimeIn(body, "until", now);
  if (until === null) throw invalid("until", body.until, "a duration such as 2h, or a time");
  return Object.entries(body.raise).map(([name, value]) => {
    const quota = nameOf(name, "raise", quotas);
    const amount = parseQuantity(value, COUNT_UNITS);
    if (amount === undefined || amount <= 0 || amount > LARGEST) {
      throw invalid(`raise.${quota}`, value, `a number above 0 and at most ${LARGEST}`);
    }
    return { tenant, quota, amount, until };
  });
}

function nameOf(name: unknown, field: string, quotas: TenantCounts["quotas"]): QuotaName {
  if (typeof name === "string" && isQuotaName(name) && quotas[name] !== undefined) return name;
  const known = namesIn(quotas).join(", ");
  throw invalid(field, name, known === "" ? "none: it has no quota" : `its quotas: ${known}`);
}

function namesIn(quotas: TenantCounts["quotas"]): QuotaName[] {
  return Object.keys(quotas).filter(isQuotaName);
}
