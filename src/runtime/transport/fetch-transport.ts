/** Fetch transport: sends by a `fetch`, so that the library works with any runtime, proxy or test double. */
import type { Exchange, Outbound, ResponseSink, Transport, TransportFailure } from "./transport.ts";

export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

export function createFetchTransport(fetch: Fetch): Transport {
  return {
    send: (outbound, sink) => new FetchExchange(fetch, outbound, sink),
    close: () => Promise.resolve(),
  };
}

class FetchExchange implements Exchange {
  /** A fetch does not tell when it sends. */
  readonly wasSent = true;
  readonly #abort = new AbortController();
  #resume: (() => void) | null = null;
  #resumed: Promise<void> | null = null;
  #isAborted = false;

  constructor(fetch: Fetch, outbound: Outbound, sink: ResponseSink) {
    void this.#run(fetch, outbound, sink);
  }

  abort(): void {
    this.#isAborted = true;
    this.#abort.abort();
    this.resume();
  }

  pause(): void {
    this.#resumed ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#resume?.();
    this.#resume = null;
    this.#resumed = null;
  }

  async #run(fetch: Fetch, outbound: Outbound, sink: ResponseSink): Promise<void> {
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      this.#abort.abort();
    }, outbound.firstByteMs);
    try {
      const response = await fetch(
        outbound.origin + outbound.path,
        requestInit(outbound, this.#abort.signal),
      );
      clearTimeout(timer);
      sink.head(response.status, headersOf(response));
      await this.#pipe(response, sink);
    } catch (error) {
      sink.failed(failureOf(error, this.#isAborted, isTimedOut));
      return;
    } finally {
      clearTimeout(timer);
    }
    sink.end();
  }

  async #pipe(response: Response, sink: ResponseSink): Promise<void> {
    if (response.body === null) return;
    for await (const chunk of response.body) {
      sink.data(chunk);
      if (this.#resumed !== null) await this.#resumed;
      this.#abort.signal.throwIfAborted();
    }
  }
}

function requestInit({ method, headers, body }: Outbound, signal: AbortSignal): RequestInit {
  const list = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) list.append(name, one);
  }
  const init = { method, headers: list, body, signal, redirect: "manual", duplex: "half" };
  return init as unknown as RequestInit;
}

/** Fetch has already decoded the body, so its length and encoding no longer hold. */
function headersOf(response: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers);
  delete headers["content-encoding"];
  delete headers["content-length"];
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  return headers;
}

function failureOf(error: unknown, isAborted: boolean, isTimedOut: boolean): TransportFailure {
  if (isTimedOut) return { kind: "timeout", wasSent: true, cause: error };
  if (isAborted) return { kind: "aborted", wasSent: true, cause: error };
  const isRefused = UNREACHED.has(errorCode(error));
  return { kind: isRefused ? "unreachable" : "reset", wasSent: !isRefused, cause: error };
}

/** What systems and undici say before there is a connection. */
const UNREACHED: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function errorCode(error: unknown): unknown {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}
