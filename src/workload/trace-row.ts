/** Trace row: one request of a recorded (or drawn) load; no text, only when and how long. */

export interface TraceRow {
  /** Seconds since the first row. */
  readonly atSeconds: number;
  /** Null: the trace names no clients. */
  readonly client: string | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * What a provider of OpenAI's kind charges when `max_tokens` is the answer's length: the larger of
 * the two, not their sum; and never nothing.
 */
export function costOf({
  inputTokens,
  outputTokens,
}: Pick<TraceRow, "inputTokens" | "outputTokens">): number {
  return Math.max(1, inputTokens, outputTokens);
}
