/**
 * Attempt: one sending of a call to one candidate. It judges what comes back before the client sees
 * any of it, and passes on what is good; what follows a failure is the call's affair.
 */
import { type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import type { CallEnd, HeaderView } from "../../core/dialect.ts";
import { OK_VERDICT, type Verdict } from "../../core/verdict/verdict.ts";
import { splitterFor } from "../../dialects/event-streams.ts";
import type { Reservation } from "../account/reservation.ts";
import { afterLong, type CancelCoarse } from "../coarse-timers.ts";
import type {
  Exchange,
  ResponseSink,
  Transport,
  TransportFailure,
} from "../transport/transport.ts";
import type { Answer, CallReport } from "./answer.ts";
import { Answered } from "./answered.ts";
import { BodyKeeper } from "./body-keeper.ts";
import type { Place } from "./place.ts";
import { StreamPassage } from "./stream-passage.ts";

/** An answer: its head is known, its body is judged, passed on, or both. */
type Reply =
  | { readonly kind: "none" }
  /** An error answer, kept until it is complete and judged. */
  | { readonly kind: "judged"; readonly status: number; readonly headers: HeaderView }
  /** A good one of which only the head is here: if no more comes, another attempt may do better. */
  | { readonly kind: "begun"; readonly status: number; readonly headers: HeaderView }
  /** A stream whose opening is still held. */
  | { readonly kind: "held"; readonly status: number; readonly headers: HeaderView }
  /** The client has the head. */
  | { readonly kind: "passing" };

/** How an attempt has failed before the client saw anything of it. */
export interface Failed {
  readonly end: CallEnd;
  readonly why: Verdict | TransportFailure;
  /** The head of a whole answer that was judged; null: a stream, or no answer. */
  readonly head: { readonly status: number; readonly headers: HeaderView } | null;
  /** Passes the provider's own words on as they are; null: there are none. */
  readonly deliver: (() => void) | null;
}

export interface AttemptListener {
  /** Nothing of it has reached the client. */
  onFailed(failed: Failed): void;
  /** All has reached the client. */
  onComplete(end: CallEnd): void;
  /** Part of it has reached the client, and no more will come. */
  onBroken(end: CallEnd, failure: TransportFailure): void;
  /** For the head of what is passed on. */
  report(): CallReport;
}

export interface AttemptMeans {
  readonly transport: Transport;
  readonly clock: Clock;
}

export class Attempt implements ResponseSink {
  readonly #place: Place;
  readonly #reservation: Reservation;
  readonly #listener: AttemptListener;
  readonly #answer: Answer;
  readonly #clock: Clock;
  readonly #sentAt: number;
  readonly #exchange: Exchange;
  #reply: Reply = { kind: "none" };
  #passage: StreamPassage | null = null;
  readonly #body = new BodyKeeper();
  /** Of an answer that passes before it is complete. */
  #verdict = OK_VERDICT;
  #isOver = false;
  #stopTimer: CancelCoarse = () => {};

  constructor(
    place: Place,
    reservation: Reservation,
    answer: Answer,
    listener: AttemptListener,
    { transport, clock }: AttemptMeans,
  ) {
    this.#place = place;
    this.#reservation = reservation;
    this.#answer = place.candidate.adapt?.(answer) ?? answer;
    this.#listener = listener;
    this.#clock = clock;
    this.#sentAt = clock.now();
    reservation.sent(this.#sentAt);
    this.#exchange = transport.send(place.credential.authorized(this.#sentAt), this);
  }

  get isPassing(): boolean {
    return this.#reply.kind === "passing";
  }

  pause(): void {
    this.#exchange.pause();
  }

  resume(): void {
    this.#exchange.resume();
  }

  /** Ends it from our side; how it has ended by now. */
  abort(): CallEnd {
    const end: CallEnd = this.#exchange.wasSent ? this.#cutOff() : { kind: "never-sent" };
    this.#leave();
    this.#exchange.abort();
    return end;
  }

  /** What was passed on must not look complete. */
  break(error: Parameters<Answer["broken"]>[0]): void {
    this.#answer.broken(error);
  }

  /** The client has all of it; `end`: how it has ended. */
  finishAnswer(end: CallEnd): void {
    const isGood = end.kind === "answered" && end.verdict.class === "ok";
    this.#answer.end(isGood && this.#hasItsEnd);
  }

  /** Both formats mark the end of a stream; what others end with is not known. */
  get #hasItsEnd(): boolean {
    if (this.#passage === null || this.#place.candidate.dialect.wireFormat === null) return true;
    return this.#passage.hasEnded;
  }

  head(status: number, headers: HeaderView): void {
    if (this.#isOver) return;
    const { dialect, hidesUsageEvent } = this.#place.candidate;
    const nowMs = this.#clock.now() / MICROS_PER_MS;
    this.#reservation.observe(() => dialect.limits(headers, nowMs), status >= 400);
    const splitter = status < 400 ? splitterFor(headers, dialect) : null;
    const isJudged = status >= 400 || dialect.failsUnderSuccess;
    this.#startTimer();
    if (splitter === null && !isJudged) {
      this.#reply = { kind: "begun", status, headers };
      return;
    }
    this.#reply = { kind: splitter === null ? "judged" : "held", status, headers };
    if (splitter !== null) {
      this.#passage = new StreamPassage(splitter, dialect.streamReader(), hidesUsageEvent);
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#passage !== null) {
      this.#readStream(this.#passage, chunk);
      return;
    }
    const reply = this.#reply;
    if (reply.kind === "begun") this.#pass(reply.status, reply.headers);
    else if (reply.kind === "judged" && !this.#body.hasRoomFor(chunk)) {
      this.#passUnfinished(reply.status, reply.headers);
    }
    this.#body.add(chunk);
    if (this.#reply.kind === "passing") this.#deliver(chunk);
  }

  end(): void {
    if (this.#isOver) return;
    if (this.#reply.kind === "judged") this.#judge(this.#reply.status, this.#reply.headers);
    else this.#finish();
  }

  failed(failure: TransportFailure): void {
    if (this.#isOver) return;
    const isPassing = this.#reply.kind === "passing";
    const end: CallEnd = isPassing || failure.wasSent ? this.#cutOff() : { kind: "never-sent" };
    this.#leave();
    if (isPassing) this.#listener.onBroken(end, failure);
    else this.#listener.onFailed({ end, why: failure, head: null, deliver: null });
  }

  /** Others may be given what it holds: it ends now. */
  loseLease(): void {
    if (this.#isOver) return;
    const { wasSent } = this.#exchange;
    this.failed({ kind: "lease-lost", wasSent, cause: null });
    this.#exchange.abort();
  }

  #readStream(passage: StreamPassage, chunk: Uint8Array): void {
    const pieces = passage.push(chunk);
    if (this.#reply.kind === "held") {
      const { status, headers } = this.#reply;
      if (!passage.isOpen) {
        if (passage.verdict !== null) this.#failInStream(passage, passage.verdict, status, headers);
        return;
      }
      this.#pass(status, headers);
    }
    for (const piece of pieces) this.#deliver(piece);
  }

  /** An error came before any content: the attempt counts as refused, not as begun. */
  #failInStream(passage: StreamPassage, why: Verdict, status: number, headers: HeaderView): void {
    this.#leave();
    this.#exchange.abort();
    const end: CallEnd = { kind: "answered", verdict: why, usage: passage.usage() };
    const deliver = () => {
      this.#pass(status, headers);
      for (const piece of passage.finish()) this.#deliver(piece);
      this.#listener.onComplete(end);
    };
    this.#listener.onFailed({ end, why, head: null, deliver });
  }

  #judge(status: number, headers: HeaderView): void {
    const { candidate } = this.#place;
    const why = this.#verdictOf(status, headers);
    const isGood = why.class === "ok";
    const end: CallEnd = isGood
      ? new Answered(why, this.#body, candidate.dialect)
      : { kind: "answered", verdict: why, usage: null };
    const deliver = () => {
      this.#pass(status, headers);
      for (const chunk of this.#body.chunks) this.#deliver(chunk);
      this.#listener.onComplete(end);
    };
    this.#leave();
    this.#learnUnits(end);
    if (isGood) deliver();
    else this.#listener.onFailed({ end, why, head: { status, headers }, deliver });
  }

  #finish(): void {
    const passage = this.#passage;
    const reply = this.#reply;
    if (reply.kind === "begun" || reply.kind === "held") this.#pass(reply.status, reply.headers);
    let end: CallEnd;
    if (passage === null) {
      end = new Answered(this.#verdict, this.#body, this.#place.candidate.dialect);
      this.#learnUnits(end);
    } else {
      for (const piece of passage.finish()) this.#deliver(piece);
      end = this.#endOf(passage);
    }
    this.#leave();
    this.#listener.onComplete(end);
  }

  /** An error among the content cuts it off: what was produced by then counts, usage told or not. */
  #endOf(passage: StreamPassage): CallEnd {
    if (passage.verdict === null) {
      return { kind: "answered", verdict: OK_VERDICT, usage: passage.usage() };
    }
    this.#reservation.conclude(passage.verdict, this.#clock.now());
    return this.#cutOff();
  }

  #learnUnits(end: CallEnd): void {
    const { units, dialect } = this.#place.candidate;
    if (units === null) return;
    this.#place.learnUnits(this.#reservation, this.#body.lastField(dialect.usageFields), end);
  }

  #verdictOf(status: number, headers: HeaderView): Verdict {
    const receivedAtMs = this.#clock.now() / MICROS_PER_MS;
    const body = this.#body.text();
    return this.#place.candidate.dialect.verdict({ status, headers, body, receivedAtMs });
  }

  /** Too large to be kept until it is complete: an error that is worth a retry is shorter. */
  #passUnfinished(status: number, headers: HeaderView): void {
    this.#verdict = this.#verdictOf(status, headers);
    this.#pass(status, headers);
    for (const chunk of this.#body.chunks) this.#deliver(chunk);
  }

  #pass(status: number, headers: HeaderView): void {
    this.#stopTimer();
    this.#reply = { kind: "passing" };
    if (status < 400) this.#reservation.accepted();
    // Without the event that is taken out the stream is shorter than was told.
    const isShorter = this.#passage !== null && this.#place.candidate.hidesUsageEvent;
    const kept = isShorter ? { ...headers, "content-length": undefined } : headers;
    this.#answer.head(status, kept, this.#listener.report());
  }

  #deliver(chunk: Uint8Array): void {
    if (!this.#answer.data(chunk)) this.#exchange.pause();
  }

  #cutOff(): CallEnd {
    const usage = this.#passage?.usage() ?? null;
    return { kind: "cut-off", usage, outputTokensSeen: this.#passage?.outputTokensSeen ?? 0 };
  }

  /** The transport waits for the head; the first byte is the first content, which may come later. */
  #startTimer(): void {
    const spentMs = (this.#clock.now() - this.#sentAt) / MICROS_PER_MS;
    const leftMs = Math.max(0, this.#place.candidate.outbound.firstByteMs - spentMs);
    this.#stopTimer = afterLong(leftMs, () => {
      if (this.#isOver) return;
      const end = this.#cutOff();
      this.#leave();
      this.#exchange.abort();
      const why: TransportFailure = { kind: "timeout", wasSent: true, cause: null };
      this.#listener.onFailed({ end, why, head: null, deliver: null });
    });
  }

  /** From here on nothing that the connection says matters. */
  #leave(): void {
    this.#isOver = true;
    this.#stopTimer();
  }
}
