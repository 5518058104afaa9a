/** Call: one request, read from a provider's form into what the mock needs to know. */
import type { Reply } from "../failure.ts";
import type { Demand } from "../limits/grant.ts";
import type { Meter } from "../limits/meter.ts";

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

/** What a call has really used. */
export type Spent = Pick<Answer, "inputTokens" | "cachedTokens" | "outputTokens">;

/** A piece of a stream. */
export type Chunk = string | Uint8Array;

/** Writes an answer in one provider's form; all results are ready for the wire. */
export interface AnswerWriter {
  /** Read after the call has been settled. */
  whole(): Reply;
  /** An error after the provider has begun, without a stream; absent: status 500. */
  wholeFailure?(): Reply;
  /** The stream's content type; absent: server-sent events. */
  readonly streamType?: string;
  opening(): Chunk;
  /** Events for tokens `from` (inclusive) to `to` (exclusive). */
  delta(from: number, to: number): Chunk;
  closing(): Chunk;
  /** The event that reports an error after status 200. */
  failure(): Chunk;
}

/** An answer that has no stream. */
export function wholeOnly(whole: () => Reply): AnswerWriter {
  const nothing = () => "";
  return { whole, opening: nothing, delta: nothing, closing: nothing, failure: nothing };
}

/** What answers tell of the account: the meters that the call counts in, and slots that are free. */
export interface Books {
  readonly meters: readonly Meter[];
  /** Null where their number is not limited. */
  readonly slotsLeft: number | null;
}

/** What a call takes and gets back, where that does not follow from tokens of input and output. */
export interface Cost {
  readonly taken: Demand;
  readonly returned: Demand;
  /** Counts among the requests that may run at the same time. */
  readonly holdsSlot: boolean;
}

export interface Call {
  readonly kind: "call";
  /** Of a platform, which has no models, the endpoint. */
  readonly model: string;
  readonly isStream: boolean;
  /** The mock's own count of the request's text. */
  readonly inputTokens: number;
  /** The request's own limit, or null. */
  readonly maxOutputTokens: number | null;
  /** False for what has no output tokens. */
  readonly hasOutput: boolean;
  readonly tool: PlannedTool | null;
  /** Null: the dialect counts tokens. */
  readonly cost: Cost | null;
  /** `books` tells what is left when it is asked. */
  writer(answer: Answer, books: () => Books): AnswerWriter;
}

/** A JSON object from outside. */
export type Body = Readonly<Record<string, unknown>>;

export function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
