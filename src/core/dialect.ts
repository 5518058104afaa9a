/** Dialect: the port through which the rest of Sluice speaks a provider's language of limits, errors and usage. */
import type { Demand, Dimension, Units, Usage } from "./demand.ts";
import type { CorrectInput } from "./input-estimate.ts";
import type { Verdict } from "./verdict/verdict.ts";

/** A JSON object as it came; nothing about its fields is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Headers with lower-case names; a repeated header may be an array (as node:http and undici give them). */
export type HeaderView = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface RequestView {
  readonly method: string;
  /** Path below the upstream's `base_url`, without the query, e.g. `/chat/completions`. */
  readonly path: string;
  readonly headers: HeaderView;
  /** The parsed JSON body; null when it is absent, not JSON, or streamed through unparsed. */
  readonly body: JsonObject | null;
  readonly bodyBytes: number;
}

/** What kind of call a request is. */
export interface Operation {
  readonly kind: "generate" | "embed" | "other";
  /**
   * The model the request names; null if it names none. Where a platform's limits count over something
   * else than the account (a property, one of two APIs), that stands in its place.
   */
  readonly model: string | null;
  /** The path names it, whatever the body says. @default false */
  readonly isModelInPath?: boolean;
  /** Of another kind, but a model runs all the same: images, speech, batches. @default false */
  readonly runsModel?: boolean;
  /** The client asked for an event stream. */
  readonly stream: boolean;
  /** Sending it twice does no harm beyond its cost (LLM generation, embeddings, reads). */
  readonly retrySafe: boolean;
}

/** Demand before sending. `charged` is the provider's ledger; `expected` is the fairness ledger's guess. */
export interface Forecast {
  /** What the provider's meters will count at admission (conservative where it is an estimate). */
  readonly charged: Demand;
  /** The mean of what will really be used, in tokens. */
  readonly expected: Usage;
  /** What one token of output counts for in a combined limit (Bedrock's burndown rate); absent: 1. */
  readonly outputRate?: number;
}

export interface ResponseView {
  readonly status: number;
  readonly headers: HeaderView;
  /** The body's text, at most the first 256 KiB; empty when it has none or is still streaming. */
  readonly body: string;
  /** When it was received, in milliseconds since the epoch: absolute times are relative to this or to `date`. */
  readonly receivedAtMs: number;
}

/** One limit as told in headers, or in the body of an answer. */
export interface LimitReading {
  readonly dimension: Exclude<Dimension, "usd">;
  /** Length of the window if the provider's dialect fixes it (60_000, 86_400_000), else null. */
  readonly perMs: number | null;
  readonly limit: number | null;
  /** What the limit most likely is, where only the rest is told: believed while nothing else is known. */
  readonly assumedLimit?: number;
  readonly remaining: number | null;
  /** Until the meter is full again (a bucket) or the window ends, in milliseconds. */
  readonly resetMs: number | null;
  /**
   * `full`: reset is the time until the meter is full. `window`: until the window ends.
   * `rolling`: the window looks back, so what was taken comes back once it is as old as the window.
   */
  readonly resetMeaning: "full" | "window" | "rolling";
  /** `remaining` is rounded to a multiple of this. */
  readonly quantum: number;
}

/** How a call ended, as far as the provider's ledger is concerned. */
export type CallEnd =
  | { readonly kind: "never-sent" }
  /** The provider answered with this verdict; usage if it reported any. */
  | { readonly kind: "answered"; readonly verdict: Verdict; readonly usage: Usage | null }
  /** Sent, but cut off (client gone, timeout, reset) after these output tokens were seen. */
  | { readonly kind: "cut-off"; readonly usage: Usage | null; readonly outputTokensSeen: number };

/** Meaning of one event in a stream. */
export type StreamEvent =
  /** Carries generated content: from here on nothing can be repeated silently. */
  | { readonly kind: "content"; readonly textLength: number }
  /** Opening, ping, usage: nothing the user would miss. */
  | { readonly kind: "bookkeeping" }
  | { readonly kind: "error"; readonly verdict: Verdict }
  /** The provider said that the stream is complete. */
  | { readonly kind: "end" };

/** Reads one response's stream event by event; keeps the usage it has seen. */
export interface StreamReader {
  /** `event` is the SSE event name ("" if none), `data` its joined data lines. */
  read(event: string, data: string): StreamEvent;
  /** Usage so far: final once the stream has ended, partial before; null if none was told. */
  usage(): Usage | null;
}

/** The wire format of a client's call. */
export type WireFormat = "openai" | "anthropic";

/** What an answer's body tells of units that a platform counts by itself. */
export interface UnitsTold {
  /** What the provider takes when the call arrives, and may refuse for; what was counted in the end is in `Usage`. */
  readonly reserved: Units;
  /** The limits they count towards, as they stand after this call. */
  readonly limits: readonly LimitReading[];
}

/** What a provider counts beside requests and tokens. */
export interface UnitLedger {
  /** As configured limits name them. */
  readonly names: readonly string[];
  /** Calls with the same text take about the same, so the next is foreseen by the last; null: the request itself tells. */
  shapeOf(request: RequestView): string | null;
  /** From an object with one of `usageFields`; null: it tells none. */
  told(body: unknown, receivedAtMs: number): UnitsTold | null;
}

/** Header that carries the credential, and what stands before it: `Bearer ` or nothing. */
export interface CredentialHeader {
  readonly name: string;
  readonly prefix: string;
}

export interface Dialect {
  readonly name: string;
  /** The format in which it takes `/v1/...` calls; null: one of its own. */
  readonly wireFormat: WireFormat | null;
  readonly credentialHeader: CredentialHeader;
  /** A query parameter in which clients may send their credential, too; absent: none. */
  readonly credentialQuery?: string;
  /** `name=value` that a path needs in its query where nothing of that name stands; absent: no path does. */
  readonly defaultQuery?: (pathname: string) => string | null;
  /** Its chat takes `max_tokens` alone, not the newer `max_completion_tokens`. */
  readonly takesMaxTokensAlone?: true;
  /** Chat streams tell their usage only if `stream_options.include_usage` asks for it. */
  readonly streamsUsageOnRequest: boolean;
  operation(request: RequestView): Operation;
  /** The provider charges what a request may generate at most, and gives nothing back: no usage is awaited. */
  readonly chargesReservedOutput?: true;
  /**
   * `outputGuess`: learned tokens of output for calls like this; without it the dialect's own default.
   * `correctInput`: what its estimate of the input is corrected by; without it it stands as it is.
   */
  forecast(
    request: RequestView,
    operation: Operation,
    outputGuess?: number,
    correctInput?: CorrectInput,
  ): Forecast;
  /** Limits told in the headers of any response, success or failure. */
  limits(headers: HeaderView, receivedAtMs: number): readonly LimitReading[];
  verdict(response: ResponseView): Verdict;
  /** What it counts by itself; absent: requests and tokens are all. Only such a dialect's bodies are read for limits. */
  readonly units?: UnitLedger;
  /** Its streams may be binary frames (`application/vnd.amazon.eventstream`). */
  readonly streamsFrames?: true;
  /** Its errors may come under a success status: such answers are judged before they are passed on. */
  readonly failsUnderSuccess: boolean;
  /** Fields that tell usage, at whatever depth they stand; where several do, the first of these. */
  readonly usageFields: readonly string[];
  /** Usage told in a complete JSON answer, or in an object with one of its `usageFields`; null if none. */
  usage(body: unknown): Usage | null;
  streamReader(): StreamReader;
  /** What the provider's meters have counted in the end: the reservation's correction. */
  settle(forecast: Forecast, end: CallEnd): Demand;
}
