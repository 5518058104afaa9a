/** Key routes: make, list, rotate, limit and revoke the keys of a tenant. A key is shown once, when it is made. */
import { SluiceError } from "../../core/errors.ts";
import type { StoredKey, StoredTenant, TenantChange } from "../../stores/tenants/tenant-store.ts";
import type { ApiAnswer, ApiRequest } from "../api-request.ts";
import { allowOnly, durationIn, futureTimeIn, invalid, textIn } from "../fields.ts";
import { newKey } from "../new-key.ts";
import type { TenantRecords } from "../tenant-records.ts";
import { isLive, keyView, tenantView } from "../tenant-views.ts";

/** Of one tenant; of those that are expired or revoked the oldest are forgotten for new ones. */
const MOST_KEYS = 100;

export async function listKeys(records: TenantRecords, id: string): Promise<ApiAnswer> {
  const { keys } = tenantView(await records.require(id), records.now);
  return { status: 200, value: { tenant: id, keys } };
}

/** With `rotate` it takes the place of another key, which stays valid for `grace`. */
export async function createKey(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
): Promise<ApiAnswer> {
  allowOnly(request.body, ["label", "expires", "rotate", "grace"]);
  const tenant = await records.requireStored(id);
  const { now } = records;
  const { rotate } = request.body;
  const old = rotate === undefined ? null : liveKey(tenant, rotate, "rotate", now);
  const { key: secret, ...made } = newKey();
  const key: StoredKey = {
    ...made,
    label: textIn(request.body, "label") || (old?.label ?? ""),
    createdAt: now,
    expiresAt: futureTimeIn(request.body, "expires", now),
    revokedAt: null,
  };
  const ended = old === null ? null : endingIn(old, durationIn(request.body, "grace"), now);
  const changes: TenantChange[] = [
    ...roomFor(tenant, now),
    { kind: "put-key", tenant: id, key },
    ...(ended === null ? [] : [{ kind: "put-key" as const, tenant: id, key: ended }]),
  ];
  await records.apply(changes, request, {
    action: old === null ? "key-created" : "key-rotated",
    tenant: id,
    before: old === null ? null : keyView(old, now),
    after: keyView(key, now),
  });
  const rotated = ended === null ? null : keyView(ended, now);
  const value = { tenant: id, key: secret, hash: key.hash, ...keyView(key, now), rotated };
  return { status: 201, value };
}

export async function changeKey(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
  keyId: string,
): Promise<ApiAnswer> {
  allowOnly(request.body, ["expires"]);
  const { now } = records;
  const key = liveKey(await records.requireStored(id), keyId, "key", now);
  const changed = { ...key, expiresAt: futureTimeIn(request.body, "expires", now) };
  await put(records, request, id, key, changed, "key-changed");
  return { status: 200, value: keyView(changed, now) };
}

/** At once, on connections that are open too. */
export async function revokeKey(
  records: TenantRecords,
  request: ApiRequest,
  id: string,
  keyId: string,
): Promise<ApiAnswer> {
  const { now } = records;
  const key = keyOf(await records.requireStored(id), keyId);
  const revoked = { ...key, revokedAt: key.revokedAt ?? now };
  await put(records, request, id, key, revoked, "key-revoked");
  return { status: 200, value: keyView(revoked, now) };
}

async function put(
  records: TenantRecords,
  request: ApiRequest,
  tenant: string,
  before: StoredKey,
  key: StoredKey,
  action: string,
): Promise<void> {
  const { now } = records;
  await records.apply([{ kind: "put-key", tenant, key }], request, {
    action,
    tenant,
    before: keyView(before, now),
    after: keyView(key, now),
  });
}

function keyOf({ id, keys }: StoredTenant, keyId: unknown): StoredKey {
  const key = keys.find((one) => one.id === keyId);
  if (key !== undefined) return key;
  const name = JSON.stringify(String(keyId).slice(0, 200));
  throw new SluiceError("not_found", `tenant ${id} has no key ${name}`);
}

function liveKey(tenant: StoredTenant, keyId: unknown, field: string, now: number): StoredKey {
  const key = keyOf(tenant, keyId);
  if (isLive(key, now)) return key;
  throw invalid(field, keyId, "a key that is neither expired nor revoked");
}

/** An expiry that was to come sooner stays. */
function endingIn(key: StoredKey, graceMs: number, now: number): StoredKey {
  const expiresAt = Math.min(now + graceMs, key.expiresAt ?? Number.POSITIVE_INFINITY);
  return { ...key, expiresAt };
}

function roomFor({ id, keys }: StoredTenant, now: number): TenantChange[] {
  const surplus = keys.length + 1 - MOST_KEYS;
  if (surplus <= 0) return [];
  const dead = keys.filter((key) => !isLive(key, now)).slice(0, surplus);
  if (dead.length < surplus) throw invalid("tenant", id, `at most ${MOST_KEYS} keys in use`);
  return dead.map((key) => ({ kind: "remove-key", tenant: id, id: key.id }));
}
