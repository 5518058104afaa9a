/** Flights: the way of an attempt to the provider and of its answer back. */
import type { LoadTask } from "../../workload/load.ts";
import type { AnswerHead } from "../policies/policy.ts";
import type { Provider, ProviderRefusal } from "../provider/provider.ts";
import { draw, drawBetween, PURPOSE } from "./draw.ts";
import type { EventHeap } from "./event-heap.ts";
import { EVENT } from "./events.ts";
import { micros, type Service, serviceOf, type Timing } from "./timing.ts";

const NO_READINGS: AnswerHead["readings"] = [];
const ADMITTED: AnswerHead = { refusal: null, readings: NO_READINGS };

export interface FlightOptions {
  readonly tasks: readonly LoadTask[];
  readonly groups: Int32Array;
  readonly provider: Provider;
  readonly timing: Timing;
  readonly seed: number;
  /** Whether anybody reads headers: else none are written. */
  readonly writesHeaders: boolean;
}

export class Flights {
  readonly #options: FlightOptions;
  readonly #events: EventHeap;
  readonly #attempts: Uint16Array;
  /** Of attempts whose head is on its way. */
  readonly #heads: AnswerHead[] = [];
  /** Groups of models for which the provider has something to do while it answers. */
  readonly #isHeld: readonly boolean[];

  constructor(options: FlightOptions, events: EventHeap, groupCount: number) {
    this.#options = options;
    this.#events = events;
    this.#attempts = new Uint16Array(options.tasks.length);
    this.#isHeld = Array.from({ length: groupCount }, (_, group) =>
      options.provider.isHeldBy(group),
    );
  }

  send(task: number, now: number): void {
    const { timing, seed } = this.#options;
    const attempt = this.#attempts[task]++;
    const uplink = drawBetween(timing.uplinkMs, seed, PURPOSE.uplink, task, attempt);
    this.#events.add(now + micros(uplink), EVENT.reach, task);
  }

  /** The attempt is at the provider; what it decides is on its way back. */
  reach(task: number, now: number): ProviderRefusal | null {
    const { provider, tasks, groups } = this.#options;
    const refusal = provider.admit(tasks[task], groups[task], now);
    const downlink = this.#downlink(task);
    if (refusal === null) this.#answer(task, downlink, now);
    else {
      this.#heads[task] = { refusal, readings: this.#readings(task, now) };
      this.#events.add(now + downlink, EVENT.head, task);
    }
    return refusal;
  }

  /** The provider writes down what is left. */
  stamp(task: number, now: number): void {
    this.#heads[task] = { refusal: null, readings: this.#readings(task, now) };
  }

  begin(task: number, now: number): void {
    const { provider, tasks, groups } = this.#options;
    provider.begin(tasks[task], groups[task], productionOf(this.#serviceOf(task)), now);
  }

  finish(task: number, now: number): void {
    const { provider, tasks, groups } = this.#options;
    provider.finish(tasks[task], groups[task], productionOf(this.#serviceOf(task)), now);
  }

  /** The head that has come; it is kept until then only. */
  takeHead(task: number): AnswerHead {
    const head = this.#heads[task] ?? ADMITTED;
    this.#heads[task] = ADMITTED;
    return head;
  }

  #answer(task: number, downlink: number, now: number): void {
    const { groups, timing, seed, writesHeaders } = this.#options;
    const service = this.#serviceOf(task);
    const isStreamed = draw(seed, PURPOSE.isStreamed, task) < timing.streamedShare;
    const headAt = now + (isStreamed ? service.first : service.whole);
    if (writesHeaders) {
      this.#events.add(this.#stampAt(task, now, headAt), EVENT.stamp, task);
      this.#events.add(headAt + downlink, EVENT.head, task);
    }
    if (this.#isHeld[groups[task]]) {
      this.#events.add(now + service.first, EVENT.begin, task);
      this.#events.add(now + service.whole, EVENT.finish, task);
    }
    this.#events.add(now + service.whole + downlink, EVENT.end, task);
  }

  #stampAt(task: number, admittedAt: number, headAt: number): number {
    const { timing, seed } = this.#options;
    if (timing.stamp === "admission") return admittedAt;
    if (timing.stamp === "head") return headAt;
    const share = draw(seed, PURPOSE.stamp, task, this.#attempts[task]);
    return admittedAt + Math.floor(share * (headAt - admittedAt));
  }

  #readings(task: number, now: number): AnswerHead["readings"] {
    const { provider, groups, writesHeaders } = this.#options;
    return writesHeaders ? provider.readings(groups[task], now) : NO_READINGS;
  }

  #serviceOf(task: number): Service {
    const { tasks, timing, seed } = this.#options;
    return serviceOf(tasks[task], timing, seed);
  }

  #downlink(task: number): number {
    const { timing, seed } = this.#options;
    const attempt = this.#attempts[task];
    return micros(drawBetween(timing.downlinkMs, seed, PURPOSE.downlink, task, attempt));
  }
}

/** How long tokens come for; an answer of one moment still takes a microsecond. */
function productionOf({ first, whole }: Service): number {
  return Math.max(1, whole - first);
}
