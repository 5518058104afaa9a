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
import {
  type CodeMeaning,
  meaningIn,
  type OwnReading,
  type VerdictRules,
} from "./verdict-rules.ts";

const LOCK = /\block\b|exclusive access/;

/** The status under which an error inside a stream is read: the HTTP status said 200. */
const STREAM_STATUS = 200;

/** Anthropic's and OpenAI's SDKs obey the one, Stripe's the other. */
const SHOULD_RETRY = ["x-should-retry", "stripe-should-retry"];

/** An error that no rule knows, after the HTTP status has promised success. */
const UNKNOWN_IN_SUCCESS: VerdictClass = "transient";

/** The verdict of a complete response; a body that calls itself an error is one under any status. */
export function readVerdict(response: ResponseView, rules: VerdictRules): Verdict {
  const isOk = classOfStatus(response.status) === "ok";
  const headerCodes = codesIn(response.headers, rules);
  const facts = readErrorFacts(response.body, isOk && headerCodes.length === 0);
  if (isOk && !facts.isError && headerCodes.length === 0) return OK_VERDICT;
  const status = isOk ? (facts.status ?? response.status) : response.status;
  const verdict = judge(status, response, withCodes(facts, headerCodes), rules);
  const isOwnBusiness = isOk && rules.errorsInSuccess?.has(verdict.class) === false;
  return isOwnBusiness ? OK_VERDICT : verdict;
}

/** The verdict of an error object that came as an event of a stream. */
export function readStreamError(error: unknown, rules: VerdictRules): Verdict {
  const facts = factsOf(error);
  const noHeaders = { headers: {}, receivedAtMs: 0 };
  return judge(facts.status ?? STREAM_STATUS, noHeaders, facts, rules);
}

/** What carries an error beside its body. */
type Carrier = Pick<ResponseView, "headers" | "receivedAtMs">;

function codesIn(headers: HeaderView, { errorHeaders = [] }: VerdictRules): readonly string[] {
  return errorHeaders.flatMap((name) => {
    const value = headerOf(headers, name);
    return value === null ? [] : wordsOf(value.split(":", 1)[0]);
  });
}

function withCodes(facts: ErrorFacts, codes: readonly string[]): ErrorFacts {
  if (codes.length === 0) return facts;
  return { ...facts, identifiers: [...codes, ...facts.identifiers] };
}

function judge(status: number, carrier: Carrier, facts: ErrorFacts, rules: VerdictRules): Verdict {
  const { headers, receivedAtMs } = carrier;
  const code = meaningIn(rules.codes, facts.identifiers);
  const own = rules.own?.({ status, ...carrier, facts }) ?? null;
  const verdictClass = own?.class ?? code?.class ?? classOf(status, facts, rules);
  const readings = [
    ...rules.readings(headers, receivedAtMs),
    ...rateLimitReadings(facts.headers, receivedAtMs),
  ];
  const dimension =
    own?.dimension ?? dimensionOf(verdictClass, facts, { headers, readings, code }, rules);
  const neverPasses =
    (own ?? code)?.neverPasses ?? (verdictClass === "quota" && canNeverFit(facts.prose));
  const retryable = isRetryableClass(verdictClass) && !isToldNotToRetry(headers) && !neverPasses;
  if (!retryable) return { class: verdictClass, dimension, retryable, retryAfterMs: null };
  const bound = verdictClass === "quota" ? readings : [];
  const waitMs = statedWait(carrier, facts, own, bound, dimension);
  const retryAfterMs = waitMs === null ? null : wholeWaitMs(waitMs);
  return { class: verdictClass, dimension, retryable, retryAfterMs };
}

function isToldNotToRetry(headers: HeaderView): boolean {
  return SHOULD_RETRY.some((name) => headerOf(headers, name) === "false");
}

/** The first that is told: headers, machine fields, prose, and last the reset of what is spent. */
function statedWait(
  { headers, receivedAtMs }: Carrier,
  facts: ErrorFacts,
  own: OwnReading | null,
  readings: readonly LimitReading[],
  dimension: LimitedDimension | null,
): number | null {
  const inHeaders =
    retryAfterMs(headers, receivedAtMs) ?? readings.find(isOnlyReset)?.resetMs ?? null;
  if (inHeaders !== null || own?.waitMs === null) return inHeaders;
  return (
    own?.waitMs ??
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
  return (
    match(STREAM_RULES, facts.identifiers, status) ?? rules.unknownInSuccess ?? UNKNOWN_IN_SUCCESS
  );
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

interface Signs {
  readonly headers: HeaderView;
  readonly readings: readonly LimitReading[];
  readonly code: CodeMeaning | null;
}

function dimensionOf(
  verdictClass: VerdictClass,
  facts: ErrorFacts,
  { headers, readings, code }: Signs,
  rules: VerdictRules,
): LimitedDimension | null {
  if (verdictClass === "billing") return "spend";
  if (verdictClass === "transient") return namesLock(facts) ? "concurrency" : null;
  if (verdictClass !== "quota") return null;
  const named = dimensionByRule(facts, rules) ?? dimensionInText(facts.identifiers, facts.prose);
  const told = named ?? code?.dimension ?? null;
  if (told !== null) return told;
  const bound = exhausted(readings) ?? readings.find(isOnlyReset);
  if (bound !== undefined) return dimensionOfReading(bound);
  return dimensionInText(namedBy(headers, rules), "") ?? rules.quotaDimension ?? null;
}

function dimensionByRule(
  { identifiers, prose }: ErrorFacts,
  { dimensions = [] }: VerdictRules,
): LimitedDimension | null {
  const texts = [...identifiers, prose];
  const rule = dimensions.find(({ pattern }) => texts.some((text) => pattern.test(text)));
  return rule?.dimension ?? null;
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
