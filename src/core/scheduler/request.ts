/** Request: what is queued, with everything decided that the order depends on. */
import type { Demand } from "../demand.ts";
import type { Path } from "./path.ts";
import type { Tenant } from "./tenant.ts";

export interface EnqueueRequest {
  readonly tenant: Tenant;
  readonly path: Path;
  readonly band: number;
  readonly demand: Demand;
  /** The wait ends in a refusal then, microseconds. */
  readonly expiresAt: number;
  /** When the complete answer is due, microseconds; null: no deadline. */
  readonly deadline: number | null;
  /** A further step of a running chain goes before new work of its tenant. */
  readonly isChainStep: boolean;
  /** It is queued however little hope there is, and waits to the end. @default false */
  readonly isPatient?: boolean;
  /** It has not waited before, so under pressure it may be refused for that. @default true */
  readonly isNewcomer?: boolean;
  /** Handed back in `Pumped`. */
  readonly reference: unknown;
}
