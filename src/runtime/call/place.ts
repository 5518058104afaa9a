/** Place: one candidate of a call, with what it would take there and the credential it would go with. */
import { type Clock, MICROS_PER_MS, MICROS_PER_SECOND } from "../../core/clock.ts";
import { type Demand, NO_DEMAND } from "../../core/demand.ts";
import type { CallEnd, Forecast } from "../../core/dialect.ts";
import type { SluiceError } from "../../core/errors.ts";
import type { Ask, AskRefusal } from "../account/ask.ts";
import type { Reservation } from "../account/reservation.ts";
import { countedWithMoney } from "../tenants/call-price.ts";
import { CallCredential } from "./call-credential.ts";
import type { CallPlan, Candidate } from "./call-plan.ts";
import { refusalError, stopError, unwellError } from "./refusals.ts";

export interface PlaceListener {
  onGranted(): void;
  onRefused(error: SluiceError): void;
  onClosed(): void;
  onLeaseLost(): void;
}

export class Place {
  readonly candidate: Candidate;
  readonly credential: CallCredential;
  readonly #plan: CallPlan;
  readonly #call: { readonly isNewcomer: boolean };
  readonly #clock: Clock;
  #forecast: Forecast;

  /** `call`: the same object for all places of one call, and whether it has run nowhere yet. */
  constructor(
    candidate: Candidate,
    plan: CallPlan,
    call: { readonly isNewcomer: boolean },
    clock: Clock,
  ) {
    this.candidate = candidate;
    this.#plan = plan;
    this.#call = call;
    this.#clock = clock;
    this.#forecast = candidate.forecast;
    this.credential = new CallCredential(candidate, clock);
  }

  /** What keeps everything from being sent here; null: nothing. */
  stopped(now: number): SluiceError | null {
    const { account, target, upstream, shadow } = this.candidate;
    const stop = shadow === null ? account.stops.stopOf(target, now) : null;
    return stop === null ? null : stopError(upstream, stop, now);
  }

  /** Of the meters that it needs here, 0 to 1. */
  get pressure(): number {
    const { account, target } = this.candidate;
    return account.pressureAt(account.pathFor(target));
  }

  /** How long it would probably wait here, microseconds; Infinity: it would not be served. */
  foreseenWait(expiresAt: number): number {
    const { account, shadow } = this.candidate;
    if (shadow !== null) return 0;
    const now = this.#clock.now();
    if (this.stopped(now) !== null || !this.credential.isReady(now))
      return Number.POSITIVE_INFINITY;
    const assessment = account.assess(this.#askFor(expiresAt, false, NOBODY));
    if (assessment.kind === "servable") return assessment.wait;
    const isLate = assessment.code === "max_wait_exceeded";
    return (isLate ? assessment.retryAfter : null) ?? Number.POSITIVE_INFINITY;
  }

  /** `isPatient`: it waits to the end, however little hope there is. */
  ask(expiresAt: number, isPatient: boolean, listener: PlaceListener): Reservation | SluiceError {
    const { account, shadow } = this.candidate;
    const asked = (shadow ?? account).ask(this.#askFor(expiresAt, isPatient, listener));
    return asked.kind === "refused" ? this.#errorOf(asked) : asked;
  }

  /** What the provider's meters count of a call that ended so. */
  countOf(end: CallEnd): Demand {
    return this.candidate.dialect.settle(this.#forecast, end);
  }

  settle(reservation: Reservation, end: CallEnd, now: number): void {
    const used = this.candidate.onSettled(end);
    const isAnswered = end.kind === "answered";
    if (isAnswered) reservation.conclude(end.verdict, now);
    if (isAnswered && end.verdict.class === "ok") {
      this.credential.accepted();
      this.candidate.account.stops.served(this.candidate.target, now);
    }
    reservation.settle(countedWithMoney(this.countOf(end), this.#forecast, used), now, used);
  }

  /** Granted, but nothing was sent. */
  giveBack(reservation: Reservation, now: number): void {
    if (!reservation.cancel()) reservation.settle(NO_DEMAND, now);
  }

  /** Limits and costs that an answer's body tells; after this its end may be concluded. */
  learnUnits(reservation: Reservation, told: unknown, end: CallEnd): void {
    const { dialect, units } = this.candidate;
    const learned = dialect.units?.told(told, this.#clock.now() / MICROS_PER_MS);
    if (units === null || learned === undefined || learned === null) return;
    units.learn(learned.reserved);
    reservation.observeBody(learned.limits, this.countOf(end));
  }

  #askFor(expiresAt: number, isPatient: boolean, listener: PlaceListener): Ask {
    const { tenant, band, task, arrivedAt } = this.#plan;
    const { units, target, forecast } = this.candidate;
    const { deadlineMs, chain } = task;
    return {
      request: this.#call,
      tenant,
      target,
      band,
      demand: forecast.charged,
      demandNow: units === null ? undefined : () => this.#demandNow(),
      expiresAt,
      isPatient,
      isNewcomer: this.#call.isNewcomer,
      deadline: deadlineMs === null ? null : arrivedAt + deadlineMs * MICROS_PER_MS,
      isChainStep: chain !== null && chain.step > 1,
      onGranted: () => listener.onGranted(),
      onRefused: (refusal) => listener.onRefused(this.#errorOf(refusal)),
      onClosed: () => listener.onClosed(),
      onLeaseLost: () => listener.onLeaseLost(),
    };
  }

  /** What calls like this take is learned from every answer, also for those that wait by now. */
  #demandNow(): Demand {
    this.#forecast = this.candidate.units?.foresee(this.#forecast) ?? this.#forecast;
    return this.#forecast.charged;
  }

  /** Until a breaker has closed it is not the budget that has no room. */
  #errorOf(refusal: AskRefusal): SluiceError {
    const { account, target, upstream } = this.candidate;
    if (refusal.code !== "max_wait_exceeded") return refusalError(refusal);
    const breaker = account.breakerOf(target.model);
    if (breaker.kind === "closed") return refusalError(refusal);
    const wait = breaker.kind === "open" ? breaker.until - this.#clock.now() : refusal.retryAfter;
    return unwellError(upstream, wait ?? MICROS_PER_SECOND);
  }
}

const NOBODY: PlaceListener = { onGranted() {}, onRefused() {}, onClosed() {}, onLeaseLost() {} };
