/** Platform: makes a dialect of an API that counts requests, from a profile of how it tells limits and errors. */
import { type Demand, demandOf, NO_DEMAND, type Usage } from "../../core/demand.ts";
import type {
  CallEnd,
  CredentialHeader,
  Dialect,
  Forecast,
  Operation,
  RequestView,
} from "../../core/dialect.ts";
import type { VerdictClass } from "../../core/verdict/verdict.ts";
import { isObject } from "../body/json-fields.ts";
import { requestOnly } from "../body/request-only.ts";
import { isIdempotent, modelOf } from "../body/request-path.ts";
import { withAmounts } from "../hints/rate-reading.ts";
import { rateLimitReadings } from "../hints/ratelimit-headers.ts";
import { createOpenAiStreamReader } from "../openai/stream.ts";
import { readStreamError } from "../verdicts/read-verdict.ts";
import { readVerdictOrStream } from "../verdicts/stream-verdict.ts";
import type { OwnRules, VerdictRules } from "../verdicts/verdict-rules.ts";

export interface PlatformProfile {
  readonly name: string;
  /** Absent: a bearer token. */
  readonly credentialHeader?: CredentialHeader;
  /** Limits in headers; absent: any of the `RateLimit-*` and `X-RateLimit-*` relatives. */
  readonly readings?: VerdictRules["readings"];
  /** What its errors mean beyond the common grammar. */
  readonly rules: OwnRules;
  /** Paths whose POST only reads, or does the same when it is repeated. */
  readonly repeatablePosts?: RegExp;
  /** Its errors may come under a success status; absent: what a success says of errors is about single records. */
  readonly failsUnderSuccess?: true;
  /** Refused calls do not count towards the limit; absent: they do. */
  readonly refusalsAreFree?: true;
  readonly units?: PlatformUnits;
}

/** What a platform counts by itself, where its answers tell it. */
export interface PlatformUnits {
  /** The field of the answer that tells it. */
  readonly field: string;
  /** Amounts by name from that field's object; null if it tells none. */
  readonly read: (
    told: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, number>> | null;
}

const NO_CLASSES: ReadonlySet<VerdictClass> = new Set();

export function platform(profile: PlatformProfile): Dialect {
  const { name, readings = rateLimitReadings, units } = profile;
  const rules: VerdictRules = {
    ...profile.rules,
    readings,
    unknownInSuccess: "invalid_request",
    errorsInSuccess: profile.failsUnderSuccess ? undefined : NO_CLASSES,
  };
  const streamReader = () => createOpenAiStreamReader((error) => readStreamError(error, rules));
  return {
    name,
    wireFormat: null,
    credentialHeader: profile.credentialHeader ?? { name: "authorization", prefix: "Bearer " },
    streamsUsageOnRequest: false,
    failsUnderSuccess: profile.failsUnderSuccess === true,
    usageFields: units === undefined ? [] : [units.field],
    operation: (request) => operationOf(request, profile.repeatablePosts),
    forecast: requestOnly,
    limits: (headers, receivedAtMs) => withAmounts(readings(headers, receivedAtMs)),
    verdict: (response) => readVerdictOrStream(response, rules, streamReader),
    usage: (body) => (units === undefined ? null : usageOf(units, body)),
    streamReader,
    settle: (forecast, end) => settleRequest(profile, forecast, end),
  };
}

function operationOf(request: RequestView, repeatablePosts: RegExp | undefined): Operation {
  const isRepeatablePost =
    request.method.toUpperCase() === "POST" && repeatablePosts?.test(request.path) === true;
  const model = modelOf(request.path, null);
  return {
    kind: "other",
    model,
    stream: false,
    retrySafe: isIdempotent(request) || isRepeatablePost,
  };
}

function usageOf({ field, read }: PlatformUnits, body: unknown): Usage | null {
  const told = isObject(body) ? nested(body, field) : null;
  const units = told === null ? null : read(told);
  return units === null ? null : { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, units };
}

/** The field itself, or the one inside `extensions`, where GraphQL puts it. */
function nested(body: Readonly<Record<string, unknown>>, field: string) {
  const { extensions } = body;
  const value = body[field] ?? (isObject(extensions) ? extensions[field] : null);
  return isObject(value) ? value : null;
}

function settleRequest(
  { refusalsAreFree }: PlatformProfile,
  { charged }: Forecast,
  end: CallEnd,
): Demand {
  if (end.kind === "never-sent") return NO_DEMAND;
  const isRefused = end.kind === "answered" && end.verdict.class === "quota";
  if (isRefused) return demandOf({ requests: refusalsAreFree ? 0 : charged.requests });
  const units = end.usage?.units;
  return units === undefined ? charged : { ...charged, units: { ...charged.units, ...units } };
}
