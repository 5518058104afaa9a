/** Served messages: the other side of `messages.ts`, for stores that are no Redis. */
import { Decoder, Encoder } from "@msgpack/msgpack";
import { type Demand, demandOf } from "../../core/demand.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import type { EnqueueOperation, MeterReference, MeterSpec } from "../store.ts";
import type {
  ReportedBand,
  ReportedMeter,
  StepOperation,
  StepReply,
  StepRequest,
  StoreReport,
} from "./messages.ts";

// biome-ignore lint/suspicious/noExplicitAny: what travels has no types; `messages.ts` has written it
type Wire = any;

const encoder = new Encoder({ initialBufferSize: 16_384 });
const decoder = new Decoder();

export function decodeRequest(bytes: Uint8Array): StepRequest {
  const wire = decoder.decode(bytes) as Wire;
  return {
    ...wire,
    now: orNull(wire.now),
    number: orNull(wire.number),
    elapsed: orNull(wire.elapsed),
    report: orNull(wire.report),
    operations: wire.operations.map(operationOf),
  };
}

export function encodeReply(reply: StepReply): Buffer {
  const results = reply.results.map((result) =>
    typeof result === "object" ? [result.code, result.meter] : result,
  );
  const report = reply.report === null ? false : wireReport(reply.report);
  return Buffer.from(encoder.encode({ ...reply, results, report }));
}

function orNull(value: number | false): number | null {
  return value === false ? null : value;
}

function operationOf([kind, ...parts]: readonly Wire[]): StepOperation {
  const [first, second, third, fourth] = parts;
  switch (kind as StepOperation["kind"]) {
    case "path":
      return { kind: "path", key: first, meters: second.map(specOf), initialShare: third };
    case "tenant":
      return { kind: "tenant", tenant: first, meters: second.map(specOf), initialShare: third };
    case "enqueue":
      return enqueueOf(parts, parts[6], parts[7], parts[8]);
    case "refused":
      return { kind: "refused", band: first, path: second, demand: demandIn(third), count: fourth };
    case "weigh":
      return { kind: "weigh", tenant: first, weight: second };
    case "cancel":
      return { kind: "cancel", ticket: first };
    case "settle":
      return { kind: "settle", ticket: first, counted: demandIn(second) };
    case "retry": {
      const times = { eligibleIn: third, expiresIn: fourth };
      return { kind: "retry", ticket: first, counted: demandIn(second), ...times };
    }
    default:
      return lifeOf(kind, parts) ?? correctionOf(kind, parts);
  }
}

function lifeOf(kind: string, parts: readonly Wire[]): StepOperation | null {
  const [first, second, third, fourth, fifth] = parts;
  switch (kind) {
    case "leave":
      return { kind, instance: first, isBehind: second };
    case "goodbye":
      return { kind };
    case "cap":
      return { kind, share: first };
    case "charge":
      return { kind, path: first, counted: demandIn(second), isUnsettled: third };
    case "assert": {
      const entry = enqueueOf(first, 0, third, fourth);
      return { kind, entry, since: second, previous: fifth };
    }
    case "note":
      return { kind, key: first, value: second, isFirst: third };
    default:
      return null;
  }
}

function correctionOf(kind: string, parts: readonly Wire[]): StepOperation {
  const [reference, second, third, interval, allowance] = parts;
  const meter = referenceIn(reference);
  switch (kind) {
    case "adjust":
      return { kind, meter, delta: second, ...(third < 0 ? {} : { seen: third }) };
    case "resize":
      return { kind, meter, capacity: second, per: third, pace: { interval, allowance } };
    case "foreign":
      return { kind, meter, rate: second };
    case "margin":
      return { kind, meter, share: second };
    case "freeze":
      return { kind, meter, micros: second };
    case "rest":
      return { kind, meter, micros: second, probeIn: third < 0 ? null : third };
    default:
      throw new Error(`operation ${kind} is not known`);
  }
}

function enqueueOf(
  [tenant, weight, hasOwnMeters, band, path, amounts]: readonly Wire[],
  patience: number,
  dueIn: number,
  isChainStep: boolean,
): EnqueueOperation {
  const times = { patience, dueIn: dueIn < 0 ? null : dueIn };
  const demand = demandIn(amounts);
  const place = { tenant, weight, hasOwnMeters, band, path };
  return { kind: "enqueue", ...place, demand, ...times, isChainStep };
}

function demandIn([requests, tokens, input, output, usd, units]: readonly Wire[]): Demand {
  const named = Object.entries((units ?? {}) as Record<string, number>);
  return demandOf({
    requests: requests / MICRO_UNITS,
    tokens: tokens / MICRO_UNITS,
    inputTokens: input / MICRO_UNITS,
    outputTokens: output / MICRO_UNITS,
    usd: usd / MICRO_UNITS,
    units: Object.fromEntries(
      named.map(([name, amount]) => [name.slice("units:".length), amount / MICRO_UNITS]),
    ),
  });
}

function specOf({ interval, allowance, ...spec }: Wire): MeterSpec {
  return { ...spec, selector: spec.key, pace: { interval, allowance } };
}

function referenceIn(wire: Wire): MeterReference {
  return Array.isArray(wire) ? { tenant: wire[0], place: wire[1] } : wire;
}

function wireReport({ meters, notes, noteVersion, whole }: StoreReport): unknown {
  return {
    meters: meters.map(wireMeter),
    notes: notes.map(({ key, value }) => [key, value]),
    noteVersion,
    bands: whole?.bands.map(wireBand) ?? false,
    holds: (whole?.holds ?? []).map(({ key, pressure, isActing }) => [key, pressure, isActing]),
    instances: whole?.instances ?? 0,
  };
}

function wireBand({ activeWeight, queued, arrived, refused }: ReportedBand): readonly unknown[] {
  return [activeWeight, queued, arrived, refused];
}

function wireMeter(meter: ReportedMeter): readonly unknown[] {
  const { key, level, charged, corrections, corrected, capacity, per, foreign } = meter;
  const numbers = [level, charged, corrections, corrected, capacity, per, foreign];
  return [key, ...numbers, meter.margin ?? -1, meter.restsFor, meter.probeIn ?? -1];
}
