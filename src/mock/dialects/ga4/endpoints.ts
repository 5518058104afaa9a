/** GA4's reports, and the Measurement Protocol, which says 204 to anything. */
import { type Body, type Call, isBody } from "../../answer/call.ts";
import { badRequest, type Failure, jsonReply, type Reply } from "../../failure.ts";
import type { Asked, Endpoint } from "../platform/endpoints.ts";
import { platformCall } from "../platform/platform-call.ts";
import { propertyQuota } from "./property-quota.ts";
import { tokensOf } from "./query-cost.ts";
import { reportOf } from "./report.ts";

const PROPERTY = "/v1beta/properties/{property}";
const MAX_REPORTS = 5;

export const GA4_ENDPOINTS: readonly Endpoint[] = [
  { at: `POST ${PROPERTY}:runReport`, read: (asked) => runReport(asked, "runReport") },
  { at: `POST ${PROPERTY}:runPivotReport`, read: (asked) => runReport(asked, "runPivotReport") },
  {
    at: `POST ${PROPERTY}:runRealtimeReport`,
    read: (asked) => runReport(asked, "runRealtimeReport"),
  },
  { at: `POST ${PROPERTY}:batchRunReports`, read: batchRunReports },
  {
    at: `POST ${PROPERTY}:checkCompatibility`,
    read: () => counted("checkCompatibility", 1, () => jsonReply(200, {})),
  },
  {
    at: `GET ${PROPERTY}/metadata`,
    read: () => counted("metadata", 1, () => jsonReply(200, { dimensions: [], metrics: [] })),
  },
  {
    at: "POST /mp/collect",
    body: "any",
    read: () => collect(() => ({ status: 204, headers: {}, body: "" })),
  },
  {
    at: "POST /debug/mp/collect",
    body: "any",
    read: () => collect(() => jsonReply(200, { validationMessages: [] })),
  },
];

function runReport({ body }: Asked, endpoint: string): Call | Failure {
  const wrong = faultIn(body);
  if (wrong !== null) return badRequest(wrong);
  const tokens = tokensOf(body);
  return counted(endpoint, tokens, (quota) => {
    const kind = `analyticsData#${endpoint}`;
    return jsonReply(200, { ...reportOf(body), ...quotaIf(body, quota), kind });
  });
}

function batchRunReports({ body: { requests } }: Asked): Call | Failure {
  const all = Array.isArray(requests) ? requests.filter(isBody) : [];
  if (all.length === 0 || all.length > MAX_REPORTS) {
    return badRequest(`requests: between 1 and ${MAX_REPORTS} reports are allowed.`);
  }
  const wrong = all.map(faultIn).find((one) => one !== null);
  if (wrong) return badRequest(wrong);
  const tokens = all.reduce((sum, one) => sum + tokensOf(one), 0);
  return counted("batchRunReports", tokens, (quota) => {
    const reports = all.map((one) => ({ ...reportOf(one), ...quotaIf(one, quota) }));
    return jsonReply(200, { reports, kind: "analyticsData#batchRunReports" });
  });
}

function faultIn({ metrics, dimensions }: Body): string | null {
  if (Array.isArray(metrics) || Array.isArray(dimensions)) return null;
  return "A report needs dimensions or metrics.";
}

/** Tokens are taken from all three quotas at once; no server error may be left out. */
function counted(endpoint: string, tokens: number, reply: (quota: () => object) => Reply): Call {
  const taken = { tpd: tokens, tph: tokens, project_tph: tokens, server_errors_per_hour: 0 };
  return platformCall(endpoint, { taken }, (_, books) =>
    reply(() => propertyQuota(books(), tokens)),
  );
}

function quotaIf({ returnPropertyQuota }: Body, quota: () => object): object {
  return returnPropertyQuota === true ? { propertyQuota: quota() } : {};
}

/** Nothing is limited, nothing is checked. */
function collect(whole: () => Reply): Call {
  return platformCall("collect", { holdsSlot: false }, whole);
}
