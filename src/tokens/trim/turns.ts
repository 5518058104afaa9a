/** Turns: a history cut where it may be cut, so that calls keep their results and every turn its question. */
import { type ChatMessage, callsTool, holdsResult, isInstruction, opensTurn } from "./message.ts";

/** Messages that only make sense together, by their places: one, or calls with their results. Never instructions. */
export type Step = readonly number[];

/** What a user says, and all that follows until a user speaks again. */
export interface Turn {
  /** Null: the history began in the midst of a turn. */
  readonly opening: Step | null;
  readonly steps: readonly Step[];
}

/** A call whose results are still to come is a step by itself. */
export function stepsOf(messages: readonly ChatMessage[]): Step[] {
  const steps: number[][] = [];
  for (const [index, message] of messages.entries()) {
    if (isInstruction(message)) continue;
    const before = steps.at(-1)?.at(-1);
    const follows = before !== undefined && isCallOrResult(messages[before]);
    if (holdsResult(message) && follows) steps.at(-1)?.push(index);
    else steps.push([index]);
  }
  return steps;
}

export function turnsOf(messages: readonly ChatMessage[]): Turn[] {
  const turns: { opening: Step | null; steps: Step[] }[] = [];
  for (const step of stepsOf(messages)) {
    const isOpening = opensTurn(messages[step[0]]);
    const opening = isOpening ? step : null;
    if (isOpening || turns.length === 0) turns.push({ opening, steps: [] });
    if (!isOpening) turns.at(-1)?.steps.push(step);
  }
  return turns;
}

function isCallOrResult(message: ChatMessage): boolean {
  return callsTool(message) || holdsResult(message);
}
