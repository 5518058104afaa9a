/** Translating answer: what a provider of the other wire format answers, as the client expects it. */
import type { HeaderView, JsonObject } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { EventSplitter, RawEvent } from "../../dialects/event-splitter.ts";
import { createEventSplitter } from "../../dialects/sse.ts";
import {
  type AnswerContext,
  type ServerEvent,
  type StreamTranslator,
  serializeEvent,
  type Translator,
} from "../../translate/translation.ts";
import type { Answer, CallReport } from "../call/answer.ts";
import { parseJsonObject } from "../request/body.ts";

/** A whole answer is held until it is complete; models write no longer ones. */
const LARGEST_HELD_BYTES = 16 * 1_048_576;

interface Stream {
  readonly splitter: EventSplitter;
  readonly translator: StreamTranslator;
}

export class TranslatingAnswer implements Answer {
  readonly #answer: Answer;
  readonly #translator: Translator;
  readonly #context: AnswerContext;
  #status = 0;
  #headers: HeaderView = {};
  #report: CallReport | null = null;
  /** Null: a whole answer. */
  #stream: Stream | null = null;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(answer: Answer, translator: Translator, context: AnswerContext) {
    this.#answer = answer;
    this.#translator = translator;
    this.#context = context;
  }

  head(status: number, headers: HeaderView, report: CallReport): void {
    this.#status = status;
    this.#headers = headers;
    this.#report = report;
    const type = String(headers["content-type"] ?? "");
    if (status >= 400 || !type.startsWith("text/event-stream")) return;
    const translator = this.#translator.stream(this.#context);
    this.#stream = { splitter: createEventSplitter(), translator };
    this.#answer.head(status, { ...headers, "content-length": undefined }, report);
  }

  data(chunk: Uint8Array): boolean {
    if (this.#stream !== null) {
      return this.#pass(this.#stream, this.#stream.splitter.push(chunk));
    }
    this.#bytes += chunk.length;
    if (this.#bytes <= LARGEST_HELD_BYTES) this.#chunks.push(chunk);
    return true;
  }

  end(isWhole: boolean): void {
    if (this.#stream === null) this.#endWhole();
    else {
      const { splitter, translator } = this.#stream;
      this.#pass(this.#stream, splitter.flush());
      this.#write(translator.end());
      this.#answer.end(isWhole && !translator.hasFailed);
    }
  }

  refuse(error: SluiceError, report: CallReport): void {
    this.#answer.refuse(error, report);
  }

  broken(error: SluiceError): void {
    if (this.#stream !== null) this.#answer.broken(error);
    else this.#answer.refuse(error, this.#report as CallReport);
  }

  #pass({ translator }: Stream, events: readonly RawEvent[]): boolean {
    let hasRoom = true;
    for (const { event, data } of events) {
      if (data !== "") hasRoom = this.#write(translator.push(event, data)) && hasRoom;
    }
    return hasRoom;
  }

  #write(events: readonly ServerEvent[]): boolean {
    if (events.length === 0) return true;
    return this.#answer.data(Buffer.from(events.map(serializeEvent).join("")));
  }

  #endWhole(): void {
    const body =
      this.#bytes <= LARGEST_HELD_BYTES ? parseJsonObject(Buffer.concat(this.#chunks)) : null;
    if (this.#status >= 400) {
      const told = this.#translator.error(this.#status, body);
      this.#tell(told.status, told.body);
      return;
    }
    const answer = body === null ? null : this.#translator.answer(body, this.#context);
    if (answer?.kind === "translated") this.#tell(this.#status, answer.body);
    else this.#answer.refuse(unreadable(), this.#report as CallReport);
  }

  #tell(status: number, body: JsonObject): void {
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = {
      ...this.#headers,
      "content-encoding": undefined,
      "content-type": "application/json",
      "content-length": String(bytes.length),
    };
    this.#answer.head(status, headers, this.#report as CallReport);
    this.#answer.data(bytes);
    this.#answer.end(status < 400);
  }
}

function unreadable(): SluiceError {
  return new SluiceError("upstream_error", "the upstream's answer cannot be translated");
}
