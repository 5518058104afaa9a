/** Trimmed: plans a chat whose history is too long for a candidate without its oldest turns, where its task allows that. */
import type { Config } from "../../config/config.ts";
import { amountOf } from "../../core/demand.ts";
import type { JsonObject } from "../../core/dialect.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import type { Task } from "../../core/task.ts";
import { countIn } from "../../dialects/body/json-fields.ts";
import { type CountTokens, estimateTokens } from "../../tokens/trim/count-tokens.ts";
import { type TrimmedRequest, trimRequest } from "../../tokens/trim/trim-request.ts";
import { chatFormatOf } from "../../translate/translators.ts";
import type { LeftOut } from "../call/answer.ts";
import type { PlannedCandidate } from "./candidate-planner.ts";
import type { RuntimeRequest } from "./runtime-request.ts";

/** What is counted here and what the provider will count differ: what is left is planned and looked at again. */
const MOST_TRIES = 6;

export interface TrimQuestion {
  readonly request: RuntimeRequest;
  readonly task: Task;
  readonly models: Config["models"];
  /** Plans the request as it is given. */
  readonly plan: (request: RuntimeRequest) => PlannedCandidate;
}

/**
 * Instructions, tools, what is pinned and the newest stay, a call with its results. What cannot be
 * made to fit goes as it came, to be refused with the limit that it exceeds.
 */
export function planTrimmed({ request, task, models, plan }: TrimQuestion): PlannedCandidate {
  const whole = plan(request);
  const { body, path } = request;
  if (body === null || chatFormatOf(path.split("?")[0]) === null) return whole;
  if (shareThatFits(whole, task, models, body) >= 1) return whole;
  const isPinned = pinnedIn(body, task.pins);
  const count = remembering(estimateTokens);
  const trimTo = (maxTokens: number) => trimRequest(body, { maxTokens, isPinned, count });
  let current = whole;
  let left = trimTo(Number.MAX_SAFE_INTEGER);
  for (let tries = 0; tries < MOST_TRIES && left.kind === "trimmed"; tries++) {
    const share = shareThatFits(current, task, models, body);
    if (share >= 1) return { ...current, trimmed: leftOut(left, whole, current) };
    left = trimTo(Math.floor(left.tokens * Math.max(0, share)));
    if (left.kind === "trimmed") current = plan(withBody(request, left.body));
  }
  return whole;
}

/** The share of its input that it may have, by what each bound counts; 1 or more: it fits. */
function shareThatFits(
  { forecast, account, target, upstream }: PlannedCandidate,
  { trim }: Task,
  models: Config["models"],
  body: JsonObject,
): number {
  const { charged, expected } = forecast;
  if (typeof trim === "number") return trim / expected.inputTokens;
  const room = contextOf(upstream, target.model, models) - mostOutput(body);
  let share = room / expected.inputTokens;
  for (const { label, capacity } of account.pathFor(target).meters) {
    if (label.dimension !== "tokens" && label.dimension !== "input_tokens") continue;
    const asked = amountOf(charged, label.dimension);
    const excess = asked - capacity / MICRO_UNITS;
    const input = Math.max(charged.inputTokens, asked - charged.outputTokens);
    share = Math.min(share, 1 - excess / input);
  }
  return share;
}

/** Wherever an alias tells it of this model. Infinity: unknown. */
function contextOf(upstream: string, model: string | null, models: Config["models"]): number {
  for (const candidates of models.values()) {
    for (const one of candidates) {
      if (one.context === null || one.upstream !== upstream || one.model !== model) continue;
      return one.context;
    }
  }
  return Number.POSITIVE_INFINITY;
}

function mostOutput({ max_completion_tokens, max_tokens }: JsonObject): number {
  return countIn(max_completion_tokens) ?? countIn(max_tokens) ?? 0;
}

function pinnedIn({ messages }: JsonObject, pins: readonly number[]) {
  const count = Array.isArray(messages) ? messages.length : 0;
  const places = new Set(pins.map((place) => (place < 0 ? count + place : place)));
  return (_: unknown, index: number) => places.has(index);
}

/** Of one request, whose texts are counted once however often it is trimmed. */
function remembering(count: CountTokens): CountTokens {
  const known = new Map<string, number>();
  return (text) => {
    const tokens = known.get(text) ?? count(text);
    known.set(text, tokens);
    return tokens;
  };
}

function withBody(request: RuntimeRequest, body: JsonObject): RuntimeRequest {
  return { ...request, body, bytes: JSON.stringify(body) };
}

function leftOut(
  { dropped }: Extract<TrimmedRequest, { kind: "trimmed" }>,
  whole: PlannedCandidate,
  kept: PlannedCandidate,
): LeftOut {
  const tokens = whole.forecast.expected.inputTokens - kept.forecast.expected.inputTokens;
  return { messages: dropped.length, tokens: Math.max(0, Math.round(tokens)) };
}
