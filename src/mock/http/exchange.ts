/** Exchange: one request and its answer; knows whether the client is still there. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Chunk } from "../answer/call.ts";
import type { Reader } from "../answer/produce.ts";
import type { Reply } from "../failure.ts";

/** How an exchange ended: answered in full, with a failure (whatever its status), the client left, or cut off on purpose. */
export type Ending = "answered" | "failed" | "client-left" | "cut-off";

/** Longer waits overflow Node's timers, which then fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

export class Exchange implements Reader {
  readonly request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #onEnd: ((ending: Ending) => void)[] = [];
  #isOpen = true;
  #wake: (() => void) | null = null;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.#response = response;
    response.once("close", () => this.#finish("client-left"));
    response.on("error", () => this.#finish("client-left"));
  }

  /** Called once, before the last byte leaves: whoever has read the whole answer finds its slot free. */
  onEnd(listener: (ending: Ending) => void): void {
    if (this.#isOpen) this.#onEnd.push(listener);
    else listener("client-left");
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  /** Null until the answer has begun. */
  get status(): number | null {
    return this.hasBegun ? this.#response.statusCode : null;
  }

  /** Ends early when the client leaves. */
  sleep(ms: number): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), Math.min(Math.ceil(ms), MAX_TIMER_MS));
      this.#wake = () => {
        this.#wake = null;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Resolves when the client has left. */
  untilClosed(): Promise<void> {
    if (!this.#isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  begin(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#isOpen) this.#response.writeHead(status, headers);
  }

  /** Undefined when the client keeps up; else resolves when it has, or has left. */
  write(chunk: Chunk): Promise<void> | undefined {
    if (!this.#isOpen || chunk.length === 0 || this.#response.write(chunk)) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#response.once("drain", resolve);
    });
  }

  /** An answer that ends with an error is not "answered". */
  end(chunk: Chunk, ending: Ending = "answered"): void {
    if (!this.#isOpen) return;
    this.#finish(ending);
    this.#response.end(chunk);
  }

  reply(
    reply: Reply,
    headers: Readonly<Record<string, string>>,
    ending: Ending = "answered",
  ): void {
    // RFC 9110, section 8.6: an answer without content has no length.
    const length: Record<string, string> =
      reply.status === 204 ? {} : { "content-length": String(Buffer.byteLength(reply.body)) };
    this.begin(reply.status, { ...headers, ...reply.headers, ...length });
    this.end(reply.body, ending);
  }

  /** Sends what is written, then closes the connection in the middle of the answer. */
  cut(): void {
    if (!this.#isOpen) return;
    this.#finish("cut-off");
    this.#response.flushHeaders();
    this.#response.socket?.destroySoon();
  }

  /** Resets the connection at once. */
  reset(): void {
    this.#finish("cut-off");
    this.#response.socket?.resetAndDestroy();
  }

  #finish(ending: Ending): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const listener of this.#onEnd) listener(ending);
    this.#wake?.();
  }
}
