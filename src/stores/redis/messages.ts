/** Messages: what goes to the step script and what comes back, as MessagePack, which Redis's Lua speaks too. */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { amountOf, type Demand, type Dimension } from "../../core/demand.ts";
import { COLUMNS, toMicro } from "../../core/queue/tickets.ts";
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import type { Hold } from "../../core/scheduler/relief.ts";
import type {
  EnqueueOperation,
  MeterReference,
  MeterSpec,
  Operation,
  OperationResult,
  Ticket,
} from "../store.ts";

export interface StepOptions extends SchedulerOptions {
  /** The same where bands, guarantees and ceilings are. */
  readonly layout: string;
  readonly grantsPerPump: number;
  /** A tenant's accounts, one a band, that are remembered; idle ones beyond it are forgotten. */
  readonly maxAccounts: number;
  /** After a loss nothing is granted for so long, until all instances have told what they have. */
  readonly learningMicros: number;
}

/** What an instance that the store does not know tells of itself; see `lua/instances.lua`. */
export type LifeOperation =
  | { readonly kind: "leave"; readonly instance: string; readonly isBehind: boolean }
  /** It ends, and has nothing more to say. */
  | { readonly kind: "goodbye" }
  | { readonly kind: "cap"; readonly share: number }
  | {
      readonly kind: "charge";
      readonly path: string;
      readonly counted: Demand;
      readonly isUnsettled: boolean;
    }
  | {
      readonly kind: "assert";
      readonly entry: EnqueueOperation;
      /** Granted so long ago. */
      readonly since: number;
      /** The life it was granted to. */
      readonly previous: string;
    };

/** What instances tell each other that is no meter's; the newest holds. */
export interface NoteOperation {
  readonly kind: "note";
  readonly key: string;
  readonly value: string;
  /** Only where nothing is known by that name. */
  readonly isFirst: boolean;
}

/** A meter as it is in the store; amounts are micro-units, times microseconds. */
export interface ReportedMeter {
  readonly key: string;
  readonly level: number;
  readonly charged: number;
  /** How often its level was corrected, and by how much in all. */
  readonly corrections: number;
  readonly corrected: number;
  readonly capacity: number;
  readonly per: number;
  readonly foreign: number;
  /** Null: the scheduler's. */
  readonly margin: number | null;
  /** 0: it does not rest. */
  readonly restsFor: number;
  /** When one request may find out whether it still has to rest; null: none. */
  readonly probeIn: number | null;
}

export interface ReportedBand {
  readonly activeWeight: number;
  /** Micro-units that wait, and that have ever arrived, by meter in the report's order. */
  readonly queued: readonly number[];
  readonly arrived: readonly number[];
  /** And that instances have ever refused on their own; empty: none. */
  readonly refused: readonly number[];
}

/** Whether batch is held back on a path, as the store has found just now. */
export interface ReportedHold extends Hold {
  /** Of the path. */
  readonly key: string;
}

export interface StoreReport {
  /** None where there are too many to be told with every step. */
  readonly meters: readonly ReportedMeter[];
  /** What others have noted since the version that was asked with. */
  readonly notes: readonly { readonly key: string; readonly value: string }[];
  readonly noteVersion: number;
  /** Null: it was not asked for. */
  readonly whole: WholeReport | null;
}

export interface WholeReport {
  readonly bands: readonly ReportedBand[];
  /** Of the paths by which batch has come lately. */
  readonly holds: readonly ReportedHold[];
  /** Instances that live, this one included. */
  readonly instances: number;
}

export type StepOperation = Operation | LifeOperation | NoteOperation;

export interface StepRequest {
  readonly instance: string;
  /** Of the batch, from 1 without gaps; null: nothing is remembered of the instance (tests). */
  readonly number: number | null;
  /** Microseconds by its own clock since the sending of the step that was answered last. */
  readonly elapsed: number | null;
  readonly operations: readonly StepOperation[];
  /** The version of the notes that are known, for a report; null: none is wanted. */
  readonly report: number | null;
  /** The report is to tell of bands and instances, too. */
  readonly isWhole: boolean;
  /** Its configuration is the newest: the store takes its bands and bounds over. */
  readonly isNewest: boolean;
  /** Used where the account is new in this Redis. */
  readonly options: StepOptions;
  /** Microseconds; null: the time of Redis. */
  readonly now: number | null;
}

export interface StepReply {
  /** The store does not know the instance, or not its last batches: it has done nothing. */
  readonly isUnknown?: boolean;
  /** The last batch that the store knows of, if it is unknown. */
  readonly known?: number;
  readonly now: number;
  /** Another one than before: whoever waited has to be told again. */
  readonly epoch: number;
  /** -1: nothing to wait for. */
  readonly wakeAt: number;
  readonly results: readonly OperationResult[];
  /** Of each operation that has queued a request: how many of its tenant and band waited by then. */
  readonly aheads: readonly number[];
  readonly granted: readonly Ticket[];
  readonly expired: readonly Ticket[];
  readonly displaced: readonly Ticket[];
  /** Null: none was asked for. */
  readonly report: StoreReport | null;
}

const NOTHING = { results: [], aheads: [], granted: [], expired: [], displaced: [], report: null };

const encoder = new Encoder({ initialBufferSize: 16_384 });
const decoder = new Decoder();

export function encodeRequest(request: StepRequest): Buffer {
  const { operations, now, number, elapsed, report, ...rest } = request;
  const told = {
    now: now ?? false,
    number: number ?? false,
    elapsed: elapsed ?? false,
    report: report ?? false,
  };
  const wire = { ...rest, ...told, operations: operations.map(wireOf) };
  return Buffer.from(encoder.encode(wire));
}

export function decodeReply(bytes: Uint8Array): StepReply {
  const reply = decoder.decode(bytes) as StepReply;
  if (reply.isUnknown) return { ...reply, wakeAt: -1, ...NOTHING };
  const report = reply.report ? reportOf(reply.report as unknown as WireReport) : null;
  return { ...reply, results: reply.results.map(resultOf), report };
}

type WireBand = readonly [number, readonly number[], readonly number[], readonly number[]];

interface WireReport {
  readonly meters: readonly (readonly unknown[])[];
  readonly bands: readonly WireBand[] | false;
  readonly holds: readonly (readonly [string, number, boolean])[];
  readonly notes: readonly (readonly [string, string])[];
  readonly noteVersion: number;
  readonly instances: number;
}

function reportOf({ meters, notes, noteVersion, ...whole }: WireReport): StoreReport {
  return {
    noteVersion,
    whole: wholeOf(whole),
    meters: listOf(meters).map(meterOf),
    notes: listOf(notes).map(([key, value]) => ({ key, value })),
  };
}

function wholeOf({
  bands,
  holds,
  instances,
}: Pick<WireReport, "bands" | "holds" | "instances">): WholeReport | null {
  if (bands === false) return null;
  return {
    bands: listOf(bands).map(bandOf),
    holds: listOf(holds).map(([key, pressure, isActing]) => ({ key, pressure, isActing })),
    instances,
  };
}

function bandOf([activeWeight, queued, arrived, refused]: WireBand): ReportedBand {
  return {
    activeWeight,
    queued: listOf(queued),
    arrived: listOf(arrived),
    refused: listOf(refused),
  };
}

/** An empty table of Lua may come as a map. */
function listOf<T>(list: readonly T[]): readonly T[] {
  return Array.isArray(list) ? list : [];
}

function meterOf(wire: readonly unknown[]): ReportedMeter {
  const [key, ...numbers] = wire as [string, ...number[]];
  const [level, charged, corrections, corrected, capacity, per, foreign, margin] = numbers;
  const [restsFor, probeIn] = numbers.slice(8);
  return {
    ...{ key, level, charged, corrections, corrected, capacity, per, foreign, restsFor },
    margin: margin < 0 ? null : margin,
    probeIn: probeIn < 0 ? null : probeIn,
  };
}

function wireOf(operation: StepOperation): readonly unknown[] {
  switch (operation.kind) {
    case "path":
      return ["path", operation.key, operation.meters.map(specOf), operation.initialShare];
    case "tenant":
      return ["tenant", operation.tenant, operation.meters.map(specOf), operation.initialShare];
    case "enqueue": {
      const { patience, dueIn, isChainStep } = operation;
      return ["enqueue", ...placeOf(operation), patience, dueIn ?? -1, isChainStep];
    }
    case "refused": {
      const { band, path, demand, count } = operation;
      return ["refused", band, path, amountsOf(demand), count];
    }
    case "leave":
      return ["leave", operation.instance, operation.isBehind];
    case "goodbye":
      return ["goodbye"];
    case "cap":
      return ["cap", operation.share];
    case "charge":
      return ["charge", operation.path, amountsOf(operation.counted), operation.isUnsettled];
    case "assert": {
      const { entry, since, previous } = operation;
      const { dueIn, isChainStep } = entry;
      return ["assert", placeOf(entry), since, dueIn ?? -1, isChainStep, previous];
    }
    case "weigh":
      return ["weigh", operation.tenant, operation.weight];
    case "cancel":
      return ["cancel", operation.ticket];
    case "settle":
      return ["settle", operation.ticket, amountsOf(operation.counted)];
    case "retry": {
      const { ticket, counted, eligibleIn, expiresIn } = operation;
      return ["retry", ticket, amountsOf(counted), eligibleIn, expiresIn];
    }
    case "adjust":
      return ["adjust", referenceOf(operation.meter), operation.delta, operation.seen ?? -1];
    case "rest":
      return ["rest", referenceOf(operation.meter), operation.micros, operation.probeIn ?? -1];
    case "note":
      return ["note", operation.key, operation.value, operation.isFirst];
    case "resize": {
      const { meter, capacity, per, pace } = operation;
      return ["resize", referenceOf(meter), capacity, per, pace.interval, pace.allowance];
    }
    case "foreign":
      return ["foreign", referenceOf(operation.meter), operation.rate];
    case "margin":
      return ["margin", referenceOf(operation.meter), operation.share];
    case "freeze":
      return ["freeze", referenceOf(operation.meter), operation.micros];
  }
}

function placeOf(operation: EnqueueOperation): readonly unknown[] {
  const { tenant, weight, hasOwnMeters, band, path, demand } = operation;
  return [tenant, weight, hasOwnMeters, band, path, amountsOf(demand)];
}

/** Five columns and, where there are any, a platform's own units, in micro-units. */
function amountsOf(demand: Demand): readonly unknown[] {
  const columns: unknown[] = COLUMNS.map((column) => toMicro(amountOf(demand, column)));
  const names = Object.keys(demand.units);
  if (names.length === 0) return columns;
  const dimensions = names.map((name): Dimension => `units:${name}`);
  const units = dimensions.map((dimension) => [dimension, toMicro(amountOf(demand, dimension))]);
  return [...columns, Object.fromEntries(units)];
}

function specOf({ pace, selector: _selector, level, ...spec }: MeterSpec) {
  const told = level === undefined ? {} : { level: Math.floor(level) };
  return { ...spec, ...told, interval: pace.interval, allowance: pace.allowance };
}

function referenceOf(meter: MeterReference): unknown {
  return typeof meter === "object" ? [meter.tenant, meter.place] : meter;
}

function resultOf(result: unknown): OperationResult {
  if (!Array.isArray(result)) return result as number | boolean;
  const [code, meter] = result;
  return { code, meter };
}
