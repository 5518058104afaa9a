/** Recorded answer: passes an answer on and keeps it for the cache, if it was good, complete and small enough. */
import type { HeaderView } from "../../core/dialect.ts";
import type { SluiceError } from "../../core/errors.ts";
import type { Answer, CallReport } from "../call/answer.ts";
import { inboundHeaders } from "../request/headers.ts";
import type { ResponseCache } from "./response-cache.ts";
import { variesOtherwise } from "./varying.ts";

/** They speak of one answer or one client; another one must not get them. */
const PERSONAL = ["set-cookie", "date", "age"];

export class RecordedAnswer implements Answer {
  readonly #answer: Answer;
  readonly #cache: ResponseCache;
  readonly #key: string;
  #status = 0;
  #headers: HeaderView = {};
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(answer: Answer, cache: ResponseCache, key: string) {
    this.#answer = answer;
    this.#cache = cache;
    this.#key = key;
  }

  head(status: number, headers: HeaderView, report: CallReport): void {
    this.#status = report.fallback === null ? status : 0;
    this.#headers = headers;
    this.#answer.head(status, headers, report);
  }

  data(chunk: Uint8Array): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#cache.largestBytes) this.#chunks.push(chunk);
    else this.#chunks = [];
    return this.#answer.data(chunk);
  }

  end(isWhole: boolean): void {
    const isGood = isWhole && this.#status === 200;
    const fits = this.#bytes <= this.#cache.largestBytes;
    if (isGood && fits && !variesOtherwise(this.#headers)) this.#keep();
    this.#answer.end(isWhole);
  }

  refuse(error: SluiceError, report: CallReport): void {
    this.#answer.refuse(error, report);
  }

  broken(error: SluiceError): void {
    this.#answer.broken(error);
  }

  #keep(): void {
    const headers = inboundHeaders(this.#headers);
    for (const name of PERSONAL) delete headers[name];
    const body = Buffer.concat(this.#chunks);
    this.#cache.put(this.#key, { status: this.#status, headers, body });
  }
}
