/** Memory store: the core's scheduler behind the contract of a shared store; what the others are held against. */
import type { Meter } from "../core/meter/meter.ts";
import type { Handle } from "../core/queue/tickets.ts";
import type { SchedulerOptions } from "../core/scheduler/options.ts";
import type { Path } from "../core/scheduler/path.ts";
import type { EnqueueRequest } from "../core/scheduler/request.ts";
import { Scheduler } from "../core/scheduler/scheduler.ts";
import type { Tenant } from "../core/scheduler/tenant.ts";
import { createMeter } from "./create-meter.ts";
import type {
  Correction,
  EnqueueOperation,
  MeterReference,
  MeterSpec,
  Operation,
  OperationResult,
  PathOperation,
  StepAnswer,
  Store,
  TenantOperation,
  Ticket,
} from "./store.ts";

type CorrectionOf<K extends Correction["kind"]> = Extract<Correction, { kind: K }>;

/** How it differs from a store of one program. */
export interface MemoryStoreHouse {
  /** Whoever asks has foreseen the wait, and goes on foreseeing it: everybody waits to the end. */
  readonly isPatient: boolean;
  /** Hears of every request that it queues. */
  queued(ticket: Ticket, request: EnqueueRequest, now: number): void;
}

const OWN_HOUSE: MemoryStoreHouse = { isPatient: false, queued: () => {} };

export class MemoryStore implements Store {
  readonly scheduler: Scheduler;
  readonly #clock: () => number;
  readonly #house: MemoryStoreHouse;
  readonly #paths: Path[] = [];
  readonly #pathByKey = new Map<string, number>();
  readonly #meters = new Map<string, Meter>();
  readonly #keys = new WeakMap<Meter, string>();
  readonly #tenants = new Map<string, Tenant>();
  /** How often each has been corrected. */
  readonly #corrections = new WeakMap<Meter, number>();
  readonly #handles = new Map<Ticket, Handle>();
  #tickets = 0;

  /** @param clock microseconds since the epoch; never runs back */
  constructor(options: SchedulerOptions, clock: () => number, house = OWN_HOUSE) {
    this.scheduler = new Scheduler(options, clock());
    this.#clock = clock;
    this.#house = house;
  }

  /** All that are shared, by their keys, in the order in which they were told. */
  get meters(): ReadonlyMap<string, Meter> {
    return this.#meters;
  }

  /** How often it was corrected. */
  correctionsOf(meter: Meter): number {
    return this.#corrections.get(meter) ?? 0;
  }

  /** By their keys, in the order in which they were told. */
  get paths(): ReadonlyMap<string, Path> {
    return new Map([...this.#pathByKey].map(([key, number]) => [key, this.#paths[number]]));
  }

  metersOn(path: number | string): readonly Meter[] {
    return this.#pathAt(path).meters;
  }

  /** Takes a request as granted that somebody else has sent. */
  adopt(operation: EnqueueOperation, now: number): OperationResult {
    const ticket = this.#enqueue(operation, now);
    if (typeof ticket === "number") this.scheduler.grant(this.#handle(ticket), now);
    return ticket;
  }

  async step(operations: readonly Operation[]): Promise<StepAnswer> {
    const now = this.#clock();
    const results = operations.map((operation) => this.perform(operation, now));
    return { results, ...this.pump(now) };
  }

  /** Ends waits and grants whatever fits, without any operation. */
  pump(now: number): Omit<StepAnswer, "results"> {
    const pumped = this.scheduler.pump(now);
    const granted = pumped.granted as readonly Ticket[];
    const expired = this.#ended(pumped.expired as readonly Ticket[]);
    const displaced = this.#ended(pumped.displaced as readonly Ticket[]);
    return { now, granted, expired, displaced, wakeAt: pumped.wakeAt };
  }

  #ended(tickets: readonly Ticket[]): readonly Ticket[] {
    for (const ticket of tickets) this.#handles.delete(ticket);
    return tickets;
  }

  /** One operation, without a pump. */
  perform(operation: Operation, now: number): OperationResult {
    switch (operation.kind) {
      case "path":
        return this.#path(operation, now);
      case "tenant":
        return this.#ownMeters(operation, now);
      case "enqueue":
        return this.#enqueue(operation, now);
      case "refused":
        this.scheduler.countRefused({ ...operation, path: this.#pathAt(operation.path) }, now);
        return true;
      case "weigh":
        this.#tenant(operation.tenant, operation.weight).weight = operation.weight;
        return true;
      case "cancel":
        return this.#end(operation.ticket, this.scheduler.cancel(this.#handle(operation.ticket)));
      case "settle": {
        const { ticket, counted } = operation;
        const isDone = this.scheduler.settle(this.#handle(ticket), counted, now);
        return this.#end(ticket, isDone);
      }
      case "retry": {
        const { ticket, counted, eligibleIn, expiresIn } = operation;
        const times = { eligibleAt: now + eligibleIn, expiresAt: now + expiresIn };
        return this.scheduler.retry(this.#handle(ticket), counted, times, now);
      }
      default:
        return this.#correct(operation, now);
    }
  }

  #path({ key, meters, initialShare }: PathOperation, now: number): number {
    const known = this.#pathByKey.get(key);
    if (known !== undefined) return known;
    const shared = meters.map((spec) => this.#meter(spec, initialShare, now));
    const number = this.#paths.push(this.scheduler.path(shared)) - 1;
    this.#pathByKey.set(key, number);
    return number;
  }

  #pathAt(reference: number | string): Path {
    const number = typeof reference === "number" ? reference : this.#pathByKey.get(reference);
    return this.#paths[number ?? -1];
  }

  #meter(spec: MeterSpec, initialShare: number, now: number): Meter {
    const known = this.#meters.get(spec.key);
    if (known) return known;
    const meter = this.#create(spec, initialShare, now);
    this.#meters.set(spec.key, meter);
    return meter;
  }

  #create(spec: MeterSpec, initialShare: number, now: number): Meter {
    const meter = createMeter(spec, initialShare, now);
    this.#keys.set(meter, spec.key);
    return meter;
  }

  #ownMeters({ tenant, meters, initialShare }: TenantOperation, now: number): boolean {
    if (this.#tenants.has(tenant)) return true;
    const own = meters.map((spec) => this.#create(spec, initialShare, now));
    this.#tenants.set(tenant, this.scheduler.tenant({ id: tenant, weight: 1, meters: own }));
    return true;
  }

  #tenant(id: string, weight: number): Tenant {
    const known = this.#tenants.get(id);
    if (known) return known;
    const tenant = this.scheduler.tenant({ id, weight, meters: [] });
    this.#tenants.set(id, tenant);
    return tenant;
  }

  #enqueue(operation: EnqueueOperation, now: number): OperationResult {
    const tenant = this.#tenant(operation.tenant, operation.weight);
    const ticket = this.#tickets;
    const request: EnqueueRequest = {
      tenant,
      path: this.#pathAt(operation.path),
      band: operation.band,
      demand: operation.demand,
      expiresAt: now + operation.patience,
      deadline: operation.dueIn === null ? null : now + operation.dueIn,
      isChainStep: operation.isChainStep,
      isPatient: this.#house.isPatient,
      reference: ticket,
    };
    const answer = this.scheduler.enqueue(request, now);
    if (answer.kind === "refused") {
      const { code, meter } = answer;
      // A full queue is no meter's doing; what else binds there is a forecast.
      return {
        code,
        meter: meter === null || code === "queue_full" ? "" : (this.#keys.get(meter) ?? ""),
      };
    }
    this.#tickets++;
    this.#handles.set(ticket, answer.handle);
    this.#house.queued(ticket, request, now);
    return ticket;
  }

  #correct(correction: Correction, now: number): OperationResult {
    const meter = this.#at(correction.meter);
    if (correction.kind === "adjust") return this.#adjust(meter, correction, now);
    if (correction.kind === "rest") this.#rest(meter, correction, now);
    else if (correction.kind === "freeze") this.scheduler.freeze(meter, now + correction.micros);
    else if (correction.kind === "margin") this.scheduler.setMargin(meter, correction.share);
    else {
      if (correction.kind === "foreign") meter.setForeign(correction.rate, now);
      else {
        meter.resize(correction.capacity, correction.per, now);
        meter.pace = correction.pace;
      }
      this.scheduler.refresh(meter);
    }
    return true;
  }

  #adjust(meter: Meter, { delta, seen }: CorrectionOf<"adjust">, now: number): OperationResult {
    const count = this.#corrections.get(meter) ?? 0;
    if (seen !== undefined && seen !== count) return false;
    meter.adjust(delta, now);
    meter.corrected += delta;
    this.#corrections.set(meter, count + 1);
    return seen === undefined || count + 1;
  }

  #rest(meter: Meter, { micros, probeIn }: CorrectionOf<"rest">, now: number): void {
    meter.frozenUntil = 0;
    meter.probeAt = probeIn === null ? Number.POSITIVE_INFINITY : now + probeIn;
    if (micros > 0) this.scheduler.freeze(meter, now + micros);
  }

  #at(reference: MeterReference): Meter {
    if (typeof reference === "number") return this.scheduler.meters[reference];
    if (typeof reference === "string") return this.#meters.get(reference) as Meter;
    return (this.#tenants.get(reference.tenant) as Tenant).meters[reference.place];
  }

  #handle(ticket: Ticket): Handle {
    return this.#handles.get(ticket) ?? -1;
  }

  #end(ticket: Ticket, isDone: boolean): boolean {
    if (isDone) this.#handles.delete(ticket);
    return isDone;
  }
}
