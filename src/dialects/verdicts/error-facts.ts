/** Gathers what an error body says: identifiers, prose and waits, from any nesting of JSON, from HTML and plain text. */
import type { HeaderView } from "../../core/dialect.ts";
import { isObject, parseJson } from "../body/json-fields.ts";
import { parseDuration } from "../hints/durations.ts";

export interface ErrorFacts {
  /** Codes, types and reasons as lower-case words: `rateLimitExceeded` and `rate_limit_exceeded` are the same. */
  readonly identifiers: readonly string[];
  /** Messages in lower case, without URLs, at most 4 Ki characters. */
  readonly prose: string;
  /** The same without what is quoted: names that the request chose must not decide the class. */
  readonly ownWords: string;
  /** A wait in a machine field (RetryInfo.retryDelay, retryAfter, estimated_time), in milliseconds. */
  readonly waitMs: number | null;
  /** An HTTP status that the body itself tells (`"code": 429`). */
  readonly status: number | null;
  /** The body calls itself an error, whatever the HTTP status. */
  readonly isError: boolean;
  /** The body's JSON; undefined if it is none. */
  readonly value: unknown;
  /** Rate headers that a gateway put into the body (`error.metadata.headers`). */
  readonly headers: HeaderView;
}

const NO_FACTS: ErrorFacts = {
  identifiers: [],
  prose: "",
  ownWords: "",
  waitMs: null,
  status: null,
  isError: false,
  value: undefined,
  headers: {},
};

/** Bounds on the walk: errors are small, and an error that echoes the request must not cost time. */
const MOST_NODES = 200;
const DEEPEST = 8;
const LONGEST_PROSE = 4_096;
const LONGEST_IDENTIFIER = 200;

const IDENTIFIERS = new Set(
  "type code status status_code statuscode reason error error_type errortype error_code errorcode category policyname quotaid quotametric quotaerror ratename limit_source violated-policies".split(
    " ",
  ),
);
const PROSE = new Set(
  "message msg error detail details title description error_description errormessage error_message status_msg reason raw uimessage".split(
    " ",
  ),
);
/** Where errors nest. Only these are entered, so that an echoed request or an earlier error is not read. */
const CONTAINERS = new Set(
  "error errors detail details innererror inner_error metadata extensions response base_resp violations cause fault errorcode quotaerrordetails violated-policies".split(
    " ",
  ),
);
/** Fields with a wait, and the milliseconds of their unit when they hold a bare number. */
const WAITS: ReadonlyMap<string, number> = new Map([
  ["retrydelay", 1_000],
  ["retry_delay", 1_000],
  ["retryafter", 1_000],
  ["retry_after", 1_000],
  ["retryafterseconds", 1_000],
  ["retry_after_seconds", 1_000],
  ["estimated_time", 1_000],
  ["retryafterms", 1],
  ["retry_after_ms", 1],
]);

/** The facts of a response body. `isOk`: with a success status only a body that calls itself an error counts. */
export function readErrorFacts(body: string, isOk: boolean): ErrorFacts {
  const start = body.trimStart();
  const first = start[0];
  if (first === undefined) return NO_FACTS;
  const isJson = first === "{" || first === "[" || first === '"';
  if (isOk && !(isJson && mentionsError(start))) return NO_FACTS;
  const value = isJson ? parseJson(start) : undefined;
  if (value !== undefined) return factsOf(value);
  return { ...NO_FACTS, ...proseOf(first === "<" ? textOfHtml(start) : start) };
}

/** The facts of a parsed error: an object, an array of them, or a string. */
export function factsOf(value: unknown): ErrorFacts {
  const walk = new Walk();
  walk.visit(value, "", 0);
  return {
    identifiers: walk.identifiers,
    ...proseOf(walk.prose.join(" \n ")),
    waitMs: walk.waitMs,
    status: walk.status,
    isError: claimsError(value),
    value,
    headers: walk.headers,
  };
}

/** `rateLimitExceeded`, `RATE_LIMIT-EXCEEDED` -> `rate limit exceeded`. */
export function wordsOf(identifier: string): string {
  return identifier
    .slice(0, LONGEST_IDENTIFIER)
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll(/[_\-./:#\s]+/g, " ")
    .trim()
    .toLowerCase();
}

/** Cheap test before a large answer is parsed a second time; `"error": null` is how a success says it has none. */
function mentionsError(json: string): boolean {
  return /"(?:errors?|base_resp)"\s{0,9}:\s{0,9}[{["]|"type"\s{0,9}:\s{0,9}"error"/.test(json);
}

/** Null and empty errors are how a success says that there was none. A retrieved resource may have failed: not our call. */
function claimsError(value: unknown): boolean {
  if (Array.isArray(value)) return claimsError(value[0]);
  if (!isObject(value)) return false;
  if (value["object"] === "response") {
    return value["status"] === "failed" && value["background"] !== true;
  }
  const kind = value["object"];
  if (typeof kind === "string" && !/^error$|completion/.test(kind)) return false;
  const error = value["error"];
  if (isObject(error) || (typeof error === "string" && error !== "")) return true;
  if (Array.isArray(value["errors"]) && value["errors"].length > 0) return true;
  const base = value["base_resp"];
  return value["type"] === "error" || (isObject(base) && base["status_code"] !== 0);
}

class Walk {
  readonly identifiers: string[] = [];
  readonly prose: string[] = [];
  waitMs: number | null = null;
  status: number | null = null;
  headers: HeaderView = {};
  private nodes = 0;

  visit(value: unknown, key: string, depth: number): void {
    if (depth > DEEPEST || ++this.nodes > MOST_NODES) return;
    if (typeof value === "string") this.text(value, key, depth);
    else if (typeof value === "number") this.number(value, key);
    else if (Array.isArray(value)) {
      for (const one of value.slice(0, MOST_NODES)) this.visit(one, key, depth + 1);
    } else if (isObject(value)) this.object(value, depth);
  }

  private object(value: Readonly<Record<string, unknown>>, depth: number): void {
    for (const [name, field] of Object.entries(value).slice(0, MOST_NODES)) {
      const key = name.trim().toLowerCase();
      if (key === "headers" && isObject(field)) this.headers = lowerCased(field);
      else if (typeof field !== "object" || CONTAINERS.has(key)) this.visit(field, key, depth + 1);
    }
  }

  private text(value: string, key: string, depth: number): void {
    if (WAITS.has(key)) this.wait(parseDuration(value) ?? Number(value || NaN) * WAITS.get(key)!);
    const start = value.trimStart();
    const inner = start[0] === "{" || start[0] === "[" ? parseJson(start) : undefined;
    // Gateways and SDKs put the provider's JSON once more inside a message.
    if (inner !== undefined) this.visit(inner, key, depth + 1);
    else this.words(value, key);
  }

  private words(value: string, key: string): void {
    if (IDENTIFIERS.has(key) && value !== "") this.identifiers.push(wordsOf(value));
    if (PROSE.has(key) || key === "") this.prose.push(value.slice(0, LONGEST_PROSE));
    const isStatus = (key === "code" || key === "status") && /^[45]\d\d$/.test(value);
    if (isStatus) this.status ??= Number(value);
  }

  private number(value: number, key: string): void {
    if (WAITS.has(key)) this.wait(value * WAITS.get(key)!);
    if (!IDENTIFIERS.has(key)) return;
    if (value >= 400 && value < 600) this.status ??= value;
    else this.identifiers.push(`${key} ${value}`);
  }

  private wait(ms: number): void {
    if (Number.isFinite(ms) && ms >= 0) this.waitMs ??= ms;
  }
}

function lowerCased(headers: Readonly<Record<string, unknown>>): HeaderView {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    String(value),
  ]);
  return Object.fromEntries(entries);
}

/** An apostrophe inside a word quotes nothing. */
const QUOTED = /`[^`]{0,80}`|"[^"]{0,80}"|(?<![a-z])'[^']{0,80}'(?![a-z])/g;

function proseOf(text: string): Pick<ErrorFacts, "prose" | "ownWords"> {
  const lower = text
    .slice(0, LONGEST_PROSE)
    .replaceAll(/https?:\/\/\S+/g, " ")
    .toLowerCase();
  return { prose: plain(lower), ownWords: plain(lower.replaceAll(QUOTED, " ")) };
}

function plain(text: string): string {
  return text.replaceAll(/[`'"*]/g, "").replaceAll(/[\s_]+/g, " ");
}

/** A proxy's page says in its title what happened; its styles and scripts say nothing. */
function textOfHtml(html: string): string {
  const head = html.slice(0, LONGEST_PROSE);
  return /<title>([^<]{1,300})/i.exec(head)?.[1] ?? head.replaceAll(/<[^<>]*>/g, " ");
}
