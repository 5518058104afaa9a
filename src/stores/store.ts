/**
 * Store: where the queue and the meters of one upstream account live. One step is a batch of
 * operations, in their order, and one pump; whoever shares an account shares its store.
 *
 * In memory it is the core's scheduler, in Redis the same arithmetic in Lua; both grant the same
 * requests in the same order. Amounts at meters are micro-units, times microseconds.
 */
import type { Demand, Dimension } from "../core/demand.ts";
import type { Pace } from "../core/meter/pace.ts";

/** A request's number in its store, from its queueing to its settlement. */
export type Ticket = number;

export interface MeterSpec {
  /** The same key is the same meter, whoever asks. */
  readonly key: string;
  readonly kind: "bucket" | "sliding" | "fixed" | "slots";
  readonly dimension: Dimension;
  /** What it counts over, in words. */
  readonly selector: string;
  readonly capacity: number;
  /** Length of its window; 0 for slots. */
  readonly per: number;
  readonly pace: Pace;
  /** Fixed windows: where a calendar ends them, in order; after the last they are `per` long from the epoch. */
  readonly ends: readonly number[];
  /** What is available where it is new, micro-units; absent: a share of its capacity. */
  readonly level?: number;
}

/** A shared meter by its number or key, or a tenant's own by its place. */
export type MeterReference = number | string | { readonly tenant: string; readonly place: number };

export interface EnqueueOperation {
  readonly kind: "enqueue";
  readonly tenant: string;
  readonly weight: number;
  /** The tenant has meters of its own; see {@link TenantOperation}. */
  readonly hasOwnMeters: boolean;
  readonly band: number;
  /** What a `path` operation has returned, or its key. */
  readonly path: number | string;
  readonly demand: Demand;
  /** The wait ends in a refusal after this time. */
  readonly patience: number;
  /** The complete answer is due after this time; null: no deadline. */
  readonly dueIn: number | null;
  readonly isChainStep: boolean;
}

/** The shared meters that requests of one kind must fit in; made once, then known by its key. */
export interface PathOperation {
  readonly kind: "path";
  readonly key: string;
  readonly meters: readonly MeterSpec[];
  /** Share of each new meter that is available, 0 to 1. */
  readonly initialShare: number;
}

/** A tenant's own meters; those it has stay as they are. */
export interface TenantOperation {
  readonly kind: "tenant";
  readonly tenant: string;
  readonly meters: readonly MeterSpec[];
  readonly initialShare: number;
}

/** Requests that an instance has refused before they got here: they take nothing, but they press, too. */
export interface RefusedOperation {
  readonly kind: "refused";
  readonly path: number | string;
  readonly band: number;
  /** Of all of them together. */
  readonly demand: Demand;
  readonly count: number;
}

export type Correction =
  | {
      readonly kind: "adjust";
      readonly meter: MeterReference;
      readonly delta: number;
      /**
       * Only if the meter has been corrected so often by now; then the result is the next number,
       * otherwise false. Absent: in any case.
       */
      readonly seen?: number;
    }
  | {
      readonly kind: "resize";
      readonly meter: MeterReference;
      readonly capacity: number;
      readonly per: number;
      readonly pace: Pace;
    }
  | { readonly kind: "foreign"; readonly meter: MeterReference; readonly rate: number }
  | { readonly kind: "margin"; readonly meter: MeterReference; readonly share: number }
  /** Nothing that touches it leaves for so long. */
  | { readonly kind: "freeze"; readonly meter: MeterReference; readonly micros: number }
  /** The newest word on how long it rests, 0: no more; one request may find out after `probeIn`, null: none. */
  | {
      readonly kind: "rest";
      readonly meter: MeterReference;
      readonly micros: number;
      readonly probeIn: number | null;
    };

export type Operation =
  | PathOperation
  | TenantOperation
  | EnqueueOperation
  | RefusedOperation
  | { readonly kind: "weigh"; readonly tenant: string; readonly weight: number }
  | { readonly kind: "cancel"; readonly ticket: Ticket }
  | { readonly kind: "settle"; readonly ticket: Ticket; readonly counted: Demand }
  | {
      readonly kind: "retry";
      readonly ticket: Ticket;
      readonly counted: Demand;
      readonly eligibleIn: number;
      readonly expiresIn: number;
    }
  | Correction;

export interface StoreRefusal {
  readonly code:
    | "queue_full"
    | "demand_exceeds_limit"
    | "max_wait_exceeded"
    | "tenant_quota_exhausted"
    /** It was forgotten, or there was no room for it: at most so many are kept. */
    | "path_unknown";
  /** Key of the meter that binds; empty: none does. */
  readonly meter: string;
}

/** A path's or ticket's number, whether there was something to do, or why a request is not queued. */
export type OperationResult = number | boolean | StoreRefusal;

export interface StepAnswer {
  /** The store's time. */
  readonly now: number;
  /** One for each operation, in their order. */
  readonly results: readonly OperationResult[];
  /** Tickets of this instance that may be sent now, in the order of their grants. */
  readonly granted: readonly Ticket[];
  /** Whose wait is over, or has become hopeless. */
  readonly expired: readonly Ticket[];
  /** Who made room for more important ones in a full queue. */
  readonly displaced: readonly Ticket[];
  /** When to step again if nothing else happens; Infinity: nothing to wait for. */
  readonly wakeAt: number;
}

export interface Store {
  /**
   * Does a batch of operations and grants whatever fits.
   *
   * @throws SluiceError `store_unavailable` if the store does not answer in time
   */
  step(operations: readonly Operation[]): Promise<StepAnswer>;
}
