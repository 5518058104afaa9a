/** What binds a tenant, as rate headers of the client's own dialect. */
import type { ClientDialect } from "./client-dialect.ts";
import { formatGoDuration } from "./hints/durations.ts";

export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Until it is full again, in milliseconds. */
  readonly resetMs: number;
}

/** What is absent is not told. OpenAI's dialect has no headers for input and output apart. */
export interface RateStates {
  readonly requests?: RateState;
  readonly tokens?: RateState;
  readonly inputTokens?: RateState;
  readonly outputTokens?: RateState;
}

const OPENAI_NAMES = { requests: "requests", tokens: "tokens" } as const;
const ANTHROPIC_NAMES = {
  requests: "requests",
  tokens: "tokens",
  inputTokens: "input-tokens",
  outputTokens: "output-tokens",
} as const;

/** OpenAI: `x-ratelimit-*` with Go durations. Anthropic: `anthropic-ratelimit-*` with RFC 3339 moments. */
export function rateHeaders(
  client: ClientDialect,
  states: RateStates,
  nowMs: number,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const names = client === "anthropic" ? ANTHROPIC_NAMES : OPENAI_NAMES;
  for (const [key, name] of Object.entries(names)) {
    const state = states[key as keyof RateStates];
    if (state !== undefined) tell(headers, client, name, state, nowMs);
  }
  return headers;
}

function tell(
  headers: Record<string, string>,
  client: ClientDialect,
  name: string,
  state: RateState,
  nowMs: number,
): void {
  const resetMs = Math.max(0, Math.ceil(state.resetMs));
  const nameOf = (kind: string) =>
    client === "anthropic" ? `anthropic-ratelimit-${name}-${kind}` : `x-ratelimit-${kind}-${name}`;
  headers[nameOf("limit")] = String(Math.floor(state.limit));
  headers[nameOf("remaining")] = String(Math.max(0, Math.floor(state.remaining)));
  headers[nameOf("reset")] =
    client === "anthropic" ? moment(nowMs + resetMs) : formatGoDuration(resetMs);
}

/** Whole seconds, rounded up, as Anthropic sends them; beyond what a date can hold, the last one it can. */
function moment(ms: number): string {
  const seconds = Math.min(Math.ceil(ms / 1_000), 253_402_300_799);
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
