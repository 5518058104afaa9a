/** Verdict rules: what a dialect adds to the common grammar of errors, most of it as tables. */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import type { LimitedDimension, VerdictClass } from "../../core/verdict/verdict.ts";
import type { ClassRule } from "./class-grammar.ts";
import { type ErrorFacts, wordsOf } from "./error-facts.ts";

export interface VerdictRules {
  /** All limits in the headers, also those of which only the reset is told. */
  readonly readings: (headers: HeaderView, receivedAtMs: number) => readonly LimitReading[];
  /** The provider's own codes, from {@link codeTable}; they decide before anything else. */
  readonly codes?: ReadonlyMap<string, CodeMeaning>;
  /** Tried before the common rules. */
  readonly identifiers?: readonly ClassRule[];
  readonly prose?: readonly ClassRule[];
  /** Statuses that mean something else here than in general. */
  readonly statuses?: ReadonlyMap<number, VerdictClass>;
  /** Codes or words that name a limit in the provider's own way; tried before the common grammar. */
  readonly dimensions?: readonly DimensionRule[];
  /** What a refusal that names no limit is about. */
  readonly quotaDimension?: LimitedDimension;
  /** What is read from structure rather than from words. */
  readonly own?: (answer: OwnQuestion) => OwnReading | null;
  /** An error under a success status is the API's own business unless it is one of these; absent: all are errors. */
  readonly errorsInSuccess?: ReadonlySet<VerdictClass>;
  /** An error that no rule knows, after the HTTP status has promised success; absent: transient. */
  readonly unknownInSuccess?: VerdictClass;
  /** Headers that name the limit in words. */
  readonly namingHeaders?: readonly string[];
  /** Headers that only errors have; their value is a code (up to a colon). */
  readonly errorHeaders?: readonly string[];
}

/** What a dialect knows of itself without the common parts. */
export type OwnRules = Omit<VerdictRules, "readings">;

export interface DimensionRule {
  /** Met by a code, written as words, or by the message in lower case. */
  readonly pattern: RegExp;
  readonly dimension: LimitedDimension;
}

export interface CodeMeaning {
  readonly class: VerdictClass;
  /** Where the message does not name the limit by itself. */
  readonly dimension?: LimitedDimension;
  /** Waiting alone never helps, although the class would say so. */
  readonly neverPasses?: true;
}

export interface OwnQuestion {
  readonly status: number;
  readonly headers: HeaderView;
  readonly receivedAtMs: number;
  readonly facts: ErrorFacts;
}

/** What is absent is left to the common grammar. */
export interface OwnReading {
  readonly class?: VerdictClass;
  readonly dimension?: LimitedDimension;
  /** A wait that a structure tells; null: what the body states is not to be believed. */
  readonly waitMs?: number | null;
  readonly neverPasses?: true;
}

/** Codes as the provider writes them, with what they mean. */
export function codeTable(
  codes: Readonly<Record<string, CodeMeaning | VerdictClass>>,
): ReadonlyMap<string, CodeMeaning> {
  const entries = Object.entries(codes).map(
    ([code, meaning]) =>
      [wordsOf(code), typeof meaning === "string" ? { class: meaning } : meaning] as const,
  );
  return new Map(entries);
}

/** A number stands behind its field's name among the identifiers: `status_code 1008`. */
export function meaningIn(
  codes: ReadonlyMap<string, CodeMeaning> | undefined,
  identifiers: readonly string[],
): CodeMeaning | null {
  if (codes === undefined) return null;
  for (const identifier of identifiers) {
    const meaning = codes.get(identifier.replace(/^[a-z_]+ (?=\d+$)/, ""));
    if (meaning !== undefined) return meaning;
  }
  return null;
}
