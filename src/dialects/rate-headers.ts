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

interface HeaderNames {
  readonly state: keyof RateStates;
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
}

const OPENAI_NAMES = [openAiNames("requests"), openAiNames("tokens")];
const ANTHROPIC_NAMES = [
  anthropicNames("requests", "requests"),
  anthropicNames("tokens", "tokens"),
  anthropicNames("inputTokens", "input-tokens"),
  anthropicNames("outputTokens", "output-tokens"),
];

function openAiNames(state: "requests" | "tokens"): HeaderNames {
  const nameOf = (kind: string) => `x-ratelimit-${kind}-${state}`;
  return { state, limit: nameOf("limit"), remaining: nameOf("remaining"), reset: nameOf("reset") };
}

function anthropicNames(state: keyof RateStates, name: string): HeaderNames {
  const nameOf = (kind: string) => `anthropic-ratelimit-${name}-${kind}`;
  return { state, limit: nameOf("limit"), remaining: nameOf("remaining"), reset: nameOf("reset") };
}

/** OpenAI: `x-ratelimit-*` with Go durations. Anthropic: `anthropic-ratelimit-*` with RFC 3339 moments. */
export function rateHeaders(
  client: ClientDialect,
  states: RateStates,
  nowMs: number,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const names = client === "anthropic" ? ANTHROPIC_NAMES : OPENAI_NAMES;
  for (const name of names) {
    const state = states[name.state];
    if (state !== undefined) tell(headers, client, name, state, nowMs);
  }
  return headers;
}

function tell(
  headers: Record<string, string>,
  client: ClientDialect,
  names: HeaderNames,
  state: RateState,
  nowMs: number,
): void {
  const resetMs = Math.max(0, Math.ceil(state.resetMs));
  headers[names.limit] = String(Math.floor(state.limit));
  headers[names.remaining] = String(Math.max(0, Math.floor(state.remaining)));
  headers[names.reset] =
    client === "anthropic" ? moment(nowMs + resetMs) : formatGoDuration(resetMs);
}

/** Whole seconds, rounded up, as Anthropic sends them; beyond what a date can hold, the last one it can. */
function moment(ms: number): string {
  const seconds = Math.min(Math.ceil(ms / 1_000), 253_402_300_799);
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
