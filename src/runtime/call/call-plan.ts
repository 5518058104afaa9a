/** Call plan: everything about one request that is decided before it queues. */
import type { Demand } from "../../core/demand.ts";
import type { CallEnd, Dialect, Forecast, Operation } from "../../core/dialect.ts";
import type { Task } from "../../core/task.ts";
import type { Account, AccountTenant } from "../account/account.ts";
import type { CallTarget } from "../account/limit-table.ts";
import type { ShadowPass } from "../shadow/shadow-pass.ts";
import type { Outbound } from "../transport/transport.ts";
import type { PressureLevels } from "./advice.ts";

/** How often and how patiently a call is tried again. */
export interface RetryPolicy {
  /** Attempts in all, at least 1. */
  readonly attempts: number;
  readonly baseMs: number;
}

export interface CallPlan {
  readonly id: string;
  readonly upstream: string;
  readonly dialect: Dialect;
  readonly account: Account;
  /** In shadow mode: what asks in the account's stead, so that nothing is held back. */
  readonly shadow: ShadowPass | null;
  readonly target: CallTarget;
  readonly tenant: AccountTenant;
  readonly task: Task;
  readonly band: () => number;
  readonly operation: Operation;
  readonly forecast: Forecast;
  /** Hears once how the call has ended, if it was granted; tells what its tenant has used. */
  readonly onSettled: (end: CallEnd) => Demand;
  readonly outbound: Outbound;
  /** The credential is Sluice's own, so a provider's complaint about it is not the client's affair. */
  readonly ownsCredential: boolean;
  /** Usage was asked for on the client's behalf: the event that carries it is taken out again. */
  readonly hidesUsageEvent: boolean;
  /** May be sent again although the provider may have processed it. */
  readonly isRepeatable: boolean;
  /** From arrival to the end of the answer, milliseconds. */
  readonly upstreamMs: number;
  readonly retry: RetryPolicy;
  /** From which pressure on clients are advised to ask for less. */
  readonly pressureLevels: PressureLevels;
  /** When it arrived, microseconds since the epoch. */
  readonly arrivedAt: number;
}
