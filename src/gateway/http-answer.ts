/** HTTP answer: passes a call's answer to the client byte by byte, as fast as the client reads. */
import type { ServerResponse } from "node:http";
import type { HeaderView } from "../core/dialect.ts";
import type { SluiceError } from "../core/errors.ts";
import type { Answer, CallReport } from "../runtime/call/answer.ts";
import { bindingRateHeaders, reportHeaders } from "../runtime/call/answer-headers.ts";
import type { Call } from "../runtime/call/call.ts";
import { inboundHeaders, type OutHeaders } from "../runtime/request/headers.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { atTurnEnd } from "../runtime/turn-end.ts";
import { type RequestContext, sendRefusal } from "./request-context.ts";

/** More than that is written at once: it is no small answer whose parts come together. */
const MOST_HELD = 65_536;

/** Head and bytes that come in one turn of the event loop go out in one write. */
export class HttpAnswer implements Answer {
  readonly #context: RequestContext;
  readonly #runtime: Runtime;
  readonly #onFirstBytes: ((bytes: Uint8Array) => void) | null;
  #call: Call | null = null;
  #awaitsDrain = false;
  #status = 0;
  /** Null: written already. */
  #headers: OutHeaders | null = null;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #hasEnded = false;
  #isFlushPlanned = false;

  constructor(
    context: RequestContext,
    runtime: Runtime,
    onFirstBytes: ((bytes: Uint8Array) => void) | null,
  ) {
    this.#context = context;
    this.#runtime = runtime;
    this.#onFirstBytes = onFirstBytes;
  }

  /** From now on the client's disconnect ends the call, and its reading sets the pace. */
  attach(call: Call): void {
    this.#call = call;
    const { response } = this.#context;
    response.on("close", () => {
      if (!response.writableFinished) call.cancel();
    });
  }

  head(status: number, headers: HeaderView, report: CallReport): void {
    const kept = inboundHeaders(headers, report.shadow !== null);
    this.#status = status;
    this.#headers = Object.assign(kept, this.#ownHeaders(report));
    this.#planFlush();
  }

  data(chunk: Uint8Array): boolean {
    this.#onFirstBytes?.(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes >= MOST_HELD) this.#flush();
    else this.#planFlush();
    return !this.#awaitsDrain;
  }

  end(): void {
    this.#hasEnded = true;
    this.#planFlush();
  }

  refuse(error: SluiceError, report: CallReport): void {
    sendRefusal(this.#context, error, { id: report.id, headers: this.#ownHeaders(report) });
  }

  /** Cut the connection: an answer that ends well would pass for a whole one. */
  broken(): void {
    this.#flush();
    this.#context.response.destroy();
  }

  #planFlush(): void {
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    atTurnEnd(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { response } = this.#context;
    if (this.#headers !== null) response.writeHead(this.#status, this.#headers);
    this.#headers = null;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    let hasRoom = true;
    for (const chunk of held) hasRoom = response.write(chunk);
    if (this.#hasEnded) response.end();
    else if (!hasRoom && !this.#awaitsDrain) this.#resumeOnDrain(response);
  }

  /** The client reads more slowly than the upstream writes. */
  #resumeOnDrain(response: ServerResponse): void {
    this.#awaitsDrain = true;
    this.#call?.pause();
    response.once("drain", () => {
      this.#awaitsDrain = false;
      this.#call?.resume();
    });
  }

  #ownHeaders(report: CallReport): Record<string, string> {
    const headers = reportHeaders(report);
    const now = this.#runtime.clock.now();
    return Object.assign(headers, bindingRateHeaders(this.#context.client, report, now));
  }
}
