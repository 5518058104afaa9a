/** Reads a response's verdict: status, headers, codes, then prose; what a dialect knows better comes first. */
import type { HeaderView, LimitReading, ResponseView } from "../../core/dialect.ts";
import {
  type LimitedDimension,
  OK_VERDICT,
  type Verdict,
  type VerdictClass,
} from "../../core/verdict/verdict.ts";
import { wholeWaitMs } from "../hints/durations.ts";
import { headerOf } from "../hints/headers.ts";
import { rateLimitReadings } from "../hints/ratelimit-headers.ts";
import { retryAfterMs } from "../hints/retry-after.ts";
import { referenceMs } from "../hints/timestamps.ts";
import { type ClassRule, IDENTIFIER_RULES, PROSE_RULES, STREAM_RULES } from "./class-grammar.ts";
import { type ErrorFacts, factsOf, readErrorFacts, wordsOf } from "./error-facts.ts";
import { classOfStatus, isRetryableClass } from "./http-verdict.ts";
import {
  canNeverFit,
  dimensionInText,
  dimensionOfReading,
  exhausted,
  waitInText,
} from "./limit-grammar.ts";

/** What a dialect adds to the common grammar. */
export interface VerdictRules {
  /** All limits in the headers, also those of which only the reset is told. */
  readonly readings: (headers: HeaderView, receivedAtMs: number) => readonly LimitReading[];
  /** Tried before the common rules. */
  readonly identifiers?: readonly ClassRule[];
  readonly prose?: readonly ClassRule[];
  /** Statuses that mean something else here than in general. */
  readonly statuses?: ReadonlyMap<number, VerdictClass>;
  /** An error under a success status is the API's own business unless it is one of these; absent: all are errors. */
  readonly errorsInSuccess?: ReadonlySet<VerdictClass>;
  /** Headers that name the limit or the error in words. */
  readonly namingHeaders?: readonly string[];
}

const LOCK = /\block\b|exclusive access/;

/** The status under which an error inside a stream is read: the HTTP status said 200. */
const STREAM_STATUS = 200;

/** An error that no rule knows, after the HTTP status has promised success. */
const UNKNOWN_IN_SUCCESS: VerdictClass = "transient";

/** The verdict of a complete response; a body that calls itself an error is one under any status. */
export function readVerdict(response: ResponseView, rules: VerdictRules): Verdict {
  const isOk = classOfStatus(response.status) === "ok";
  const facts = readErrorFacts(response.body, isOk);
  if (isOk && !facts.isError) return OK_VERDICT;
  const status = isOk ? (facts.status ?? response.status) : response.status;
  const verdict = judge(status, response, facts, rules);
  const isOwnBusiness = isOk && rules.errorsInSuccess?.has(verdict.class) === false;
  return isOwnBusiness ? OK_VERDICT : verdict;
}

/** The verdict of an error object that came as an event of a stream. */
export function readStreamError(error: unknown, rules: VerdictRules): Verdict {
  const facts = factsOf(error);
  const noHeaders = { headers: {}, receivedAtMs: 0 };
  return judge(facts.status ?? STREAM_STATUS, noHeaders, facts, rules);
}

function judge(
  status: number,
  response: Pick<ResponseView, "headers" | "receivedAtMs">,
  facts: ErrorFacts,
  rules: VerdictRules,
): Verdict {
  const { headers, receivedAtMs } = response;
  const verdictClass = classOf(status, facts, rules);
  const readings = [
    ...rules.readings(headers, receivedAtMs),
    ...rateLimitReadings(facts.headers, receivedAtMs),
  ];
  const dimension = dimensionOf(verdictClass, facts, headers, readings, rules);
  const retryable =
    isRetryableClass(verdictClass) &&
    headerOf(headers, "x-should-retry") !== "false" &&
    !(verdictClass === "quota" && canNeverFit(facts.prose));
  if (!retryable) return { class: verdictClass, dimension, retryable, retryAfterMs: null };
  const bound = verdictClass === "quota" ? readings : [];
  const waitMs = statedWait(response, facts, bound, dimension);
  return {
    class: verdictClass,
    dimension,
    retryable,
    retryAfterMs: waitMs === null ? null : wholeWaitMs(waitMs),
  };
}

/** The first that is told: headers, machine fields, prose, and last the reset of what is spent. */
function statedWait(
  { headers, receivedAtMs }: Pick<ResponseView, "headers" | "receivedAtMs">,
  facts: ErrorFacts,
  readings: readonly LimitReading[],
  dimension: LimitedDimension | null,
): number | null {
  return (
    retryAfterMs(headers, receivedAtMs) ??
    readings.find(isOnlyReset)?.resetMs ??
    facts.waitMs ??
    waitInText(facts.prose, referenceMs(headers, receivedAtMs)) ??
    resetOf(readings, dimension)
  );
}

function classOf(status: number, facts: ErrorFacts, rules: VerdictRules): VerdictClass {
  const byCode = match(
    [...(rules.identifiers ?? []), ...IDENTIFIER_RULES],
    facts.identifiers,
    status,
  );
  const byProse = match([...(rules.prose ?? []), ...PROSE_RULES], [facts.ownWords], status);
  // A code that only repeats the status gives way to a message that says more.
  const byStatus = rules.statuses?.get(status) ?? classOfStatus(status);
  if (byCode !== null && byCode !== byStatus) return byCode;
  if (byProse !== null) return byProse;
  if (byCode !== null) return byCode;
  if (byStatus !== "ok") return byStatus;
  return match(STREAM_RULES, facts.identifiers, status) ?? UNKNOWN_IN_SUCCESS;
}

function match(
  rules: readonly ClassRule[],
  texts: readonly string[],
  status: number,
): VerdictClass | null {
  for (const rule of rules) {
    if (rule.believedAt !== undefined && !rule.believedAt(status)) continue;
    if (texts.some((text) => rule.pattern.test(text))) return rule.class;
  }
  return null;
}

function dimensionOf(
  verdictClass: VerdictClass,
  facts: ErrorFacts,
  headers: HeaderView,
  readings: readonly LimitReading[],
  rules: VerdictRules,
): LimitedDimension | null {
  if (verdictClass === "billing") return "spend";
  if (verdictClass === "transient") return namesLock(facts) ? "concurrency" : null;
  if (verdictClass !== "quota") return null;
  const named = dimensionInText(facts.identifiers, facts.prose);
  const bound = exhausted(readings) ?? readings.find(isOnlyReset);
  if (named === null && bound !== undefined) return dimensionOfReading(bound);
  return named ?? dimensionInText(namedBy(headers, rules), "");
}

function namesLock(facts: ErrorFacts): boolean {
  return LOCK.test(facts.ownWords) || facts.identifiers.some((code) => LOCK.test(code));
}

function namedBy(headers: HeaderView, rules: VerdictRules): readonly string[] {
  return (rules.namingHeaders ?? []).map((name) => wordsOf(headerOf(headers, name) ?? ""));
}

/** Until the exhausted limit resets: the one that was named if it is exhausted, else the slowest. */
function resetOf(
  readings: readonly LimitReading[],
  dimension: LimitedDimension | null,
): number | null {
  const named = readings.filter((reading) => dimension?.startsWith(reading.dimension));
  return (exhausted(named) ?? exhausted(readings))?.resetMs ?? null;
}

/** A reset that came alone stands for the Retry-After that did not come (Azure, Together). */
function isOnlyReset(reading: LimitReading): boolean {
  return reading.limit === null && reading.remaining === null && reading.resetMs !== null;
}
