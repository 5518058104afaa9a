/** Transport: the port through which a call reaches its upstream; the answer comes back piece by piece. */
import type { Readable } from "node:stream";
import type { HeaderView } from "../../core/dialect.ts";

export interface Outbound {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Bytes can be sent again, a stream only once. */
  readonly body: Uint8Array | string | Readable | null;
  /** Until the answer's head, milliseconds. */
  readonly firstByteMs: number;
}

/** Why there is no (complete) answer. `wasSent`: the provider may have begun to work on it. */
export interface TransportFailure {
  readonly kind: "unreachable" | "reset" | "timeout" | "aborted" | "lease-lost";
  readonly wasSent: boolean;
  readonly cause: unknown;
}

/** Told in this order: `head`, any number of `data`, then `end`; or `failed` at any point. Nothing after. */
export interface ResponseSink {
  head(status: number, headers: HeaderView): void;
  data(chunk: Uint8Array): void;
  end(): void;
  failed(failure: TransportFailure): void;
}

export interface Exchange {
  /** The provider may have begun to work on it. */
  readonly wasSent: boolean;
  /** Closes the connection; the sink hears `failed` with kind `aborted`, unless it has ended. */
  abort(): void;
  /** Back-pressure: asks for no more data until `resume`. */
  pause(): void;
  resume(): void;
}

export interface Transport {
  send(outbound: Outbound, sink: ResponseSink): Exchange;
  close(): Promise<void>;
}
