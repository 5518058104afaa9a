/** Store queue: the core's scheduler in a shared store, with the owner of each ticket and a judge beside it. */
import type { Demand } from "../../../core/demand.ts";
import type { SchedulerOptions } from "../../../core/scheduler/options.ts";
import { amountIn, columnOf, SLOT } from "../../../core/scheduler/path.ts";
import type { EnqueueRequest } from "../../../core/scheduler/request.ts";
import { MemoryStore } from "../../../stores/memory-store.ts";
import type {
  EnqueueOperation,
  Operation,
  OperationResult,
  RefusedOperation,
  StepAnswer,
  Ticket,
} from "../../../stores/store.ts";
import { SchedulerJudge } from "../../judge/scheduler-judge.ts";

interface Held {
  readonly owner: string;
  readonly request: EnqueueRequest;
  /** By which the judge knows it. */
  readonly seat: number;
  isGranted: boolean;
}

export interface QueueSize {
  readonly paths: number;
  readonly tasks: number;
}

export class StoreQueue {
  readonly store: MemoryStore;
  readonly #held = new Map<Ticket, Held>();
  readonly #bySeat: Ticket[] = [];
  readonly #freeSeats: number[] = [];
  readonly #judge: SchedulerJudge | null;
  /** By band and meter, micro-units that have ever come. */
  readonly #arrived = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  #owner = "";

  /** @param size null: nobody counts inversions */
  constructor(options: SchedulerOptions, now: number, size: QueueSize | null) {
    this.store = new MemoryStore(options, () => now, {
      isPatient: true,
      queued: (ticket, request, at) => this.#queued(ticket, request, at),
    });
    this.#judge = size && new SchedulerJudge(this.store.scheduler, size.paths, size.tasks);
  }

  get inversions(): number {
    return this.#judge?.inversions ?? 0;
  }

  ownerOf(ticket: Ticket): string | undefined {
    return this.#held.get(ticket)?.owner;
  }

  arrivedIn(band: number, meter: number): number {
    return this.#arrived.get(`${band}|${meter}`) ?? 0;
  }

  /** The same of what instances have refused on their own. */
  refusedIn(band: number, meter: number): number {
    return this.#refused.get(`${band}|${meter}`) ?? 0;
  }

  /** How many of its tenant and band wait, this one not included. */
  waitingBefore(ticket: Ticket): number {
    const held = this.#held.get(ticket);
    if (held === undefined) return 0;
    const { flows } = held.request.tenant.accountIn(held.request.band);
    return flows.reduce((sum, { queued }) => sum + queued, 0) - 1;
  }

  perform(owner: string, operation: Operation, now: number): OperationResult {
    this.#owner = owner;
    switch (operation.kind) {
      case "cancel":
        return this.#cancel(operation.ticket, now);
      case "settle":
        return (
          this.#isOurs(operation.ticket) && this.#settle(operation.ticket, operation.counted, now)
        );
      case "retry":
        return this.#isOurs(operation.ticket) && this.#retry(operation, now);
      case "refused":
        this.#countRefused(operation);
        return this.store.perform(operation, now);
      default:
        return this.store.perform(operation, now);
    }
  }

  /** A request that its instance has sent in a past life; `isCounted`: meters have it, only its slots were freed. */
  adopt(
    owner: string,
    operation: EnqueueOperation,
    isCounted: boolean,
    now: number,
  ): OperationResult {
    this.#owner = owner;
    const ticket = this.store.adopt(operation, now);
    if (typeof ticket !== "number") return ticket;
    this.#granted(ticket);
    if (isCounted) this.#change(operation.path, operation.demand, -1, now);
    return ticket;
  }

  /** What was counted of a request that this store knows no more. */
  charge(path: string, counted: Demand, now: number): void {
    this.#change(path, counted, 1, now);
  }

  #change(path: number | string, demand: Demand, sign: 1 | -1, now: number): void {
    for (const meter of this.store.metersOn(path)) {
      const amount = amountIn(demand, columnOf(meter), meter);
      if (columnOf(meter) === SLOT || amount === 0) continue;
      if (sign > 0) meter.debit(amount, now);
      else meter.credit(amount, now, now);
    }
  }

  pump(now: number): Omit<StepAnswer, "results"> {
    this.#judge?.aboutToPump(now);
    const answer = this.store.pump(now);
    const gone = [...answer.expired, ...answer.displaced];
    const seats = (tickets: readonly Ticket[]) =>
      tickets.map((ticket) => (this.#held.get(ticket) as Held).seat);
    this.#judge?.pumped(seats(answer.granted), seats(gone));
    for (const ticket of answer.granted) this.#granted(ticket);
    return answer;
  }

  forget(ticket: Ticket): void {
    const held = this.#held.get(ticket);
    if (held === undefined) return;
    this.#held.delete(ticket);
    this.#freeSeats.push(held.seat);
  }

  /** Ends all that an instance has; `countedOf`: what the provider has counted of each grant. */
  endAll(owner: string, countedOf: (ticket: Ticket, demand: Demand) => Demand, now: number): void {
    this.#owner = owner;
    for (const [ticket, held] of [...this.#held]) {
      if (held.owner !== owner) continue;
      if (held.isGranted) this.#settle(ticket, countedOf(ticket, held.request.demand), now);
      else this.#cancel(ticket, now);
    }
  }

  #isOurs(ticket: Ticket): boolean {
    return this.ownerOf(ticket) === this.#owner;
  }

  #queued(ticket: Ticket, request: EnqueueRequest, now: number): void {
    const seat = this.#freeSeats.pop() ?? this.#bySeat.length;
    this.#bySeat[seat] = ticket;
    this.#held.set(ticket, { owner: this.#owner, request, seat, isGranted: false });
    this.#judge?.queued(seat, request, now);
    this.#countArrival(request);
  }

  #countRefused({ path: key, band, demand, count }: RefusedOperation): void {
    for (const meter of this.store.metersOn(key)) {
      const name = `${band}|${this.store.scheduler.indexOf(meter)}`;
      const column = columnOf(meter);
      const amount = (column === SLOT ? count : 1) * amountIn(demand, column, meter);
      this.#refused.set(name, (this.#refused.get(name) ?? 0) + amount);
    }
  }

  #countArrival({ path, band, demand }: EnqueueRequest): void {
    path.meters.forEach((meter, i) => {
      const name = `${band}|${path.indexes[i]}`;
      const amount = amountIn(demand, path.columns[i], meter);
      this.#arrived.set(name, (this.#arrived.get(name) ?? 0) + amount);
    });
  }

  #granted(ticket: Ticket): void {
    const held = this.#held.get(ticket);
    if (held === undefined) return;
    held.isGranted = true;
    this.#judge?.left(held.seat);
  }

  #cancel(ticket: Ticket, now: number): boolean {
    const held = this.#held.get(ticket);
    if (held === undefined || held.isGranted) return false;
    // One that has just made room for another is told with the next pump.
    if (this.store.perform({ kind: "cancel", ticket }, now) !== true) return false;
    this.#judge?.left(held.seat);
    this.forget(ticket);
    return true;
  }

  #settle(ticket: Ticket, counted: Demand, now: number): boolean {
    const isDone = this.store.perform({ kind: "settle", ticket, counted }, now) === true;
    if (isDone) this.forget(ticket);
    return isDone;
  }

  #retry(operation: Extract<Operation, { kind: "retry" }>, now: number): boolean {
    const held = this.#held.get(operation.ticket) as Held;
    if (this.store.perform(operation, now) !== true) return false;
    held.isGranted = false;
    this.#judge?.queued(held.seat, held.request, now);
    return true;
  }
}
