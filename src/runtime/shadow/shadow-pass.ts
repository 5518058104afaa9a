/**
 * Shadow pass: one request that goes at once, while its twin waits in the account's shadow.
 *
 * The shadow has meters and a scheduler of its own, in which the request is granted or refused as
 * it would be if Sluice were in charge, holds its place as long as the real call took, and is
 * settled by the real answer. So one tells what is, the other what would be.
 */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { Demand } from "../../core/demand.ts";
import type { CallEnd } from "../../core/dialect.ts";
import type { Account } from "../account/account.ts";
import type { AccountTenant, Ask, AskRefusal } from "../account/ask.ts";
import type { CallTarget } from "../account/limit-table.ts";
import type { Reservation } from "../account/reservation.ts";
import { PassedReservation } from "./passed-reservation.ts";

/** What the scheduler would have done with one request. */
export interface ShadowVerdict {
  /** In the queue; while it is not decided yet, what is foreseen. */
  readonly waitMs: number;
  /** Null: it would have been sent. */
  readonly refused: AskRefusal["code"] | null;
}

export interface ShadowSurroundings {
  readonly account: Account;
  /** The account's shadow. */
  readonly twin: Account;
  /** With meters of its own in the shadow. */
  readonly twinTenant: AccountTenant;
  readonly now: () => number;
  readonly onDecided: (verdict: ShadowVerdict) => void;
  readonly onUpstream429: () => void;
  readonly countRunning: (change: 1 | -1) => void;
  /** Calls `fire` at that time, unless everything ends before. */
  readonly schedule: (at: number, fire: () => void) => void;
}

export class ShadowPass {
  readonly #around: ShadowSurroundings;
  #sentAt = 0;
  /** Null: refused. */
  #place: Reservation | null = null;
  #verdict: ShadowVerdict | null = null;
  #grantedAt: number | null = null;
  /** How the real call has ended; null: it runs. */
  #ended: { readonly counted: Demand; readonly tookMicros: number } | null = null;
  /** Null: the provider has not answered. */
  #was429: boolean | null = null;

  constructor(around: ShadowSurroundings) {
    this.#around = around;
  }

  /** What is held back is missing from the queues of the real account, so only the twin feels pressure. */
  pressureFor(target: CallTarget): number {
    const { twin } = this.#around;
    return twin.pressureAt(twin.pathFor(target));
  }

  /** As an account's `ask`, but the grant always comes, in this turn of the event loop. */
  ask(ask: Ask): Reservation {
    const { account, now } = this.#around;
    this.#sentAt = now();
    const passed = new PassedReservation(account, ask, this.#sentAt, (counted, at) =>
      this.#settled(this.#was429 ? ask.demand : counted, at),
    );
    this.#around.countRunning(1);
    queueMicrotask(() => ask.onGranted());
    this.#askTwin(ask);
    return passed;
  }

  verdict(): ShadowVerdict {
    if (this.#verdict !== null) return this.#verdict;
    const waitMs = (this.#place?.expectedWait ?? 0) / MICROS_PER_MS;
    return { waitMs: Math.max(waitMs, this.#waitedMs()), refused: null };
  }

  /**
   * Tell it before the settlement. What the provider refused for want of budget would have been
   * sent later and served, so in the shadow it counts as it was foreseen.
   */
  ended(end: CallEnd): void {
    if (this.#was429 !== null) return;
    this.#was429 = end.kind === "answered" && end.verdict.class === "quota";
    if (this.#was429) this.#around.onUpstream429();
  }

  /** Listeners of the twin hold nothing of the call: it may wait long after the call has ended. */
  #askTwin({ request, target, band, demand, expiresAt, deadline, isChainStep }: Ask): void {
    const { twin, twinTenant } = this.#around;
    const asked = twin.ask({
      request,
      tenant: twinTenant,
      target,
      band,
      demand,
      expiresAt,
      deadline,
      isChainStep,
      onGranted: () => this.#grant(),
      onRefused: ({ code }) => this.#decide(code),
      onClosed: () => {},
    });
    if (asked.kind === "refused") this.#decide(asked.code);
    else this.#place = asked;
  }

  #grant(): void {
    this.#grantedAt = this.#around.now();
    this.#decide(null);
    this.#settleTwin();
  }

  #decide(refused: AskRefusal["code"] | null): void {
    if (refused !== null) this.#place = null;
    this.#verdict = { waitMs: this.#waitedMs(), refused };
    this.#around.onDecided(this.#verdict);
  }

  #settled(counted: Demand, now: number): void {
    this.#ended = { counted, tookMicros: now - this.#sentAt };
    this.#settleTwin();
    this.#around.countRunning(-1);
  }

  /** Once granted there and ended here, the twin runs as long as the call did. */
  #settleTwin(): void {
    const place = this.#place;
    if (place === null || this.#grantedAt === null || this.#ended === null) return;
    const { counted, tookMicros } = this.#ended;
    const { now, schedule } = this.#around;
    const endsAt = this.#grantedAt + tookMicros;
    if (endsAt <= now()) place.settle(counted, now());
    else schedule(endsAt, () => place.settle(counted, now()));
  }

  #waitedMs(): number {
    return (this.#around.now() - this.#sentAt) / MICROS_PER_MS;
  }
}
