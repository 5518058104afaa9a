/** Faulty transport: two providers that fail by a script on a virtual clock, and count what they have served. */
import type { Clock } from "../../../src/core/clock.ts";
import { MICROS_PER_MS } from "../../../src/core/clock.ts";
import type {
  Exchange,
  Outbound,
  ResponseSink,
  Transport,
  TransportFailure,
} from "../../../src/runtime/transport/transport.ts";
import { type Fault, faultAt, type UpstreamName } from "./fault-script.ts";
import {
  errorEvent,
  INPUT_TOKENS,
  refusalOf,
  streamEvents,
  wholeAnswer,
} from "./provider-answers.ts";

export const ORIGINS = { first: "http://first.test", second: "http://second.test" } as const;

/** What one provider's meters have counted; `unknown`: calls of which only it knows what they took. */
export interface Counts {
  requests: number;
  inputTokens: number;
  outputTokens: number;
  /** What OpenAI takes at admission. */
  tokens: number;
  unknown: number;
}

const FIRST_TOKEN_MS = 400;
const TOKEN_MS = 20;
const SLOW = 20;

export class FaultyTransport implements Transport {
  readonly counts: Record<UpstreamName, Counts> = { first: noCounts(), second: noCounts() };
  readonly faults: Partial<Record<Fault, number>> = {};
  /** Exchanges that are under way. */
  open = 0;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #startedAt: number;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#startedAt = clock.now();
  }

  send(outbound: Outbound, sink: ResponseSink): Exchange {
    const upstream: UpstreamName = outbound.origin === ORIGINS.first ? "first" : "second";
    const minute = (this.#clock.now() - this.#startedAt) / MICROS_PER_MS / 60_000;
    const fault = faultAt(upstream, minute, this.#random);
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
    const asked = askedIn(JSON.parse(String(outbound.body)));
    const outputTokens = 1 + Math.floor(this.#random() * asked.most);
    const counts = this.counts[upstream];
    this.open++;
    const onOver = () => this.open--;
    const visit = { upstream, fault, asked, outputTokens, counts, outbound, sink, onOver };
    return new FaultyExchange(visit, this.#clock);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Asked {
  readonly isStream: boolean;
  /** Tokens of output. */
  readonly most: number;
}

function askedIn(body: {
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
}): Asked {
  const most = body.max_completion_tokens ?? body.max_tokens;
  if (most === undefined) throw new Error(`no bound of output in ${JSON.stringify(body)}`);
  return { isStream: body.stream === true, most };
}

interface Visit {
  readonly upstream: UpstreamName;
  readonly fault: Fault;
  readonly asked: Asked;
  readonly outputTokens: number;
  readonly counts: Counts;
  readonly outbound: Outbound;
  readonly sink: ResponseSink;
  readonly onOver: () => void;
}

class FaultyExchange implements Exchange {
  readonly wasSent: boolean;
  readonly #visit: Visit;
  readonly #clock: Clock;
  #isOver = false;
  /** Tokens of output that were sent; null: the head of a stream was not. */
  #sentTokens: number | null = null;

  constructor(visit: Visit, clock: Clock) {
    this.#visit = visit;
    this.#clock = clock;
    this.wasSent = visit.fault !== "unreachable";
    if (this.wasSent) visit.counts.requests++;
    this.#begin();
  }

  /** What a provider has done until then counts. */
  abort(): void {
    if (this.#isOver) return;
    this.#countCut();
    this.#fail("aborted");
  }

  pause(): void {}
  resume(): void {}

  #begin(): void {
    const { fault, outbound } = this.#visit;
    if (fault === "unreachable") this.#after(5, () => this.#fail("unreachable"));
    else if (fault === "timeout") this.#after(outbound.firstByteMs, () => this.#break("timeout"));
    else if (fault === "reset") this.#after(150, () => this.#break("reset"));
    else if (fault === "quota" || fault === "quota-with-hint") {
      this.#after(30, () => this.#refuse("quota", fault === "quota-with-hint"));
    } else if (fault === "overload" || fault === "error" || fault === "billing") {
      this.#after(30, () => this.#refuse(fault, false));
    } else this.#after(FIRST_TOKEN_MS, () => this.#answer());
  }

  /** Not in the turn in which it was sent, and not once it is over. */
  #after(ms: number, act: () => void): void {
    this.#clock.schedule(this.#clock.now() + ms * MICROS_PER_MS, () => {
      if (!this.#isOver) act();
    });
  }

  #refuse(what: "quota" | "overload" | "error" | "billing", hasHint: boolean): void {
    const { upstream, counts, asked } = this.#visit;
    const { status, body } = refusalOf(upstream, what);
    // What fails after admission stays taken where tokens are taken at admission.
    if (what !== "quota") counts.tokens += asked.most;
    const hint: Record<string, string> = hasHint ? { "retry-after": "3" } : {};
    this.#whole(status, body, hint);
  }

  #answer(): void {
    const { upstream, asked, counts, outputTokens } = this.#visit;
    if (asked.isStream) {
      this.#stream();
      return;
    }
    const slowness = this.#visit.fault === "slow" ? SLOW : 1;
    this.#after(outputTokens * TOKEN_MS * slowness, () => {
      count(counts, asked, outputTokens);
      this.#whole(200, wholeAnswer(upstream, outputTokens), {});
    });
  }

  #whole(status: number, body: object, headers: Record<string, string>): void {
    this.#over();
    const { sink } = this.#visit;
    sink.head(status, { "content-type": "application/json", ...headers });
    sink.data(Buffer.from(JSON.stringify(body)));
    sink.end();
  }

  #stream(): void {
    const { upstream, outputTokens, sink, fault } = this.#visit;
    const events = streamEvents(upstream, outputTokens);
    sink.head(200, { "content-type": "text/event-stream" });
    this.#say(events[0]);
    this.#sentTokens = 0;
    if (fault === "error-before-content") this.#after(20, () => this.#errInStream());
    else this.#tokens(events, 1);
  }

  #tokens(events: readonly string[], next: number): void {
    const { fault } = this.#visit;
    this.#after(TOKEN_MS * (fault === "slow" ? SLOW : 1), () => {
      const isHalf = next > events.length / 2;
      if (isHalf && fault === "cut-stream") {
        this.#break("reset");
        return;
      }
      if (isHalf && fault === "error-in-stream") {
        this.#errInStream();
        return;
      }
      const isToken = next < events.length - 1;
      if (isToken) this.#sentTokens = next;
      this.#say(events[next]);
      if (isToken) {
        // A listener may have ended it by what was said.
        if (!this.#isOver) this.#tokens(events, next + 1);
        return;
      }
      if (this.#isOver) return;
      this.#countCut();
      this.#over();
      this.#visit.sink.end();
    });
  }

  #errInStream(): void {
    this.#countCut();
    this.#over();
    this.#say(errorEvent(this.#visit.upstream));
    this.#visit.sink.end();
  }

  #break(kind: "timeout" | "reset"): void {
    this.#countCut();
    this.#fail(kind);
  }

  #countCut(): void {
    const { counts, asked } = this.#visit;
    if (!this.wasSent) return;
    if (this.#sentTokens === null) {
      counts.unknown++;
      counts.tokens += asked.most;
    } else count(counts, asked, this.#sentTokens);
  }

  #fail(kind: TransportFailure["kind"]): void {
    this.#over();
    this.#visit.sink.failed({ kind, wasSent: this.wasSent, cause: new Error(kind) });
  }

  #say(event: string): void {
    this.#visit.sink.data(Buffer.from(event));
  }

  #over(): void {
    this.#isOver = true;
    this.#visit.onOver();
  }
}

function count(counts: Counts, { most }: Asked, outputTokens: number): void {
  counts.inputTokens += INPUT_TOKENS;
  counts.outputTokens += outputTokens;
  counts.tokens += most;
}

function noCounts(): Counts {
  return { requests: 0, inputTokens: 0, outputTokens: 0, tokens: 0, unknown: 0 };
}
