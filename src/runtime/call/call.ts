/**
 * Call: one request from its arrival to its answer. It queues, sends, judges, retries and settles;
 * every path ends in exactly one answer and every grant in exactly one settlement.
 */
import { type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import type { CallEnd, HeaderView } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import { OK_VERDICT } from "../../core/verdict/verdict.ts";
import type { Reservation } from "../account/account.ts";
import { afterLong, type CancelCoarse } from "../coarse-timers.ts";
import type { Exchange, Transport, TransportFailure } from "../transport/transport.ts";
import type { Answer, CallReport } from "./answer.ts";
import { Answered } from "./answered.ts";
import { AttemptSink } from "./attempt-sink.ts";
import { BodyKeeper } from "./body-keeper.ts";
import type { CallPlan } from "./call-plan.ts";
import { reportOf } from "./call-report.ts";
import { CallTimes } from "./call-times.ts";
import { afterFailure, afterVerdict, type NextStep } from "./next-step.ts";
import { closingError, refusalError, waitError } from "./refusals.ts";
import { StreamPassage } from "./stream-passage.ts";
import { billingMessage, codeOf, TIMEOUT_VERDICT, upstreamError } from "./upstream-errors.ts";

/** An attempt's answer: its head is known, its body is judged, passed on, or both. */
type Reply =
  | { readonly kind: "none" }
  /** An error answer, kept until it is complete and judged. */
  | { readonly kind: "judged"; readonly status: number; readonly headers: HeaderView }
  /** A stream whose opening is still held. */
  | { readonly kind: "held"; readonly status: number; readonly headers: HeaderView }
  /** The client has the head. */
  | { readonly kind: "passing" };

export class Call {
  readonly plan: CallPlan;
  readonly #answer: Answer;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onEnded: () => void;
  #reservation: Reservation | null = null;
  #path: Path | null = null;
  #exchange: Exchange | null = null;
  #sink: AttemptSink | null = null;
  #reply: Reply = { kind: "none" };
  #passage: StreamPassage | null = null;
  #body = new BodyKeeper();
  /** Of an answer that passes before it is complete. */
  #verdict = OK_VERDICT;
  #hasEnded = false;
  #attempts = 0;
  readonly #times: CallTimes;
  #stopTimer: CancelCoarse = nothing;
  #stopFirstByteTimer: CancelCoarse = nothing;

  constructor(
    plan: CallPlan,
    answer: Answer,
    means: {
      readonly transport: Transport;
      readonly clock: Clock;
      readonly random: () => number;
      /** Called once, when nothing of the call is held any more. */
      readonly onEnded: () => void;
    },
  ) {
    this.plan = plan;
    this.#answer = answer;
    this.#transport = means.transport;
    this.#clock = means.clock;
    this.#random = means.random;
    this.#onEnded = means.onEnded;
    this.#times = new CallTimes(plan, means.clock.now());
  }

  start(): void {
    const { plan } = this;
    const { deadlineMs, chain } = plan.task;
    this.#times.queued(this.#clock.now());
    const asked = (plan.shadow ?? plan.account).ask({
      tenant: plan.tenant,
      target: plan.target,
      band: plan.band,
      demand: plan.forecast.charged,
      expiresAt: this.#times.expiresAt,
      deadline: deadlineMs === null ? null : plan.arrivedAt + deadlineMs * MICROS_PER_MS,
      isChainStep: chain !== null && chain.step > 1,
      onGranted: () => this.#send(),
      onRefused: (refusal) => this.#endWait(refusalError(refusal)),
      onClosed: () => this.#endWait(closingError()),
    });
    if (asked.kind === "refused") this.#refuse(refusalError(asked));
    else {
      this.#reservation = asked;
      this.#path = asked.path;
    }
  }

  /** The client is gone: leave the queue, or close the connection and settle what was used. */
  cancel(): void {
    if (this.#hasEnded) return;
    this.#leave();
    if (this.#reservation?.cancel()) return;
    const end = this.#endOfNow();
    this.#exchange?.abort();
    this.#settle(end);
  }

  /** The client reads no more for now. */
  pause(): void {
    this.#exchange?.pause();
  }

  resume(): void {
    this.#exchange?.resume();
  }

  head(status: number, headers: HeaderView): void {
    this.#reservation?.observe(() => {
      const receivedAtMs = this.#clock.now() / MICROS_PER_MS;
      return this.plan.dialect.limits(headers, receivedAtMs);
    }, status >= 400);
    const { dialect, hidesUsageEvent } = this.plan;
    const isStream = status < 400 && isEventStream(headers);
    const isJudged = status >= 400 || dialect.failsUnderSuccess;
    if (!isStream && !isJudged) {
      this.#pass(status, headers);
      return;
    }
    this.#startFirstByteTimer();
    this.#reply = { kind: isStream ? "held" : "judged", status, headers };
    if (isStream) this.#passage = new StreamPassage(dialect.streamReader(), hidesUsageEvent);
  }

  data(chunk: Uint8Array): void {
    if (this.#hasEnded) return;
    if (this.#passage !== null) {
      this.#readStream(this.#passage, chunk);
      return;
    }
    if (this.#reply.kind === "judged" && !this.#body.hasRoomFor(chunk)) {
      this.#passUnfinished(this.#reply.status, this.#reply.headers);
    }
    this.#body.add(chunk);
    if (this.#reply.kind === "passing") this.#deliver(chunk);
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#times.returned(this.#clock.now());
    if (this.#reply.kind === "judged") this.#judge(this.#reply.status, this.#reply.headers);
    else this.#finish();
  }

  failed(failure: TransportFailure): void {
    if (this.#hasEnded) return;
    this.#times.returned(this.#clock.now());
    if (this.#reply.kind === "passing") {
      this.#leave();
      this.#settle(this.#cutOff());
      this.#answer.broken(upstreamError("upstream_error", failure));
      return;
    }
    const step = afterFailure(failure, this.#circumstances());
    const end: CallEnd = failure.wasSent ? this.#cutOff() : { kind: "never-sent" };
    const refuse = () => {
      this.#settle(end);
      this.#refuse(upstreamError(codeOf(failure), failure));
    };
    this.#take(step, end, refuse, failure);
  }

  #send(): void {
    if (this.#hasEnded) return;
    const now = this.#clock.now();
    this.#times.leftQueue(now);
    this.#attempts++;
    this.#times.sent(now);
    this.#reservation?.sent(now);
    this.#reply = { kind: "none" };
    this.#passage = null;
    this.#body = new BodyKeeper();
    this.#startTimer(now);
    this.#sink = new AttemptSink(this);
    this.#exchange = this.#transport.send(this.plan.outbound, this.#sink);
  }

  #readStream(passage: StreamPassage, chunk: Uint8Array): void {
    const pieces = passage.push(chunk);
    if (this.#reply.kind === "held") {
      if (!passage.isOpen) {
        if (passage.verdict !== null) this.#failInStream(passage.verdict);
        return;
      }
      this.#pass(this.#reply.status, this.#reply.headers);
    }
    for (const piece of pieces) this.#deliver(piece);
  }

  /** An error came before any content: the attempt counts as refused, not as begun. */
  #failInStream(verdict: Verdict): void {
    const { status, headers } = this.#reply as Extract<Reply, { kind: "held" }>;
    const passage = this.#passage as StreamPassage;
    this.#sink?.detach();
    this.#exchange?.abort();
    this.#times.returned(this.#clock.now());
    const end: CallEnd = { kind: "answered", verdict, usage: passage.usage() };
    const deliver = () => {
      this.#pass(status, headers);
      for (const piece of passage.finish()) this.#deliver(piece);
      this.#close(end);
    };
    this.#take(afterVerdict(verdict, this.#circumstances()), end, deliver, verdict);
  }

  #verdictOf(status: number, headers: HeaderView): Verdict {
    const receivedAtMs = this.#clock.now() / MICROS_PER_MS;
    return this.plan.dialect.verdict({ status, headers, body: this.#body.text(), receivedAtMs });
  }

  /** Too large to be kept until it is complete: an error that is worth a retry is shorter. */
  #passUnfinished(status: number, headers: HeaderView): void {
    this.#verdict = this.#verdictOf(status, headers);
    this.#pass(status, headers);
    for (const chunk of this.#body.chunks) this.#deliver(chunk);
  }

  #judge(status: number, headers: HeaderView): void {
    const verdict = this.#verdictOf(status, headers);
    const end: CallEnd =
      verdict.class === "ok"
        ? new Answered(verdict, this.#body, this.plan.dialect)
        : { kind: "answered", verdict, usage: null };
    const deliver = () => {
      this.#pass(status, headers);
      for (const chunk of this.#body.chunks) this.#deliver(chunk);
      this.#close(end);
    };
    this.#take(afterVerdict(verdict, this.#circumstances()), end, deliver, verdict);
  }

  #take(step: NextStep, end: CallEnd, deliver: () => void, why: Verdict | TransportFailure): void {
    const now = this.#clock.now();
    const frozenUntil = this.#reservation?.conclude(verdictIn(why), now) ?? 0;
    const wantsRetry = step.kind === "wait-for-budget" || step.kind === "retry";
    if (this.plan.shadow !== null || (wantsRetry && !this.#isReplayable())) {
      deliver();
      return;
    }
    switch (step.kind) {
      case "wait-for-budget":
        this.#waitForBudget(frozenUntil, end);
        return;
      case "retry":
        this.#retry(step.delayMs, end, deliver);
        return;
      case "deliver":
        deliver();
        return;
      case "refuse-billing":
        this.#settle(end);
        this.#refuse(new SluiceError("upstream_billing", billingMessage(this.plan.upstream)));
        return;
      case "refuse-failure":
        this.#settle(end);
        this.#refuse(upstreamError(codeOf(why as TransportFailure), why as TransportFailure));
    }
  }

  /** Nobody backs off alone: the meters rest, and the call waits for them in its old place. */
  #waitForBudget(frozenUntil: number, end: CallEnd): void {
    const now = this.#clock.now();
    if (frozenUntil >= this.#times.expiresAt) {
      this.#settle(end);
      this.#refuse(waitError("max_wait_exceeded", null, frozenUntil - now));
    } else this.#requeue(end, now);
  }

  #retry(delayMs: number, end: CallEnd, deliver: () => void): void {
    const eligibleAt = this.#clock.now() + delayMs * MICROS_PER_MS;
    if (eligibleAt >= this.#times.expiresAt) deliver();
    else this.#requeue(end, eligibleAt);
  }

  #requeue(end: CallEnd, eligibleAt: number): void {
    const now = this.#clock.now();
    const counted = this.plan.dialect.settle(this.plan.forecast, end);
    this.#stopTimer();
    this.#stopFirstByteTimer();
    this.#sink?.detach();
    this.#exchange = null;
    this.#times.queued(now);
    this.#reservation?.retry(counted, eligibleAt, this.#times.expiresAt, now);
  }

  #pass(status: number, headers: HeaderView): void {
    this.#stopFirstByteTimer();
    this.#reply = { kind: "passing" };
    // Without the event that is taken out the stream is shorter than was told.
    const isShorter = this.#passage !== null && this.plan.hidesUsageEvent;
    const kept = isShorter ? { ...headers, "content-length": undefined } : headers;
    this.#answer.head(status, kept, this.#report());
  }

  #deliver(chunk: Uint8Array): void {
    if (!this.#answer.data(chunk)) this.#exchange?.pause();
  }

  #finish(): void {
    const passage = this.#passage;
    if (passage !== null) {
      if (this.#reply.kind === "held") this.#pass(this.#reply.status, this.#reply.headers);
      for (const piece of passage.finish()) this.#deliver(piece);
      const verdict = passage.verdict ?? OK_VERDICT;
      this.#close({ kind: "answered", verdict, usage: passage.usage() });
      return;
    }
    this.#close(new Answered(this.#verdict, this.#body, this.plan.dialect));
  }

  #close(end: CallEnd): void {
    this.#leave();
    this.#settle(end);
    this.#answer.end();
  }

  #endWait(error: SluiceError): void {
    if (this.#hasEnded) return;
    this.#times.leftQueue(this.#clock.now());
    this.#reservation = null;
    this.#refuse(error);
  }

  #refuse(error: SluiceError): void {
    this.#leave();
    this.#answer.refuse(error, this.#report());
  }

  #settle(end: CallEnd): void {
    const counted = this.plan.dialect.settle(this.plan.forecast, end);
    this.plan.onSettled(end);
    const now = this.#clock.now();
    if (end.kind === "answered") this.#reservation?.conclude(end.verdict, now);
    this.#reservation?.settle(counted, now);
    this.#reservation = null;
  }

  /** How the call has ended if it ends now. */
  #endOfNow(): CallEnd {
    return this.#exchange?.wasSent ? this.#cutOff() : { kind: "never-sent" };
  }

  #cutOff(): CallEnd {
    const usage = this.#passage?.usage() ?? null;
    return { kind: "cut-off", usage, outputTokensSeen: this.#passage?.outputTokensSeen ?? 0 };
  }

  #circumstances() {
    const { retry, isRepeatable } = this.plan;
    return { attempts: this.#attempts, retry, isRepeatable, random: this.#random() };
  }

  #isReplayable(): boolean {
    const { body } = this.plan.outbound;
    return body === null || typeof body === "string" || body instanceof Uint8Array;
  }

  #startTimer(now: number): void {
    const { upstreamMs } = this.plan;
    const deadlineMs = Math.max(0, (this.#times.deadlineAt - now) / MICROS_PER_MS);
    const isDeadline = deadlineMs <= upstreamMs;
    this.#stopTimer = afterLong(Math.min(upstreamMs, deadlineMs), () => this.#timeOut(isDeadline));
  }

  /** The transport waits for the head; the first byte is the first content, which may come later. */
  #startFirstByteTimer(): void {
    const spentMs = this.#times.sinceSent(this.#clock.now()) / MICROS_PER_MS;
    const leftMs = Math.max(0, this.plan.outbound.firstByteMs - spentMs);
    this.#stopFirstByteTimer = afterLong(leftMs, () => this.#missFirstByte());
  }

  #missFirstByte(): void {
    this.#sink?.detach();
    this.#exchange?.abort();
    this.failed({ kind: "timeout", wasSent: true, cause: null });
  }

  /** From here on nothing the transport or the account says matters. */
  #leave(): void {
    this.#hasEnded = true;
    this.#sink?.detach();
    this.#stopTimer();
    this.#stopFirstByteTimer();
    this.#onEnded();
  }

  /** The provider takes too long: what it has done is settled, nothing is tried again. */
  #timeOut(isDeadline: boolean): void {
    if (this.#hasEnded) return;
    this.#leave();
    const end = this.#endOfNow();
    this.#exchange?.abort();
    // A client's own deadline says nothing of the provider, and its timer may fire a moment early.
    if (!isDeadline) this.#reservation?.conclude(TIMEOUT_VERDICT, this.#clock.now());
    this.#settle(end);
    const error = new SluiceError("upstream_timeout", `${this.plan.upstream} took too long`);
    if (this.#reply.kind === "passing") this.#answer.broken(error);
    else this.#answer.refuse(error, this.#report());
  }

  #report(): CallReport {
    const progress = { attempts: this.#attempts, times: this.#times, path: this.#path };
    return reportOf(this.plan, progress, this.#clock.now());
  }
}

function nothing(): void {}

function isEventStream(headers: HeaderView): boolean {
  const type = headers["content-type"];
  // What is compressed cannot be read, and must not be held for it.
  const encoding = headers["content-encoding"] ?? "identity";
  return (
    typeof type === "string" && type.startsWith("text/event-stream") && encoding === "identity"
  );
}

/** Null: no answer, for a reason that says nothing of the provider's load. */
function verdictIn(why: Verdict | TransportFailure): Verdict | null {
  if ("class" in why) return why;
  return why.kind === "timeout" ? TIMEOUT_VERDICT : null;
}
