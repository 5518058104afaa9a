/** Undici transport: pooled connections with back-pressure; bytes pass as they came. */
import { Agent, type Dispatcher, errors } from "undici";
import type { HeaderView } from "../../core/dialect.ts";
import { atTurnEnd } from "../turn-end.ts";
import type { Exchange, Outbound, ResponseSink, Transport, TransportFailure } from "./transport.ts";

export interface UndiciTransportOptions {
  /** Connections kept to one origin. @default 1024 */
  readonly connections?: number;
}

export function createUndiciTransport(options: UndiciTransportOptions = {}): Transport {
  const agent = new Agent({
    connections: options.connections ?? 1024,
    pipelining: 1,
    // The gaps in a stream are the provider's affair; the call's own time limit ends a dead one.
    bodyTimeout: 0,
  });
  return {
    send: (outbound, sink) => new UndiciExchange(agent, outbound, sink),
    close: () => agent.destroy(),
  };
}

class UndiciExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #sink: ResponseSink;
  #controller: Dispatcher.DispatchController | null = null;
  #isAborted = false;
  #hasEnded = false;

  constructor(agent: Agent, outbound: Outbound, sink: ResponseSink) {
    this.#sink = sink;
    atTurnEnd(() => this.#dispatch(agent, outbound));
  }

  #dispatch(agent: Agent, outbound: Outbound): void {
    if (this.#isAborted) {
      this.onResponseError(null, new errors.RequestAbortedError("aborted"));
      return;
    }
    agent.dispatch(
      {
        origin: outbound.origin,
        path: outbound.path,
        method: outbound.method as Dispatcher.HttpMethod,
        headers: outbound.headers,
        body: outbound.body,
        headersTimeout: outbound.firstByteMs,
      },
      this,
    );
  }

  /** A controller exists once a connection took the request: before that nothing was sent. */
  get wasSent(): boolean {
    return this.#controller !== null;
  }

  abort(): void {
    if (this.#hasEnded || this.#isAborted) return;
    this.#isAborted = true;
    this.#controller?.abort(new errors.RequestAbortedError("aborted"));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isAborted) controller.abort(new errors.RequestAbortedError("aborted"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: HeaderView,
  ): void {
    // 1xx are hints on the way, the answer is still to come.
    if (status >= 200) this.#sink.head(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#sink.data(chunk);
  }

  onResponseEnd(): void {
    this.#hasEnded = true;
    this.#sink.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#sink.failed(failureOf(error, this.wasSent, this.#isAborted));
  }
}

function failureOf(error: Error, wasSent: boolean, isAborted: boolean): TransportFailure {
  if (isAborted) return { kind: "aborted", wasSent, cause: error };
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return { kind: "timeout", wasSent: true, cause: error };
  }
  if (error instanceof errors.ConnectTimeoutError) {
    return { kind: "unreachable", wasSent: false, cause: error };
  }
  return { kind: wasSent ? "reset" : "unreachable", wasSent, cause: error };
}
