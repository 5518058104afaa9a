/** Audit routes: who has changed what, newest first. */
import type { ApiAnswer, ApiRequest } from "../api-request.ts";
import { countIn } from "../fields.ts";
import type { TenantRecords } from "../tenant-records.ts";
import { auditView } from "../tenant-views.ts";

const USUAL_PAGE = 100;
const LARGEST_PAGE = 1_000;

export async function listAudit(records: TenantRecords, { query }: ApiRequest): Promise<ApiAnswer> {
  const limit = countIn(query, "limit", USUAL_PAGE, LARGEST_PAGE);
  const before = countIn(query, "before", Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  const page = { tenant: query.get("tenant"), before, limit };
  const entries = (await (await records.opened())?.audit(page)) ?? [];
  const next = entries.length < limit ? null : entries[entries.length - 1].id;
  return { status: 200, value: { entries: entries.map(auditView), next } };
}
