/** HTTP answer: passes a call's answer to the client byte by byte, as fast as the client reads. */
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
    response.on("drain", () => call.resume());
  }

  head(status: number, headers: HeaderView, report: CallReport): void {
    this.#context.response.writeHead(status, {
      ...inboundHeaders(headers),
      ...this.#ownHeaders(report),
    });
  }

  data(chunk: Uint8Array): boolean {
    this.#onFirstBytes?.(chunk);
    return this.#context.response.write(chunk);
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

  get call(): Call | null {
    return this.#call;
  }

  #ownHeaders(report: CallReport): Record<string, string> {
    const headers = reportHeaders(report);
    const now = this.#runtime.clock.now();
    return Object.assign(headers, bindingRateHeaders(this.#context.client, report.meters, now));
  }
}
