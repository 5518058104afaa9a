/** Whole answer: a small request of our own, outside of any account's budget, and its complete answer. */
import type { HeaderView } from "../../core/dialect.ts";
import type {
  Exchange,
  Outbound,
  ResponseSink,
  Transport,
  TransportFailure,
} from "../transport/transport.ts";

export interface WholeAnswer {
  readonly status: number;
  readonly headers: HeaderView;
  readonly body: string;
}

/** Why there is none. */
export class NoAnswerError extends Error {
  readonly kind: TransportFailure["kind"] | "too-large";

  constructor(kind: NoAnswerError["kind"]) {
    super(`no answer: ${kind}`);
    this.kind = kind;
  }
}

/** @throws NoAnswerError, as a rejection; the signal's reason when aborted. */
export function wholeAnswer(
  transport: Transport,
  outbound: Outbound,
  { signal, mostBytes }: { readonly signal: AbortSignal; readonly mostBytes: number },
): Promise<WholeAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const collector = new Collector(mostBytes, resolve, reject);
    const exchange = transport.send(outbound, collector);
    collector.attach(exchange);
    const abort = () => {
      reject(signal.reason);
      exchange.abort();
    };
    signal.addEventListener("abort", abort, { once: true });
  });
}

class Collector implements ResponseSink {
  readonly #mostBytes: number;
  readonly #resolve: (answer: WholeAnswer) => void;
  readonly #reject: (error: NoAnswerError) => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #status = 0;
  #headers: HeaderView = {};
  #exchange: Exchange | null = null;

  constructor(
    mostBytes: number,
    resolve: (answer: WholeAnswer) => void,
    reject: (error: NoAnswerError) => void,
  ) {
    this.#mostBytes = mostBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  attach(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  head(status: number, headers: HeaderView): void {
    this.#status = status;
    this.#headers = headers;
  }

  data(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#mostBytes) {
      this.#chunks.push(chunk);
      return;
    }
    this.#reject(new NoAnswerError("too-large"));
    this.#exchange?.abort();
  }

  end(): void {
    const body = Buffer.concat(this.#chunks).toString("utf8");
    this.#resolve({ status: this.#status, headers: this.#headers, body });
  }

  failed({ kind }: TransportFailure): void {
    this.#reject(new NoAnswerError(kind));
  }
}
