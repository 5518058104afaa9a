/** Call plan: everything about one request that is decided before it queues. */
import type { Demand } from "../../core/demand.ts";
import type { CallEnd, Dialect, Forecast } from "../../core/dialect.ts";
import type { RetryBudget } from "../../core/retry/retry-budget.ts";
import type { Task } from "../../core/task.ts";
import type { Account } from "../account/account.ts";
import type { AccountTenant } from "../account/ask.ts";
import type { CallTarget } from "../account/limit-table.ts";
import type { Authorizer } from "../credential/authorizer.ts";
import type { UnitPlan } from "../forecast/unit-forecast.ts";
import type { ShadowPass } from "../shadow/shadow-pass.ts";
import type { Outbound } from "../transport/transport.ts";
import type { PressureLevels } from "./advice.ts";
import type { Answer, CallReport, LeftOut } from "./answer.ts";

/** How often and how patiently a call is tried again. */
export interface RetryPolicy {
  /** Attempts in all, at least 1. */
  readonly attempts: number;
  readonly baseMs: number;
}

/** What is decided of a request, whoever serves it. */
export interface CallPlan {
  readonly id: string;
  readonly tenant: AccountTenant;
  readonly task: Task;
  readonly band: () => number;
  /** As good as the best, best first; at least one. */
  readonly candidates: readonly Candidate[];
  /** Of lower quality, best first; planned when they are needed. */
  readonly smaller: () => readonly Candidate[];
  /** Does a smaller model do as well? A promise never rejects, and takes at most `patienceMs`. */
  readonly suitsSmaller: (patienceMs: number, signal: AbortSignal) => boolean | Promise<boolean>;
  /** Answers in the upstream's stead; the first that has one is taken. */
  readonly standIns: StandIns;
  /** From arrival to the end of the answer, milliseconds. */
  readonly upstreamMs: number;
  readonly retry: RetryPolicy;
  /** From which pressure on clients are advised to ask for less. */
  readonly pressureLevels: PressureLevels;
  /** When it arrived, microseconds since the epoch. */
  readonly arrivedAt: number;
}

/** One upstream and model that may serve a request. */
export interface Candidate {
  readonly upstream: string;
  readonly dialect: Dialect;
  readonly account: Account;
  /** In shadow mode: what asks in the account's stead, so that nothing is held back. */
  readonly shadow: ShadowPass | null;
  readonly target: CallTarget;
  readonly isSmaller: boolean;
  readonly forecast: Forecast;
  /** What the platform counts by itself, learned from its answers; null: it counts nothing so. */
  readonly units: UnitPlan | null;
  /** Hears once how the call has ended here, if it was granted; tells what its tenant has used. */
  readonly onSettled: (end: CallEnd) => Demand;
  readonly outbound: Outbound;
  /** Puts a credential of ours on each attempt; null: the outbound request has all it needs. */
  readonly authorizer: Authorizer | null;
  /** The credential is Sluice's own, so a provider's complaint about it is not the client's affair. */
  readonly ownsCredential: boolean;
  /** Usage was asked for on the client's behalf: the event that carries it is taken out again. */
  readonly hidesUsageEvent: boolean;
  /** May be sent again although the provider may have processed it. */
  readonly isRepeatable: boolean;
  /** Failures here are repeated out of it. */
  readonly retryBudget: RetryBudget;
  /** Its answers are in another format than the client's. */
  readonly adapt?: (answer: Answer) => Answer;
  /** What was left out of its history; absent: nothing. */
  readonly trimmed?: LeftOut;
}

/** Answers that need no upstream; each ends the answer it is given, or says that it has none. */
export interface StandIns {
  /** An answer to the same request, kept earlier; `null`: nothing is kept. */
  readonly cached: CachedAnswer | null;
  /** A well-formed answer that says what happened and when to come back, milliseconds. */
  readonly degraded:
    | ((answer: Answer, report: CallReport, retryAfterMs: number | null) => void)
    | null;
}

export interface CachedAnswer {
  /** Answered before anybody is asked. */
  readonly comesFirst: boolean;
  /** False: there is none. */
  answer(answer: Answer, report: () => CallReport): boolean;
  /** Keeps what passes. */
  keep(answer: Answer): Answer;
}

export const NO_STAND_INS: StandIns = Object.freeze({ cached: null, degraded: null });

/** There are none of lower quality. */
export const NO_CANDIDATES = (): readonly Candidate[] => [];
