/** Trimming: drops the oldest of a history until it fits; what was dropped is told. Opt-in, because it changes what is asked. */
import { SluiceError } from "../../core/errors.ts";
import { countMessage } from "./count-messages.ts";
import { type CountTokens, estimateTokens } from "./count-tokens.ts";
import type { ChatMessage } from "./message.ts";
import { type Step, turnsOf } from "./turns.ts";

export interface TrimOptions<M extends ChatMessage> {
  /** Bound of all messages and `fixedTokens` together, in tokens. */
  readonly maxTokens: number;
  /** What goes with every request beside the messages; see `countFixed`. @default 0 */
  readonly fixedTokens?: number;
  /** Messages that must stay; a call stays with its results, and with the question it belongs to. @default none */
  readonly isPinned?: (message: M, index: number) => boolean;
  /** Tokens of one text. @default an estimate */
  readonly count?: CountTokens;
}

export type Trimmed<M> =
  | {
      readonly kind: "trimmed";
      /** In their order. */
      readonly messages: readonly M[];
      /** With `fixedTokens`; never above `maxTokens`. */
      readonly tokens: number;
      /** Oldest first; empty: all fitted. */
      readonly dropped: readonly DroppedMessage[];
    }
  /** What must stay is too much by itself. */
  | { readonly kind: "cannot-fit"; readonly tokens: number };

export interface DroppedMessage {
  /** Place in the messages that were given. */
  readonly index: number;
  readonly role: string;
  readonly tokens: number;
}

/**
 * Keeps instructions, what is pinned, and the newest: whole turns go first, oldest first; then the oldest steps of the
 * last turn, but not its question and not its last step. Works on messages of OpenAI's chat and of Anthropic.
 *
 * @throws SluiceError `invalid_request` when a bound is no number of at least 0.
 * @example trimMessages(messages, { maxTokens: 8_000 })
 */
export function trimMessages<M extends ChatMessage>(
  messages: readonly M[],
  options: TrimOptions<M>,
): Trimmed<M> {
  const { maxTokens, fixedTokens = 0, isPinned = () => false, count = estimateTokens } = options;
  checkAmount("maxTokens", maxTokens);
  checkAmount("fixedTokens", fixedTokens);
  const costs = messages.map((message) => countMessage(message, count));
  let tokens = costs.reduce((sum, cost) => sum + cost, fixedTokens);
  const dropped = new Set<number>();
  for (const steps of droppable(messages, isPinned)) {
    if (tokens <= maxTokens) break;
    for (const index of steps.flat()) {
      dropped.add(index);
      tokens -= costs[index];
    }
  }
  if (tokens > maxTokens) return { kind: "cannot-fit", tokens };
  return {
    kind: "trimmed",
    messages: messages.filter((_, index) => !dropped.has(index)),
    tokens,
    dropped: [...dropped]
      .sort((a, b) => a - b)
      .map((index) => ({ index, role: messages[index].role, tokens: costs[index] })),
  };
}

function checkAmount(field: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new SluiceError("invalid_request", `${field} must be a number of at least 0, got ${value}`);
}

/** What goes together, in the order in which it goes. */
function droppable<M extends ChatMessage>(
  messages: readonly M[],
  isPinned: (message: M, index: number) => boolean,
): Step[][] {
  const turns = turnsOf(messages);
  const isFree = (step: Step) => !step.some((index) => isPinned(messages[index], index));
  const last = turns.at(-1);
  const older = turns.slice(0, -1).map(({ opening, steps }) => {
    const free = steps.filter(isFree);
    // What is pinned in a turn keeps the question that it answers.
    const isWhole = free.length === steps.length && opening !== null && isFree(opening);
    return isWhole ? [opening, ...free] : free;
  });
  const newest = (last?.steps ?? []).slice(0, -1).filter(isFree);
  return [...older, ...newest.map((step) => [step])];
}
