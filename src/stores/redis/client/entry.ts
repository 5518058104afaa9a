/** Entry: one request of this instance in a shared queue, from its queueing to its settlement. */
import type { Demand } from "../../../core/demand.ts";
import type { EnqueueOperation, MeterSpec, StoreRefusal, Ticket } from "../../store.ts";

/** The shared meters that requests of one kind must fit in. */
export interface SharedPath {
  readonly key: string;
  readonly meters: readonly MeterSpec[];
}

export interface SharedRequest {
  readonly tenant: string;
  readonly weight: number;
  readonly band: number;
  readonly path: SharedPath;
  readonly demand: Demand;
  /** Microseconds of this instance's clock: the wait ends in a refusal then. */
  readonly expiresAt: number;
  /** When the complete answer is due; null: no deadline. */
  readonly deadline: number | null;
  readonly isChainStep: boolean;
}

/** Requests of one kind, `demand` all of them together. */
export interface CountedRequests {
  readonly path: SharedPath;
  readonly band: number;
  readonly demand: Demand;
  readonly count: number;
}

export type EntryRefusal = Exclude<StoreRefusal["code"], "path_unknown"> | "store_unavailable";

export interface EntryListener {
  /** The store has it; `ahead` of its tenant and band waited there by then, at whatever instance. */
  onQueued?(ahead: number): void;
  onGranted(): void;
  /** The wait is over without a grant. */
  onRefused(code: EntryRefusal): void;
}

export class Entry {
  readonly request: SharedRequest;
  readonly listener: EntryListener;
  state: "waiting" | "granted" | "ended" = "waiting";
  /** Null: the store has not answered yet. */
  ticket: Ticket | null = null;
  /** Its end was asked for before the store had given it a number. */
  isUnwanted = false;
  /** The store did not know its path, and was told it again. */
  isPathRetold = false;
  /** What is to be told of it once the store has given it a number. */
  onPlaced: (() => void) | null = null;
  expiresAt: number;
  grantedAt = 0;

  constructor(request: SharedRequest, listener: EntryListener) {
    this.request = request;
    this.listener = listener;
    this.expiresAt = request.expiresAt;
  }
}

/** How a store is asked to queue it; times travel as what is left of them. */
export function enqueueOf({ request, expiresAt }: Entry, now: number): EnqueueOperation {
  const { tenant, weight, band, path, demand, deadline, isChainStep } = request;
  return {
    ...{ kind: "enqueue", tenant, weight, band, demand, isChainStep, path: path.key },
    hasOwnMeters: false,
    patience: expiresAt - now,
    dueIn: deadline === null ? null : Math.max(0, deadline - now),
  };
}
