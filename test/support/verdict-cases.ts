/** Verdict cases: a table of responses and what a dialect must read from them. */
import { expect, test } from "vitest";
import type { Dialect } from "../../src/core/dialect.ts";
import type { LimitedDimension, Verdict, VerdictClass } from "../../src/core/verdict/verdict.ts";

export const NOW = Date.parse("2026-03-01T12:00:00Z");

export interface VerdictCase {
  readonly name: string;
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected: Verdict;
}

export function check(dialect: Dialect, cases: readonly VerdictCase[]): void {
  test.each(cases)(`${dialect.name}: $name`, ({ status, body = "", headers = {}, expected }) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    expect(dialect.verdict({ status, headers, body: text, receivedAtMs: NOW })).toEqual(expected);
  });
}

export const OK: Verdict = { class: "ok", dimension: null, retryable: false, retryAfterMs: null };
export const BILLING: Verdict = {
  class: "billing",
  dimension: "spend",
  retryable: false,
  retryAfterMs: null,
};

/** What no waiting changes. */
export function fault(verdictClass: VerdictClass): Verdict {
  return { class: verdictClass, dimension: null, retryable: false, retryAfterMs: null };
}

/** What passes by itself. */
export function passing(verdictClass: VerdictClass, retryAfterMs: number | null = null): Verdict {
  return { class: verdictClass, dimension: null, retryable: true, retryAfterMs };
}

export function quota(dimension: LimitedDimension | null, retryAfterMs: number | null = null) {
  return { class: "quota", dimension, retryable: true, retryAfterMs } as const;
}

/** A quota that the request can never fit in. */
export function never(dimension: LimitedDimension | null): Verdict {
  return { class: "quota", dimension, retryable: false, retryAfterMs: null };
}
