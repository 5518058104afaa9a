/** Header families: limits whose headers a provider writes under names of its own, as a table. */
import type { HeaderView, LimitReading } from "../../core/dialect.ts";
import { wholeWaitMs } from "./durations.ts";
import { headerOf } from "./headers.ts";
import { amountText } from "./rate-reading.ts";
import { parseWaitMs, referenceMs } from "./timestamps.ts";

/** One limit: the names of its headers, and what they mean at this provider. */
export interface HeaderFamily {
  readonly dimension: LimitReading["dimension"];
  /** Length of the window; null: not fixed. */
  readonly perMs: number | null;
  readonly limit?: string;
  readonly remaining?: string;
  /** Seconds, a duration with units, a moment, or an epoch in seconds or milliseconds. */
  readonly reset?: string;
  readonly resetMeaning: LimitReading["resetMeaning"];
}

/** `x-ratelimit-limit-requests` and the like. */
export function xRateLimit(
  suffix: string,
  parts: Pick<HeaderFamily, "dimension" | "perMs" | "resetMeaning">,
): HeaderFamily {
  const nameOf = (kind: string) => `x-ratelimit-${kind}${suffix === "" ? "" : `-${suffix}`}`;
  return {
    ...parts,
    limit: nameOf("limit"),
    remaining: nameOf("remaining"),
    reset: nameOf("reset"),
  };
}

/** Reads the limits of a table; what a response does not tell is none of its readings. */
export function familyReadings(
  families: readonly HeaderFamily[],
): (headers: HeaderView, receivedAtMs: number) => readonly LimitReading[] {
  return (headers, receivedAtMs) =>
    families.flatMap((family) => readingOf(family, headers, receivedAtMs) ?? []);
}

function readingOf(
  { dimension, perMs, resetMeaning, ...names }: HeaderFamily,
  headers: HeaderView,
  receivedAtMs: number,
): LimitReading | null {
  const limit = amountText(textOf(headers, names.limit));
  const remaining = amountText(textOf(headers, names.remaining));
  const reset = textOf(headers, names.reset);
  const waitMs = reset === null ? null : parseWaitMs(reset, referenceMs(headers, receivedAtMs));
  const resetMs = waitMs === null ? null : wholeWaitMs(waitMs);
  if (limit === null && remaining === null && resetMs === null) return null;
  return { dimension, perMs, limit, remaining, resetMs, resetMeaning, quantum: 1 };
}

function textOf(headers: HeaderView, name: string | undefined): string | null {
  return name === undefined ? null : headerOf(headers, name);
}
