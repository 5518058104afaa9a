/** Platform: makes a dialect of an API that counts requests, from a profile of how it tells limits and errors. */
import { type Demand, demandOf, NO_DEMAND, type Units, type Usage } from "../../core/demand.ts";
import type {
  CallEnd,
  CredentialHeader,
  Dialect,
  Forecast,
  Operation,
  RequestView,
} from "../../core/dialect.ts";
import type { VerdictClass } from "../../core/verdict/verdict.ts";
import { requestOnly } from "../body/request-only.ts";
import { isIdempotent, modelOf } from "../body/request-path.ts";
import { withAmounts } from "../hints/rate-reading.ts";
import { rateLimitReadings } from "../hints/ratelimit-headers.ts";
import { createOpenAiStreamReader } from "../openai/stream.ts";
import { countedIn, type PlatformUnits, unitLedger } from "../units/platform-units.ts";
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
  /** What it counts beside requests; absent: nothing. */
  readonly units?: PlatformUnits;
  /** How many requests a call counts as; absent: one. */
  readonly requestsOf?: (request: RequestView) => number;
  /** What limits count over where that is not the account; it stands in the model's place. */
  readonly scopeOf?: (request: RequestView) => string | null;
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
    usageFields: units?.answer === undefined ? [] : [units.answer.field],
    units: units === undefined ? undefined : unitLedger(units),
    operation: (request) => operationOf(request, profile),
    forecast: (request) => forecastOf(request, profile),
    limits: (headers, receivedAtMs) => withAmounts(readings(headers, receivedAtMs)),
    verdict: (response) => readVerdictOrStream(response, rules, streamReader),
    usage: (body) => usageOf(countedIn(units?.answer, body, 0)?.counted ?? null),
    streamReader,
    settle: (forecast, end) => settleRequest(profile, forecast, end),
  };
}

function operationOf(
  request: RequestView,
  { repeatablePosts, scopeOf }: PlatformProfile,
): Operation {
  const isRepeatablePost =
    request.method.toUpperCase() === "POST" && repeatablePosts?.test(request.path) === true;
  const model = scopeOf === undefined ? modelOf(request.path, null).model : scopeOf(request);
  return {
    kind: "other",
    model,
    stream: false,
    retrySafe: isIdempotent(request) || isRepeatablePost,
  };
}

function forecastOf(request: RequestView, { units, requestsOf }: PlatformProfile): Forecast {
  if (units === undefined && requestsOf === undefined) return requestOnly();
  const requests = requestsOf?.(request) ?? 1;
  const foreseen = units === undefined ? {} : { units: units.foresee(request) };
  return { ...requestOnly(), charged: demandOf({ requests, ...foreseen }) };
}

function usageOf(units: Units | null): Usage | null {
  return units === null ? null : { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, units };
}

function settleRequest(
  { refusalsAreFree, units: profile }: PlatformProfile,
  { charged }: Forecast,
  end: CallEnd,
): Demand {
  if (end.kind === "never-sent") return NO_DEMAND;
  const isRefused = end.kind === "answered" && end.verdict.class === "quota";
  if (isRefused) return demandOf({ requests: refusalsAreFree ? 0 : charged.requests });
  const told = end.usage?.units;
  if (told !== undefined) return { ...charged, units: { ...charged.units, ...told } };
  if (end.kind !== "answered" || profile?.failed === undefined) return charged;
  return { ...charged, units: profile.failed(charged.units, end.verdict) };
}
