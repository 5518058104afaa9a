/** The grammar by which identifiers and prose tell a verdict's class, whoever wrote them. */
import type { VerdictClass } from "../../core/verdict/verdict.ts";

/** One rule: what the text must match, and under which HTTP statuses it is believed. */
export interface ClassRule {
  readonly class: VerdictClass;
  readonly pattern: RegExp;
  readonly believedAt?: (status: number) => boolean;
}

const notAuth = (status: number) => status !== 401 && status !== 404;
/** Statuses under which a body can still say that the request itself was at fault. */
const faultOfRequest = (status: number) =>
  status < 400 ||
  (status < 500 && status !== 401 && status !== 404 && status !== 429) ||
  status === 500;
const refused = (status: number) => status < 404 || status === 412 || status === 422;

/** Tried in order on each code, type and reason, written as words. Money and throttles before their look-alikes. */
export const IDENTIFIER_RULES: readonly ClassRule[] = [
  { class: "quota", pattern: /throttl/, believedAt: notAuth },
  {
    class: "billing",
    pattern:
      /insufficient (?:user )?(?:quota|balance|credits?|funds?)|billing(?! ?cycle)|payment required|arrearage|out of credits|credits? (?:balance )?(?:exhausted|depleted|insufficient)|spend(?:ing)? (?:limit|cap)|past due|exceeded current quota/,
  },
  {
    class: "content_filter",
    pattern:
      /content (?:filter|policy|management)|responsible ai|moderation|invalid prompt|sensitive/,
    believedAt: faultOfRequest,
  },
  {
    class: "context_length",
    pattern: /context (?:length|window|size)|max context|(?:prompt|input) too long/,
    believedAt: faultOfRequest,
  },
  { class: "transient", pattern: /lock timeout|row lock|lock conflict|unable to lock/ },
  {
    class: "overload",
    pattern:
      /overload|capacity (?:exhausted|exceeded|limit)|server busy|service unavailable|reduced capacity|queue exceeded/,
    believedAt: notAuth,
  },
  {
    class: "quota",
    pattern:
      /rate ?limit|request limit|too many requests|quota (?:exceeded|exhausted|limit)|usage limit|limit reached|resource exhausted/,
    believedAt: notAuth,
  },
  {
    class: "timeout",
    pattern: /time ?d? ?out|deadline exceeded/,
    believedAt: (status) => status < 400 || status >= 500,
  },
  {
    class: "auth",
    pattern:
      /authenticat|unauthori[sz]ed|permission|(?<!extra )forbidden|api key|access (?:denied|terminated)|unsupported country|deactivated|invalid (?:auth|session|token)/,
    believedAt: refused,
  },
  {
    class: "not_found",
    pattern: /not found|no such|unknown model|does not exist/,
    believedAt: (status) => status < 404,
  },
];

/** Said of a request in a stream, where the HTTP status tells nothing. */
export const STREAM_RULES: readonly ClassRule[] = [
  { class: "invalid_request", pattern: /invalid|too large|bad request|unsupported|unprocessable/ },
];

/** Money: what is short, in either order with how it is short. */
const BALANCE = "(?:credits?|credit balance|balance|funds|prepa(?:id|yment) credits)";
const BILLING_PROSE = new RegExp(
  [
    `(?:insufficient|not enough|no (?:more|remaining)|out of|purchase (?:more )?|buy (?:more )?|requires? (?:more|additional)|used all (?:the |your |of your )?(?:available )?) ?${BALANCE}`,
    `${BALANCE} (?:is|are|has been|have been|was) (?:too low|insufficient|exhausted|depleted|negative|empty|used up|zero)`,
    "(?:monthly|account|organi[sz]ation|project|usage|billing)? ?spend(?:ing)? (?:limit|cap)",
    "billing (?:hard )?limit|usage limits?[^.]{0,20}\\. you will regain access|regain access on",
    "not active, please check your billing|billing (?:is )?(?:not|in)-?active|unpaid invoice|past (?:due )?invoices?",
    "extra usage is required|can only afford|payment (?:is )?required|please recharge|arrearage",
  ].join("|"),
);

/** Tried in order on the message. Only what cannot be said about a caller's own limit counts as overload. */
export const PROSE_RULES: readonly ClassRule[] = [
  { class: "billing", pattern: BILLING_PROSE },
  {
    class: "context_length",
    pattern:
      /context (?:length|window|limit)|(?:prompt|input) (?:is|was) too long|maximum (?:input|prompt) (?:length|tokens)|tokens? in (?:the|your) (?:prompt|input) (?:cannot|must not|may not) exceed|tokens \+? ?must be <=|must have less than \d{1,9} tokens|exceeded model token limit/,
    believedAt: faultOfRequest,
  },
  {
    class: "content_filter",
    pattern:
      /content (?:management|filter(?:ing)?) policy|content filter|(?:usage|content|safety) polic(?:y|ies)|flagged|safety (?:system|filter)/,
    believedAt: faultOfRequest,
  },
  {
    class: "overload",
    pattern:
      /overloaded|at capacity|(?:no|insufficient|out of|limited) (?:available )?capacity|capacity (?:is )?(?:exceeded|exhausted|unavailable|available)|high (?:demand|load|traffic)|heavy (?:load|traffic)|peak load|(?:server|service|system|model|engine) is (?:too )?busy|(?:currently|still) loading|first token before|unable to process your request$|no (?:healthy|available) (?:workers?|replicas?|instances?)/,
    believedAt: notAuth,
  },
  {
    class: "quota",
    pattern:
      /rate[- ]?limit|too many (?:requests|tokens|concurrent)|throttl|request limit reached|quota (?:was |has been )?(?:exceeded|exhausted|reached)|exceeded (?:your|the) (?:[a-z]+ ){0,3}quota|rate exceeded/,
    believedAt: notAuth,
  },
  { class: "transient", pattern: /lock (?:timeout|conflict)|exclusive access to this record/ },
  {
    class: "transient",
    pattern:
      /connect(?:ion)? (?:error|refused|reset|failure|failed|closed)|disconnect|before headers|no healthy upstream|bad gateway/,
    believedAt: (status) => status >= 500 && status !== 504,
  },
  {
    class: "timeout",
    pattern: /timed out|time-?out occurred|gateway time-?out/,
    believedAt: (status) => status < 400 || status >= 500,
  },
  {
    class: "auth",
    pattern:
      /(?:location|country|region|territory) (?:is )?not supported|(?:api|access) key (?:is )?(?:not valid|invalid|missing|expired)|invalid (?:api|access) key|(?:account|organi[sz]ation|workspace|project) (?:has been |is )(?:disabled|deactivated|suspended|terminated|banned|archived)/,
    believedAt: refused,
  },
  {
    class: "not_found",
    pattern: /model [^ ]{1,100} (?:does not exist|not found|is not found)|no such model/,
    believedAt: (status) => status < 404,
  },
];
