/** HTTP answer: passes a call's answer to the client byte by byte, as fast as the client reads. */
import type { ServerResponse } from "node:http";
import type { HeaderView } from "../core/dialect.ts";
import type { SluiceError } from "../core/errors.ts";
import type { Answer, CallReport } from "../runtime/call/answer.ts";
import { bindingRateHeaders, reportHeaders } from "../runtime/call/answer-headers.ts";
import type { Call } from "../runtime/call/call.ts";
import { inboundHeaders } from "../runtime/request/headers.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type RequestContext, sendRefusal } from "./request-context.ts";

export class HttpAnswer implements Answer {
  readonly #context: RequestContext;
  readonly #runtime: Runtime;
  readonly #onFirstBytes: ((bytes: Uint8Array) => void) | null;
  #call: Call | null = null;
  #awaitsDrain = false;

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
    this.#context.response.writeHead(status, Object.assign(kept, this.#ownHeaders(report)));
  }

  data(chunk: Uint8Array): boolean {
    this.#onFirstBytes?.(chunk);
    const { response } = this.#context;
    const hasRoom = response.write(chunk);
    if (!hasRoom && !this.#awaitsDrain) this.#resumeOnDrain(response);
    return hasRoom;
  }

  end(): void {
    this.#context.response.end();
  }

  refuse(error: SluiceError, report: CallReport): void {
    sendRefusal(this.#context, error, { id: report.id, headers: this.#ownHeaders(report) });
  }

  /** Cut the connection: an answer that ends well would pass for a whole one. */
  broken(): void {
    this.#context.response.destroy();
  }

  #resumeOnDrain(response: ServerResponse): void {
    this.#awaitsDrain = true;
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
