/** Ask: what a request wants of an account, and how it hears what became of it. */
import type { Demand } from "../../core/demand.ts";
import type { Meter } from "../../core/meter/meter.ts";
import type { Refusal } from "../../core/scheduler/refusal.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { CallTarget } from "./limit-table.ts";

/** A tenant as accounts see it: its weight, and its own meters, which all accounts share. */
export interface AccountTenant {
  readonly id: string;
  readonly weight: number;
  readonly meters: readonly Meter[];
}

/** The scheduler's answer, or that of a store which cannot be asked. */
export type AskRefusal = Refusal | StoreRefusal;

export interface StoreRefusal {
  readonly kind: "refused";
  readonly code: "store_unavailable";
  readonly meter: null;
  /** Microseconds. */
  readonly retryAfter: number;
}

export interface Ask {
  /** The same object for all asks of one request, at whatever account. */
  readonly request: object;
  readonly tenant: AccountTenant;
  readonly target: CallTarget;
  /** Index of the strict class in the scheduler's bands; asked again after a reload. */
  readonly band: () => number;
  readonly demand: Demand;
  /** The demand by what is known by now, asked again whenever it queues anew; absent: it stays the same. */
  readonly demandNow?: () => Demand;
  /** Microseconds since the epoch. */
  readonly expiresAt: number;
  readonly deadline: number | null;
  readonly isChainStep: boolean;
  /** It waits to the end, however little hope there is. @default false */
  readonly isPatient?: boolean;
  /** It has not waited or run anywhere before. @default true */
  readonly isNewcomer?: boolean;
  onGranted(): void;
  /** The wait is over without a grant: its time has come, or a reload has made it hopeless. */
  onRefused(refusal: AskRefusal): void;
  /** The account is closed: there will be no grant. */
  onClosed(): void;
  /** It was granted, but others may be given what it holds: whatever runs has to end now. */
  onLeaseLost?(): void;
}

/** An answer, judged; no connection, or a broken one; null: neither, and nobody is to blame. */
export type AttemptEnd = Verdict | "unreached" | null;
