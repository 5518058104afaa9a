/** Stats: what the mock has seen, granted and refused, in numbers that only grow. */
import type { IncomingHttpHeaders } from "node:http";
import type { Ending } from "./http/exchange.ts";
import type { Dimension } from "./limits/limits.ts";
import type { Meter } from "./limits/meter.ts";

/**
 * Numbers since the start or the last reset. Meters are named `tpm` for the account and
 * `tpm:gpt-5*` for a model's. For every meter `level = initial + minted - charged` holds, and its use
 * over an interval is the growth of `charged` over the growth of `available`.
 */
export interface MockStats {
  /** Milliseconds since the start or the last reset. */
  readonly elapsedMs: number;
  /** Requests to the provider's API; those to the control API are not counted. */
  readonly requests: number;
  /** Answered in full with a status below 400; not a refusal under HTTP 200. */
  readonly ok: number;
  /** Refused for a limit, whatever the status. Faults that look like it are not counted. */
  readonly refused429: number;
  /** The same by dimension: `rpm`, `tpm`, ..., `max_parallel_requests`. */
  readonly refusedBy: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byPath: Readonly<Record<string, number>>;
  readonly byModel: Readonly<Record<string, number>>;
  /** Faults that hit, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** Clients that left before their answer had ended. */
  readonly disconnects: number;
  readonly inFlight: { readonly now: number; readonly peak: number };
  /** Taken from each meter, less what was given back. */
  readonly charged: Readonly<Record<string, number>>;
  /** Refill of each meter that found room. */
  readonly minted: Readonly<Record<string, number>>;
  /** Refill of each meter that found it full. */
  readonly wasted: Readonly<Record<string, number>>;
  /** All that each meter made available: what it held at first, and its refill, used or wasted. */
  readonly available: Readonly<Record<string, number>>;
  /** How far below zero each meter has been: only where a provider charges more at the end than it took. */
  readonly overrun: Readonly<Record<string, number>>;
}

/** One request as it arrived; the newest are kept. */
export interface ReceivedRequest {
  /** Milliseconds since the start or the last reset. */
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body; null when there was none, or it was larger than 64 KiB. */
  body: unknown;
  /** Null while it runs, and when it got no status. */
  status: number | null;
}

type Arrival = Pick<ReceivedRequest, "method" | "path" | "headers">;

const MAX_KEPT_REQUESTS = 200;
export const MAX_KEPT_BODY_BYTES = 65_536;
/** Names of models come from clients. */
const MAX_NAMES = 200;
const OTHER_NAMES = "(other)";

type Counts = Record<string, number>;

export class Recorder {
  #startedAt: number;
  #requests = 0;
  #ok = 0;
  #refused = 0;
  #disconnects = 0;
  #inFlight = 0;
  #peak = 0;
  #counts = emptyCounts();
  #received: ReceivedRequest[] = [];

  constructor(now: number) {
    this.#startedAt = now;
  }

  /** `route` is the path's name in the counts. */
  arrived(route: string, request: Arrival, now: number): ReceivedRequest {
    this.#requests += 1;
    this.#inFlight += 1;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    count(this.#counts.byPath, route);
    const received = { atMs: now - this.#startedAt, ...request, body: null, status: null };
    this.#received.push(received);
    if (this.#received.length > 2 * MAX_KEPT_REQUESTS) this.#received = this.requests();
    return received;
  }

  named(model: string): void {
    count(this.#counts.byModel, model);
  }

  refused(dimension: Dimension): void {
    this.#refused += 1;
    count(this.#counts.refusedBy, dimension);
  }

  faulted(kind: string): void {
    count(this.#counts.faults, kind);
  }

  ended(ending: Ending, status: number | null): void {
    this.#inFlight -= 1;
    if (status !== null) count(this.#counts.byStatus, String(status));
    if (ending === "client-left") this.#disconnects += 1;
    if (ending === "answered" && status !== null && status < 400) this.#ok += 1;
  }

  /** Oldest first. */
  requests(): ReceivedRequest[] {
    return this.#received.slice(-MAX_KEPT_REQUESTS);
  }

  /** Running requests stay in flight. */
  reset(now: number): void {
    this.#startedAt = now;
    this.#requests = 0;
    this.#ok = 0;
    this.#refused = 0;
    this.#disconnects = 0;
    this.#peak = this.#inFlight;
    this.#counts = emptyCounts();
    this.#received = [];
  }

  /** `meters` are refilled to `now`. */
  read(meters: readonly Meter[], now: number): MockStats {
    const byMeter = (value: (meter: Meter) => number): Counts =>
      Object.fromEntries(meters.map((meter) => [meter.name, value(meter)]));
    return {
      elapsedMs: now - this.#startedAt,
      requests: this.#requests,
      ok: this.#ok,
      refused429: this.#refused,
      ...structuredClone(this.#counts),
      disconnects: this.#disconnects,
      inFlight: { now: this.#inFlight, peak: this.#peak },
      charged: byMeter((meter) => meter.charged),
      minted: byMeter((meter) => meter.minted),
      wasted: byMeter((meter) => meter.wasted),
      available: byMeter((meter) => meter.initial + meter.minted + meter.wasted),
      overrun: byMeter((meter) => Math.max(0, -meter.lowest)),
    };
  }
}

function emptyCounts() {
  const empty = (): Counts => Object.create(null); // names come from clients: `__proto__` is one
  return {
    refusedBy: empty(),
    byStatus: empty(),
    byPath: empty(),
    byModel: empty(),
    faults: empty(),
  };
}

function count(counts: Counts, name: string): void {
  if (counts[name] !== undefined) counts[name] += 1;
  else if (Object.keys(counts).length < MAX_NAMES) counts[name] = 1;
  else counts[OTHER_NAMES] = (counts[OTHER_NAMES] ?? 0) + 1;
}
