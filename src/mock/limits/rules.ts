/** Rules of an account: what one provider limits, and in which way. */
import type { MeterRules } from "./limits.ts";

export interface AccountRules {
  readonly meters: MeterRules;
  /** From how long on a running request takes a slot, in milliseconds. */
  readonly slotsCountAfterMs: number;
}
