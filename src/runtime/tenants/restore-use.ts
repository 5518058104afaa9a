/** Restore use: what was used in an earlier life counts on, also in quotas that were made before it was known. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import { QUOTA_KINDS } from "../../core/quota/quota-kind.ts";
import type { StoredUse } from "../../stores/tenants/tenant-store.ts";
import type { TenantDirectory } from "../policy/tenant-directory.ts";

export function restoreUse(
  directory: TenantDirectory,
  uses: readonly StoredUse[],
  now: number,
): void {
  for (const use of uses) restore(directory, use, now);
}

function restore(directory: TenantDirectory, stored: StoredUse, now: number): void {
  const tenant = directory.known.get(stored.tenant);
  const { use } = tenant?.ledger ?? directory.ledgers.other(stored.tenant);
  const before = (tenant?.quotas ?? []).map(({ name, meter }) => {
    const { span, counts } = QUOTA_KINDS[name];
    const micros = () => use.micros(span, counts, now);
    return { meter, micros, was: micros() };
  });
  use.restore({ ...stored, endsAt: stored.endsAt * MICROS_PER_MS }, now);
  for (const { meter, micros, was } of before) meter.adjust(was - micros(), now);
}
