/** Anthropic's rate-limit headers. */
import type { Headers } from "../../dialect.ts";
import { leastLeft, type Meter } from "../../limits/meter.ts";

interface Reading {
  readonly limit: number;
  readonly level: number;
  readonly fullInMs: number;
}

/** Anthropic shows what is left of tokens in steps of a thousand; a smaller limit would show as nothing. */
const TOKEN_STEP = 1_000;

/** `wallNow` is milliseconds since the epoch: resets are points in time. */
export function anthropicRateHeaders(meters: readonly Meter[], wallNow: number): Headers {
  const headers: Record<string, string> = {};
  const add = (name: string, reading: Reading | null, step: number) => {
    if (!reading) return;
    const { limit, level, fullInMs } = reading;
    headers[`anthropic-ratelimit-${name}-limit`] = String(limit);
    headers[`anthropic-ratelimit-${name}-remaining`] = String(remaining(limit, level, step));
    headers[`anthropic-ratelimit-${name}-reset`] = rfc3339(wallNow + fullInMs);
  };
  const input = readingOf(leastLeft(meters, ["itpm"]));
  const output = readingOf(leastLeft(meters, ["otpm"]));
  const both = readingOf(leastLeft(meters, ["tpm", "tpd"]));
  add("requests", readingOf(leastLeft(meters, ["rpm", "rpd"])), 1);
  add("input-tokens", input, TOKEN_STEP);
  add("output-tokens", output, TOKEN_STEP);
  add("tokens", both ?? sumOf(input, output), TOKEN_STEP);
  return headers;
}

/** `2026-01-01T00:00:00Z`, rounded up to a second, so never too early. */
export function rfc3339(wallMs: number): string {
  return `${new Date(Math.ceil(wallMs / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

function readingOf(meter: Meter | null): Reading | null {
  return meter && { limit: meter.capacity, level: meter.level, fullInMs: meter.fullInMs };
}

/** Without a limit on all tokens together, Anthropic shows the sum of input and output. */
function sumOf(input: Reading | null, output: Reading | null): Reading | null {
  if (!input || !output) return null;
  return {
    limit: input.limit + output.limit,
    level: Math.max(0, input.level) + Math.max(0, output.level),
    fullInMs: Math.max(input.fullInMs, output.fullInMs),
  };
}

function remaining(limit: number, level: number, step: number): number {
  const whole = Math.max(0, Math.floor(level + 1e-6));
  if (limit < step) return whole;
  return Math.min(limit, Math.round(whole / step) * step);
}
