/**
 * Call: one request from its arrival to its answer. It waits, sends, tries again, goes elsewhere or
 * falls back; every path ends in exactly one answer, and every grant in exactly one settlement.
 */
import { type CancelTimer, type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import { NO_DEMAND } from "../../core/demand.ts";
import type { CallEnd } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { Fallback } from "../../core/task.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { AttemptEnd } from "../account/ask.ts";
import type { Reservation } from "../account/reservation.ts";
import type { StopReason } from "../account/stops.ts";
import { afterLong, type CancelCoarse } from "../coarse-timers.ts";
import type { Transport, TransportFailure } from "../transport/transport.ts";
import type { Answer, CallReport } from "./answer.ts";
import { Attempt, type AttemptListener, type Failed } from "./attempt.ts";
import { awaitsClient, clientError } from "./blame.ts";
import { type CallPlan, NO_CANDIDATES } from "./call-plan.ts";
import { reportOf } from "./call-report.ts";
import { CallTimes } from "./call-times.ts";
import { FallbackList } from "./fallback-list.ts";
import { afterFailure, afterVerdict, type NextStep } from "./next-step.ts";
import { Place } from "./place.ts";
import { Race, type RaceListener } from "./race.ts";
import { stopError, waitError } from "./refusals.ts";
import { codeOf, TIMEOUT_VERDICT, upstreamError } from "./upstream-errors.ts";

/** A smaller model is asked too once half of the max wait is over. */
const SMALLER_AFTER = 0.5;

/** Of its max wait, for the decision whether a smaller model suits it. */
const DECIDING_SHARE = 0.5;

const FORBIDDEN = 403;

/** Where a provider that failed says nothing of when to come back. */
const UNWELL_MS = 5_000;

export interface CallMeans {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called once, when nothing of the call is held any more. */
  readonly onEnded: () => void;
}

/** Where it is under way. */
interface Bound {
  readonly place: Place;
  readonly reservation: Reservation;
  readonly attempt: Attempt;
}

/** What is done where nobody else can serve it. */
type LastWord = SluiceError | (() => void);

export class Call implements RaceListener, AttemptListener {
  readonly plan: CallPlan;
  readonly #answer: Answer;
  readonly #means: CallMeans;
  readonly #times: CallTimes;
  readonly #race: Race;
  readonly #best: readonly Place[];
  readonly #fallbacks: FallbackList;
  /** Null until they are needed. */
  #smaller: readonly Place[] | null = null;
  #bound: Bound | null = null;
  /** Where it waited or ran last. */
  #place: Place;
  #path: Path | null = null;
  #hasEnded = false;
  /** The client reads no more for now. */
  #isPaused = false;
  #attempts = 0;
  readonly #failedAt = new Set<Place>();
  /** Of them, those where only the budget was short. */
  readonly #shortAt = new Set<Place>();
  #fallback: Fallback | null = null;
  #lastWord: LastWord | null = null;
  /** Null: no decision was needed. */
  #deciding: AbortController | null = null;
  #stopTimer: CancelCoarse = nothing;
  #stopSmallerTimer: CancelTimer = nothing;

  constructor(plan: CallPlan, answer: Answer, means: CallMeans) {
    const { clock } = means;
    this.plan = plan;
    this.#means = means;
    this.#answer = plan.standIns.cached?.keep(answer) ?? answer;
    this.#times = new CallTimes(plan, clock.now());
    this.#best = plan.candidates.map((candidate) => new Place(candidate, plan, this, clock));
    this.#place = this.#best[0];
    this.#fallbacks = new FallbackList(plan.task.fallback);
    this.#race = new Race(this, { now: () => clock.now(), expiresAt: () => this.#times.expiresAt });
  }

  start(): void {
    this.#times.queued(this.#means.clock.now());
    const { cached } = this.plan.standIns;
    if (cached?.comesFirst && this.#answerCached()) return;
    const diverts = this.#diverts();
    if (typeof diverts === "boolean") this.#enterQueue(diverts);
    else void diverts.then((isSo) => this.#enterQueue(isSo));
  }

  /** `diverts`: what suits a smaller model goes there first. */
  #enterQueue(diverts: boolean): void {
    if (this.#hasEnded) return;
    this.#wait(diverts ? [...this.#smallerPlaces(), ...this.#best] : this.#best);
    if (this.#hasEnded || this.#bound !== null) return;
    if (!this.#race.isWaiting) this.#over(this.#race.error);
    else if (this.#fallbacks.next === "smaller-model") this.#planSmaller();
  }

  /** The client is gone: leave the queue, or close the connection and settle what was used. */
  cancel(): void {
    if (this.#hasEnded) return;
    const bound = this.#bound;
    this.#leave();
    if (bound === null) this.#race.leave();
    else this.#settle(bound, bound.attempt.abort());
  }

  /** What it holds of its tenant's is about to be lent to others. One that waits goes on waiting. */
  loseSlots(): void {
    this.#bound?.attempt.loseLease();
  }

  /** The client reads no more for now. */
  pause(): void {
    this.#isPaused = true;
    this.#bound?.attempt.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#bound?.attempt.resume();
  }

  onGranted(place: Place, reservation: Reservation): void {
    if (this.#hasEnded) {
      place.giveBack(reservation, this.#means.clock.now());
      return;
    }
    const now = this.#means.clock.now();
    this.#stopSmallerTimer();
    this.#times.leftQueue(now);
    this.#times.sent(now);
    this.#attempts++;
    this.#place = place;
    this.#path = reservation.path;
    if (place.candidate.isSmaller) this.#fallback = "smaller-model";
    if (!this.#failedAt.has(place)) place.candidate.retryBudget.called(now);
    this.#startTimer(now);
    const attempt = new Attempt(place, reservation, this.#answer, this, this.#means);
    this.#bound = { place, reservation, attempt };
  }

  onLeaseLost(place: Place): void {
    if (this.#bound?.place === place) this.#bound.attempt.loseLease();
  }

  onOver(error: SluiceError): void {
    if (this.#hasEnded) return;
    this.#times.leftQueue(this.#now);
    this.#over(error);
  }

  #over(error: SluiceError): void {
    const isOfBudget = this.#lastWord instanceof SluiceError && this.#lastWord.code === error.code;
    // When to come back has changed meanwhile.
    const lastWord = isOfBudget ? error : (this.#lastWord ?? error);
    this.#lastWord = null;
    this.#fallBack(error, lastWord);
  }

  onComplete(end: CallEnd): void {
    const bound = this.#bound as Bound;
    this.#times.returned(this.#means.clock.now());
    this.#leave();
    this.#settle(bound, end);
    bound.attempt.finishAnswer(end);
  }

  onBroken(end: CallEnd, failure: TransportFailure): void {
    const bound = this.#bound as Bound;
    this.#times.returned(this.#means.clock.now());
    this.#leave();
    bound.reservation.conclude(endOf(failure, bound.place), this.#means.clock.now());
    this.#settle(bound, end);
    bound.attempt.break(upstreamError("upstream_error", failure));
  }

  onFailed(failed: Failed): void {
    const bound = this.#bound as Bound;
    const { place, reservation } = bound;
    const { candidate } = place;
    const now = this.#means.clock.now();
    this.#times.returned(now);
    const restsUntil = reservation.conclude(endOf(failed.why, place), now);
    if (this.#mendsCredential(bound, failed, now)) return;
    const step = this.#nextStep(failed.why, place);
    const wantsRepeat = step.kind === "wait-for-budget" || step.kind === "retry";
    const isFinal = candidate.shadow !== null || (wantsRepeat && !isReplayable(place));
    this.#note(failed, place);
    if (isFinal) this.#conclude(bound, failed, this.#lastWordOf(failed));
    else this.#take(step, bound, failed, restsUntil, now);
  }

  /** It has run nowhere yet. */
  get isNewcomer(): boolean {
    return this.#attempts === 0;
  }

  report(): CallReport {
    const progress = { attempts: this.#attempts, times: this.#times, path: this.#path };
    const { candidate } = this.#place;
    return reportOf(this.plan, candidate, { ...progress, fallback: this.#fallback }, this.#now);
  }

  get #now(): number {
    return this.#means.clock.now();
  }

  /** Only asked under pressure, and where there is a smaller model: nothing else waits for a decision. */
  #diverts(): boolean | Promise<boolean> {
    const { shadow } = this.#best[0].candidate;
    if (this.plan.smaller === NO_CANDIDATES || shadow !== null) return false;
    const { act } = this.plan.pressureLevels;
    const isAtEase = this.#best.some(({ pressure }) => pressure < act);
    if (isAtEase || this.#smallerPlaces().length === 0) return false;
    const untilOver = (this.#times.expiresAt - this.#now) / MICROS_PER_MS;
    const leftMs = Math.min(untilOver, this.plan.task.maxWaitMs);
    this.#deciding = new AbortController();
    return this.plan.suitsSmaller(DECIDING_SHARE * leftMs, this.#deciding.signal);
  }

  #smallerPlaces(): readonly Place[] {
    const { clock } = this.#means;
    this.#smaller ??= this.plan
      .smaller()
      .map((candidate) => new Place(candidate, this.plan, this, clock));
    return this.#smaller;
  }

  /** Where it would be sent at once it goes, the best first; else it waits everywhere. */
  #wait(places: readonly Place[], isPatient = false): void {
    const waiting = places.filter((place) => !this.#race.has(place));
    const isOne = places.length === 1;
    const waits = isOne ? [] : waiting.map((place) => place.foreseenWait(this.#times.expiresAt));
    const free = waits.indexOf(0);
    if (free >= 0 && this.#race.enter(waiting[free])) return;
    const isHopeful = !isOne && jointWait(waits) <= this.#times.expiresAt - this.#now;
    for (const place of waiting) this.#race.enter(place, isPatient || isHopeful);
  }

  #planSmaller(): void {
    const left = this.#times.expiresAt - this.#now;
    if (this.#race.expectedWait > SMALLER_AFTER * left) {
      this.#askSmaller();
      return;
    }
    const at = this.#now + SMALLER_AFTER * left;
    this.#stopSmallerTimer = this.#means.clock.schedule(at, () => {
      if (this.#race.isWaiting) this.#askSmaller();
    });
  }

  /** Says whether it waits there now. */
  #askSmaller(): boolean {
    this.#fallbacks.take("smaller-model");
    const places = this.#smallerPlaces().filter((place) => !this.#failedAt.has(place));
    this.#wait(places);
    return places.some((place) => this.#race.has(place));
  }

  /** What the task wants done instead, in its order; in the end the last word. */
  #fallBack(error: SluiceError, lastWord: LastWord): void {
    if (error.code === "tenant_quota_exhausted") this.#fallbacks.clear();
    for (let next = this.#fallbacks.next; next !== null; next = this.#fallbacks.next) {
      this.#fallbacks.take(next);
      if (!this.#takes(next, error)) continue;
      if (this.#race.isWaiting) {
        this.#lastWord = lastWord;
        this.#times.queued(this.#now);
      }
      return;
    }
    if (typeof lastWord === "function") lastWord();
    else this.#refuse(lastWord);
  }

  #takes(fallback: Fallback, error: SluiceError): boolean {
    switch (fallback) {
      case "smaller-model":
        return this.#askSmaller();
      case "queue":
        this.#wait(
          this.#best.filter((place) => !this.#failedAt.has(place) || this.#shortAt.has(place)),
          true,
        );
        return this.#race.isWaiting;
      case "cached":
        return this.#answerCached();
      case "degrade":
        return this.#answerDegraded(error);
    }
  }

  #answerCached(): boolean {
    const { cached } = this.plan.standIns;
    const report = () => {
      this.#fallback = "cached";
      return this.report();
    };
    if (!cached?.answer(this.#answer, report)) return false;
    this.#leave();
    return true;
  }

  #answerDegraded(error: SluiceError): boolean {
    const { degraded } = this.plan.standIns;
    if (degraded === null) return false;
    this.#leave();
    this.#fallback = "degrade";
    degraded(this.#answer, this.report(), error.retryAfterMs);
    return true;
  }

  #nextStep(why: Verdict | TransportFailure, place: Place): NextStep {
    const { retry } = this.plan;
    const { isRepeatable } = place.candidate;
    // One that only told of a credential's end is not among those that may fail.
    const attempts = this.#attempts - place.credential.mended;
    const circumstances = { attempts, retry, isRepeatable, random: this.#means.random() };
    return "class" in why ? afterVerdict(why, circumstances) : afterFailure(why, circumstances);
  }

  /** Once more with a new credential: the provider has refused before it processed anything. */
  #mendsCredential(bound: Bound, { why, head, end }: Failed, now: number): boolean {
    const { place, reservation } = bound;
    if (!("class" in why) || head === null || !isReplayable(place)) return false;
    if (!place.credential.mends({ ...head, verdict: why }, now)) return false;
    this.#requeued(now);
    reservation.settle(place.countOf(end), now, NO_DEMAND);
    this.#race.renew(place);
    return true;
  }

  #note({ why }: Failed, place: Place): void {
    this.#failedAt.add(place);
    if ("class" in why && why.class === "quota") this.#shortAt.add(place);
    else this.#shortAt.delete(place);
  }

  #take(step: NextStep, bound: Bound, failed: Failed, restsUntil: number, now: number): void {
    const { place, reservation } = bound;
    const { candidate } = place;
    const lastWord = this.#lastWordOf(failed);
    const keptUntil = Math.max(restsUntil, reservation.keptUntil(place.countOf(failed.end), now));
    switch (step.kind) {
      case "wait-for-budget":
        if (keptUntil < this.#times.expiresAt) this.#again(bound, failed, now);
        else {
          const late = waitError("max_wait_exceeded", null, keptUntil - now);
          this.#conclude(bound, failed, late);
        }
        return;
      case "retry": {
        const eligibleAt = Math.max(now + step.delayMs * MICROS_PER_MS, restsUntil);
        const isInTime = Math.max(eligibleAt, keptUntil) < this.#times.expiresAt;
        if (isInTime && candidate.retryBudget.take(now)) {
          this.#again(bound, failed, eligibleAt);
        } else this.#conclude(bound, failed, lastWord);
        return;
      }
      case "stop":
        this.#conclude(bound, failed, this.#stop(step.reason, place, failed, now));
        return;
      case "elsewhere":
        this.#conclude(bound, failed, lastWord);
        return;
      case "deliver":
        this.#deliver(bound, failed, lastWord);
    }
  }

  /** Says what the client is told: of a credential that is not its own no more than that it is not accepted. */
  #stop(reason: StopReason, { candidate }: Place, failed: Failed, now: number): LastWord {
    const { account, target, upstream, ownsCredential } = candidate;
    const isForbidden = reason === "auth" && failed.head?.status === FORBIDDEN;
    const isOurs = reason === "billing" || ownsCredential;
    if (isOurs && (!isForbidden || account.stops.isForbidden(target, now))) {
      account.stop(target, reason);
    }
    const stop = isOurs && !isForbidden ? account.stops.stopOf(target, now) : null;
    return stop === null ? this.#lastWordOf(failed) : stopError(upstream, stop, now);
  }

  /** Nobody backs off alone: it waits here in its old place, and at the others as well. */
  #again(bound: Bound, { end }: Failed, eligibleAt: number): void {
    const { place, reservation } = bound;
    const now = this.#now;
    this.#requeued(now);
    this.#lastWord = null;
    // First, so that where both have room it goes to the one that has not failed.
    this.#waitElsewhere(place);
    this.#race.reenter(place, reservation);
    reservation.retry(place.countOf(end), eligibleAt, this.#times.expiresAt, now);
    if (this.#fallbacks.next === "smaller-model") this.#planSmaller();
  }

  /** Nothing more is tried here: others are, then what the task falls back to; in the end the last word. */
  #conclude(bound: Bound, failed: Failed, lastWord: LastWord): void {
    const { place } = bound;
    const canGoOn =
      place.candidate.shadow === null && isReplayable(place) && mayGoOn(failed, place);
    const others = canGoOn && (this.#hasOthers(place) || this.#fallbacks.next !== null);
    if (!others) {
      this.#deliver(bound, failed, lastWord);
      return;
    }
    const now = this.#now;
    this.#settle(bound, failed.end);
    this.#requeued(now);
    this.#race.forget();
    this.#waitElsewhere(place);
    if (this.#bound !== null || this.#hasEnded) return;
    const error = typeof lastWord === "function" ? this.#errorOf(failed) : lastWord;
    // The answer of an attempt that was left can no longer be passed on as it came.
    if (this.#race.isWaiting) this.#lastWord = error;
    else this.#fallBack(error, error);
  }

  /** Whoever failed, and when one of them may be well again. */
  #errorOf({ why }: Failed): SluiceError {
    if (!("class" in why)) return upstreamError(codeOf(why), why);
    const names = [...new Set([...this.#failedAt].map(({ candidate }) => candidate.upstream))];
    const retryAfterMs = why.retryAfterMs ?? UNWELL_MS;
    const words = `${names.join(" and ")} could not serve this; try again in ${retryAfterMs / 1_000} s`;
    return new SluiceError("upstream_unavailable", words, { details: { retryAfterMs } });
  }

  #hasOthers(place: Place): boolean {
    return this.#best.some((other) => other !== place && !this.#failedAt.has(other));
  }

  #waitElsewhere(place: Place): void {
    const others = this.#best.filter((other) => other !== place && !this.#failedAt.has(other));
    if (others.length > 0) this.#wait(others);
  }

  #lastWordOf({ deliver, why }: Failed): LastWord {
    if (deliver !== null) return deliver;
    if (awaitsClient(this.#place.candidate.outbound)) return clientError();
    return upstreamError(codeOf(why as TransportFailure), why as TransportFailure);
  }

  #deliver(bound: Bound, failed: Failed, lastWord: LastWord): void {
    if (typeof lastWord === "function") {
      lastWord();
      return;
    }
    this.#settle(bound, failed.end);
    this.#refuse(lastWord);
  }

  /** The attempt is over, and it waits for another. */
  #requeued(now: number): void {
    this.#stopTimer();
    this.#bound = null;
    this.#times.queued(now);
  }

  #refuse(error: SluiceError): void {
    this.#leave();
    this.#answer.refuse(error, this.report());
  }

  #settle({ place, reservation }: Bound, end: CallEnd): void {
    place.settle(reservation, end, this.#now);
  }

  #startTimer(now: number): void {
    const { upstreamMs } = this.plan;
    const deadlineMs = Math.max(0, (this.#times.deadlineAt - now) / MICROS_PER_MS);
    const isDeadline = deadlineMs <= upstreamMs;
    this.#stopTimer = afterLong(Math.min(upstreamMs, deadlineMs), () => this.#timeOut(isDeadline));
  }

  /** The provider takes too long: what it has done is settled, and no other is asked in the time that is over. */
  #timeOut(isDeadline: boolean): void {
    const bound = this.#bound;
    if (this.#hasEnded || bound === null) return;
    this.#stopTimer();
    this.#bound = null;
    const isStarved = awaitsClient(bound.place.candidate.outbound);
    const end = bound.attempt.abort();
    // A client's own deadline says nothing of the provider, and its timer may fire a moment early;
    // nor does a client that sends or reads too slowly.
    const isClients = isDeadline || isStarved || this.#isPaused;
    if (!isClients) bound.reservation.conclude(TIMEOUT_VERDICT, this.#now);
    this.#settle(bound, end);
    const words = `${bound.place.candidate.upstream} took too long`;
    const error = isStarved ? clientError() : new SluiceError("upstream_timeout", words);
    if (!bound.attempt.isPassing) {
      this.#fallbacks.take("smaller-model");
      this.#fallbacks.take("queue");
      this.#fallBack(error, error);
      return;
    }
    this.#leave();
    bound.attempt.break(error);
  }

  /** From here on nothing that anybody says matters. */
  #leave(): void {
    this.#hasEnded = true;
    this.#deciding?.abort();
    this.#race.leave();
    this.#stopTimer();
    this.#stopSmallerTimer();
    this.#means.onEnded();
  }
}

function nothing(): void {}

/** Whoever waits at several places stands in every queue, and is served by the first: rates add up. */
function jointWait(waits: readonly number[]): number {
  return 1 / waits.reduce((sum, wait) => sum + 1 / wait, 0);
}

function isReplayable({ candidate }: Place): boolean {
  const { body } = candidate.outbound;
  return body === null || typeof body === "string" || body instanceof Uint8Array;
}

/** Would another candidate do better, and is it safe to ask? */
function mayGoOn({ why, end }: Failed, { candidate }: Place): boolean {
  if ("class" in why && !ELSEWHERE.has(why.class)) return false;
  const isUnprocessed = end.kind === "never-sent" || ("class" in why && UNPROCESSED.has(why.class));
  return isUnprocessed || candidate.isRepeatable;
}

const ELSEWHERE: ReadonlySet<string> = new Set([
  "quota",
  "billing",
  "auth",
  "overload",
  "transient",
  "timeout",
]);
const UNPROCESSED: ReadonlySet<string> = new Set(["quota", "billing", "auth", "overload"]);

/** Null: no answer, for a reason that says nothing of the provider. */
function endOf(why: Verdict | TransportFailure, { candidate }: Place): AttemptEnd {
  if ("class" in why) return why;
  if (awaitsClient(candidate.outbound)) return null;
  if (why.kind === "timeout") return TIMEOUT_VERDICT;
  return why.kind === "aborted" || why.kind === "lease-lost" ? null : "unreached";
}
