/** Answer: the port to whoever made the call. Exactly one of `refuse`, `end` and `broken` ends it. */
import type { HeaderView } from "../../core/dialect.ts";
import type { SluiceError } from "../../core/errors.ts";
import type { Meter } from "../../core/meter/meter.ts";
import type { Fallback } from "../../core/task.ts";
import type { ShadowVerdict } from "../shadow/shadow-pass.ts";
import type { Advice } from "./advice.ts";

/** What was left out of a chat that was too long. */
export interface LeftOut {
  readonly messages: number;
  /** About so many. */
  readonly tokens: number;
}

/** What Sluice did for a call, for the answer's `x-sluice-*` headers and for events. */
export interface CallReport {
  readonly id: string;
  readonly upstream: string;
  readonly model: string | null;
  readonly attempts: number;
  /** Time in the queue over all attempts. */
  readonly waitMs: number;
  /** Time that was neither waiting nor the provider's. */
  readonly overheadMs: number;
  /** What was done instead of what was asked for; null: nothing. */
  readonly fallback: Fallback | null;
  /** What was left out of its history; null: nothing. */
  readonly trimmed: LeftOut | null;
  readonly pressure: number;
  /** What its agent could do about it. */
  readonly advice: readonly Advice[];
  /** In shadow mode: what would have been done. */
  readonly shadow: ShadowVerdict | null;
  /** What the call had to fit in: the account's meters and the tenant's own. */
  readonly meters: readonly Meter[];
  /** What the call's class must leave untouched in each of them, micro-units; absent: nothing. */
  readonly floors: ArrayLike<number>;
}

export interface Answer {
  head(status: number, headers: HeaderView, report: CallReport): void;
  /** False: please pause until `Call.resume`. */
  data(chunk: Uint8Array): boolean;
  /** `isWhole`: false where what has passed tells of a failure, or its end is missing. */
  end(isWhole: boolean): void;
  /** Nothing was sent to the client yet. */
  refuse(error: SluiceError, report: CallReport): void;
  /** The provider broke off after the answer had begun: it must not look complete. */
  broken(error: SluiceError): void;
}
