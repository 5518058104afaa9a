/** Attempt sink: what one attempt's connection says, told to its call for as long as it is the current one. */
import type { HeaderView } from "../../core/dialect.ts";
import type { ResponseSink, TransportFailure } from "../transport/transport.ts";

/** One attempt's ear: once detached, a late word of its connection is not taken for the next attempt's. */
export class AttemptSink implements ResponseSink {
  #call: ResponseSink | null;

  constructor(call: ResponseSink) {
    this.#call = call;
  }

  detach(): void {
    this.#call = null;
  }

  head(status: number, headers: HeaderView): void {
    this.#call?.head(status, headers);
  }

  data(chunk: Uint8Array): void {
    this.#call?.data(chunk);
  }

  end(): void {
    this.#call?.end();
  }

  failed(failure: TransportFailure): void {
    this.#call?.failed(failure);
  }
}
