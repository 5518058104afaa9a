/** Call: one request to a model, read from a provider's form into what the mock needs to know. */

export interface PlannedTool {
  readonly name: string;
  /** JSON that fits the tool's schema. */
  readonly arguments: string;
}

/** What is answered; `text` holds the tool's arguments when `tool` is named. */
export interface Answer {
  /** The request's id without its `req_`; forms put their own prefix before it. */
  readonly id: string;
  readonly model: string;
  readonly createdAtSeconds: number;
  readonly inputTokens: number;
  /** Part of `inputTokens` that counts as read from the prompt cache. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly text: string;
  readonly toolName: string | null;
  /** Ended by the request's own limit of output tokens. */
  readonly isCut: boolean;
}

/** Writes an answer in one provider's form; all results are ready for the wire. */
export interface AnswerWriter {
  whole(): string;
  opening(): string;
  /** Server-sent events for tokens `from` (inclusive) to `to` (exclusive). */
  delta(from: number, to: number): string;
  closing(): string;
  /** The event that reports an error after status 200. */
  failure(): string;
}

export interface Call {
  readonly kind: "call";
  readonly model: string;
  readonly isStream: boolean;
  /** The mock's own count of the request's text. */
  readonly inputTokens: number;
  /** The request's own limit, or null. */
  readonly maxOutputTokens: number | null;
  /** False for embeddings: they have no output tokens. */
  readonly hasOutput: boolean;
  readonly tool: PlannedTool | null;
  writer(answer: Answer): AnswerWriter;
}

/** A JSON object from outside. */
export type Body = Readonly<Record<string, unknown>>;

export function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
