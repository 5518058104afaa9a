/** Messages: what goes to the step script and what comes back, as MessagePack, which Redis's Lua speaks too. */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { amountOf, type Demand, type Dimension } from "../../core/demand.ts";
import { COLUMNS, toMicro } from "../../core/queue/tickets.ts";
import type { SchedulerOptions } from "../../core/scheduler/options.ts";
import type { MeterReference, MeterSpec, Operation, OperationResult, Ticket } from "../store.ts";

export interface StepRequest {
  readonly instance: string;
  readonly operations: readonly Operation[];
  /** Used where the account is new in this Redis. */
  readonly options: SchedulerOptions & { readonly grantsPerPump: number };
  /** Microseconds; null: the time of Redis. */
  readonly now: number | null;
}

export interface StepReply {
  readonly now: number;
  /** -1: nothing to wait for. */
  readonly wakeAt: number;
  readonly results: readonly OperationResult[];
  readonly granted: readonly Ticket[];
  readonly expired: readonly Ticket[];
  readonly displaced: readonly Ticket[];
}

const encoder = new Encoder({ initialBufferSize: 16_384 });
const decoder = new Decoder();

export function encodeRequest({ operations, now, ...request }: StepRequest): Buffer {
  const wire = { ...request, now: now ?? false, operations: operations.map(wireOf) };
  return Buffer.from(encoder.encode(wire));
}

export function decodeReply(bytes: Uint8Array): StepReply {
  const reply = decoder.decode(bytes) as StepReply;
  return { ...reply, results: reply.results.map(resultOf) };
}

function wireOf(operation: Operation): readonly unknown[] {
  switch (operation.kind) {
    case "path":
      return ["path", operation.key, operation.meters.map(specOf), operation.initialShare];
    case "tenant":
      return ["tenant", operation.tenant, operation.meters.map(specOf), operation.initialShare];
    case "enqueue": {
      const { tenant, weight, hasOwnMeters, band, path, patience, dueIn, isChainStep } = operation;
      const demand = amountsOf(operation.demand);
      const times = [patience, dueIn ?? -1, isChainStep];
      return ["enqueue", tenant, weight, hasOwnMeters, band, path, demand, ...times];
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
      return ["adjust", referenceOf(operation.meter), operation.delta];
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

/** Five columns and, where there are any, a platform's own units, in micro-units. */
function amountsOf(demand: Demand): readonly unknown[] {
  const columns: unknown[] = COLUMNS.map((column) => toMicro(amountOf(demand, column)));
  const names = Object.keys(demand.units);
  if (names.length === 0) return columns;
  const dimensions = names.map((name): Dimension => `units:${name}`);
  const units = dimensions.map((dimension) => [dimension, toMicro(amountOf(demand, dimension))]);
  return [...columns, Object.fromEntries(units)];
}

function specOf({ pace, selector: _selector, ...spec }: MeterSpec) {
  return { ...spec, interval: pace.interval, allowance: pace.allowance };
}

function referenceOf(meter: MeterReference): unknown {
  return typeof meter === "number" ? meter : [meter.tenant, meter.place];
}

function resultOf(result: unknown): OperationResult {
  if (!Array.isArray(result)) return result as number | boolean;
  const [code, meter] = result;
  return { code, meter };
}
