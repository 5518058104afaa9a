/** Store: the one place where an account's queue and meters are; programs reach it at once or over a network. */
import { Budget } from "../../../core/budget/budget.ts";
import type { Dispatch } from "../../../core/budget/dispatch.ts";
import { type Demand, demandOf } from "../../../core/demand.ts";
import type { LimitReading } from "../../../core/dialect.ts";
import type { Path } from "../../../core/scheduler/path.ts";
import type { EnqueueRequest } from "../../../core/scheduler/request.ts";
import { Scheduler } from "../../../core/scheduler/scheduler.ts";
import type { Tenant } from "../../../core/scheduler/tenant.ts";
import { OK_VERDICT, type Verdict } from "../../../core/verdict/verdict.ts";
import { LimitTable } from "../../../runtime/account/limit-table.ts";
import type { LoadTenant } from "../../../workload/load.ts";
import { SchedulerJudge } from "../../judge/scheduler-judge.ts";
import { amountTaken } from "../../provider/rules.ts";
import type { End } from "../../world/history.ts";
import type { Scene } from "../policy.ts";

/** Hears what the store has decided. */
export interface StoreListener {
  granted(task: number): void;
  ended(task: number, end: End, isAtOnce: boolean): void;
}

export class Store {
  wakeAt = Number.POSITIVE_INFINITY;
  /** Null: nobody counts inversions, which saves time. */
  readonly #judge: SchedulerJudge | null;
  readonly #scene: Scene;
  readonly #listener: StoreListener;
  readonly #scheduler: Scheduler;
  readonly #budget: Budget;
  readonly #paths: readonly Path[];
  readonly #tenants = new Map<string, Tenant>();
  readonly #demands = new Map<number, Demand>();
  readonly #dispatches = new Map<number, Dispatch>();
  readonly #handles: Float64Array;
  readonly #expiresAt: Float64Array;

  constructor(
    scene: Scene,
    tenants: readonly LoadTenant[],
    listener: StoreListener,
    isJudged: boolean,
  ) {
    const { setting, now, models, tasks } = scene;
    const { scheduler } = setting.bands;
    this.#scene = scene;
    this.#listener = listener;
    this.#scheduler = new Scheduler(scheduler, now);
    this.#budget = new Budget(
      this.#scheduler,
      { margin: setting.margin, hasLimits: true, adaptive: null },
      now,
    );
    const { limits: rules, initialShare } = setting;
    const limits = new LimitTable(rules, initialShare, now, (model) =>
      this.#budget.metersFor(model),
    );
    this.#paths = models.map((model) =>
      limits.pathFor({ model, credential: null }, this.#scheduler, now),
    );
    for (const { name, tier, weight } of tenants) {
      const options = { id: name, weight: setting.tiers[tier].weight * weight, meters: [] };
      this.#tenants.set(name, this.#scheduler.tenant(options));
    }
    this.#handles = new Float64Array(tasks.length).fill(-1);
    this.#expiresAt = new Float64Array(tasks.length);
    this.#judge = isJudged
      ? new SchedulerJudge(this.#scheduler, models.length, tasks.length)
      : null;
  }

  /** 0 where nobody counts. */
  get inversions(): number {
    return this.#judge?.inversions ?? 0;
  }

  enqueue(task: number, maxWait: number): void {
    const { now } = this.#scene;
    const request = this.#requestOf(task, now + maxWait);
    const answer = this.#scheduler.enqueue(request, now);
    if (answer.kind === "refused") {
      this.#end(task, answer.code, true);
      return;
    }
    this.#handles[task] = answer.handle;
    this.#expiresAt[task] = request.expiresAt;
    this.#scene.foresee(task, answer.expectedWait);
    this.#judge?.queued(task, request, now);
    this.pump();
  }

  /** The head of an answer came `age` microseconds ago, with what it tells. */
  observe(task: number, readings: readonly LimitReading[], age: number): void {
    const { now } = this.#scene;
    this.#budget.observe(this.#dispatchOf(task), readings, now - age, now);
    this.pump();
  }

  /** The attempt was served to its end. */
  settle(task: number): void {
    const { now } = this.#scene;
    this.#budget.conclude(this.#dispatchOf(task), OK_VERDICT, now);
    this.#scheduler.settle(this.#handles[task], this.#demandOf(task), now);
    this.#forget(task);
    this.pump();
  }

  /** The provider refused the attempt: the task waits again, in its old place. */
  retry(task: number, verdict: Verdict): void {
    const { now } = this.#scene;
    const dispatch = this.#dispatchOf(task);
    this.#budget.conclude(dispatch, verdict, now);
    this.#expiresAt[task] += now - dispatch.sentAt;
    const times = { eligibleAt: now, expiresAt: this.#expiresAt[task] };
    this.#scheduler.retry(this.#handles[task], this.#refusedDemand(), times, now);
    this.#judge?.queued(task, this.#requestOf(task, times.expiresAt), now);
    this.pump();
  }

  /** The provider has refused so often that its own answer is the answer. */
  abandon(task: number, verdict: Verdict): void {
    const { now } = this.#scene;
    this.#budget.conclude(this.#dispatchOf(task), verdict, now);
    this.#scheduler.settle(this.#handles[task], this.#refusedDemand(), now);
    this.#end(task, "rate_limit_exceeded", false);
    this.pump();
  }

  pump(): void {
    if (this.#scheduler.waiting === 0) {
      this.wakeAt = Number.POSITIVE_INFINITY;
      return;
    }
    const { now } = this.#scene;
    this.#judge?.aboutToPump(now);
    const pumped = this.#scheduler.pump(now);
    const granted = pumped.granted as readonly number[];
    const expired = pumped.expired as readonly number[];
    const displaced = pumped.displaced as readonly number[];
    // Time is counted in whole microseconds, so what follows at once follows with the next.
    this.wakeAt = Math.max(pumped.wakeAt, now + 1);
    this.#judge?.pumped(granted, [...expired, ...displaced]);
    for (const task of granted) this.#grant(task, now);
    for (const task of expired) this.#end(task, "max_wait_exceeded", false);
    for (const task of displaced) this.#end(task, "queue_full", false);
  }

  #end(task: number, end: End, isAtOnce: boolean): void {
    this.#forget(task);
    this.#listener.ended(task, end, isAtOnce);
  }

  #forget(task: number): void {
    this.#dispatches.delete(task);
    this.#demands.delete(task);
  }

  #grant(task: number, now: number): void {
    const path = this.#paths[this.#scene.groupOf(task)];
    this.#dispatches.set(task, this.#budget.sent(path, this.#demandOf(task), now));
    this.#listener.granted(task);
  }

  #requestOf(id: number, expiresAt: number): EnqueueRequest {
    const task = this.#scene.tasks[id];
    const { tiers, bands } = this.#scene.setting;
    return {
      tenant: this.#tenants.get(task.tenant) as Tenant,
      path: this.#paths[this.#scene.groupOf(id)],
      band: bands.indexOf(tiers[task.tier].name, task.latency),
      demand: this.#demandOf(id),
      expiresAt,
      deadline: null,
      isChainStep: task.after !== null,
      reference: id,
    };
  }

  #dispatchOf(task: number): Dispatch {
    return this.#dispatches.get(task) as Dispatch;
  }

  /** What the provider will count; this simulation knows lengths beforehand. Kept while it waits or runs. */
  #demandOf(id: number): Demand {
    const known = this.#demands.get(id);
    if (known !== undefined) return known;
    const demand = this.#forecast(id);
    this.#demands.set(id, demand);
    return demand;
  }

  #forecast(id: number): Demand {
    const { tasks, provider } = this.#scene;
    const amount = (dimension: "tokens" | "input_tokens" | "output_tokens") =>
      amountTaken(provider.rules, tasks[id], dimension);
    return demandOf({
      requests: 1,
      tokens: amount("tokens"),
      inputTokens: amount("input_tokens"),
      outputTokens: amount("output_tokens"),
    });
  }

  #refusedDemand(): Demand {
    return demandOf({ requests: this.#scene.provider.rules.countsRefusals ? 1 : 0 });
  }
}
