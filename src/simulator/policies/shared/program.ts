/** Program: one instance of Sluice in a simulated world: the runtime's account, over a shared store. */
import { demandOf } from "../../../core/demand.ts";
import { OK_VERDICT } from "../../../core/verdict/verdict.ts";
import { Account } from "../../../runtime/account/account.ts";
import type { AccountTenant, AskRefusal } from "../../../runtime/account/ask.ts";
import type { Reservation } from "../../../runtime/account/reservation.ts";
import { SharedTurns } from "../../../runtime/account/shared/shared-turns.ts";
import type { Connection } from "../../../stores/redis/connection.ts";
import { amountTaken } from "../../provider/rules.ts";
import type { End } from "../../world/history.ts";
import type { AnswerHead, Scene } from "../policy.ts";
import type { Refusals } from "../sluice/refusals.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface ProgramOptions {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly connection: Connection;
  readonly tenants: ReadonlyMap<string, AccountTenant>;
  readonly refusals: Refusals;
}

const KEY = "{sluice:simulated}";

export class Program {
  readonly #scene: Scene;
  readonly #options: ProgramOptions;
  readonly #account: Account;
  readonly #reservations = new Map<number, Reservation>();

  constructor(scene: Scene, options: ProgramOptions) {
    const { bands, limits, initialShare, margin } = scene.setting;
    const { name, clock, connection } = options;
    const tenantNow = (tenant: AccountTenant) => tenant;
    const share = {
      ...{ connection, key: KEY, instance: name, onState: () => {} },
      onFailure: { "real-time": "hold", "near-real-time": "hold", batch: "hold" },
      onLeaseLoss: "continue",
    } as const;
    const { scheduler } = bands;
    this.#scene = scene;
    this.#options = options;
    this.#account = new Account({
      ...{ rules: limits, scheduler, clock, initialShare, tenantNow },
      budget: { margin, hasLimits: true, adaptive: null },
      onTenantFreed: () => {},
      onLearned: () => {},
      onDifferences: () => {},
      turns: (parts) => new SharedTurns(parts, { share, scheduler, initialShare, tenantNow }),
    });
  }

  arrived(task: number): void {
    const scene = this.#scene;
    scene.hold(task);
    const asked = this.#ask(task);
    if (asked.kind === "refused") {
      this.#end(task, asked, true);
      return;
    }
    this.#reservations.set(task, asked);
    scene.foresee(task, asked.expectedWait);
  }

  answered(task: number, { refusal, readings }: AnswerHead): void {
    const reservation = this.#reservationOf(task);
    reservation.observe(() => readings, refusal !== null);
    if (refusal === null) return;
    const now = this.#options.clock.now();
    const verdict = this.#options.refusals.verdictOn(task, refusal);
    const counted = this.#refusedDemand();
    const eligibleAt = Math.max(now, reservation.conclude(verdict, now));
    if (this.#options.refusals.isFinal(task)) {
      reservation.settle(counted, now);
      this.#giveUp(task, "rate_limit_exceeded", false);
      return;
    }
    this.#scene.hold(task);
    const spent = this.#scene.now - this.#scene.sentAt(task);
    reservation.retry(counted, eligibleAt, reservation.expiresAt + spent, now);
  }

  ended(task: number): void {
    const now = this.#options.clock.now();
    const reservation = this.#reservationOf(task);
    reservation.conclude(OK_VERDICT, now);
    reservation.settle(reservation.demand, now);
    this.#reservations.delete(task);
  }

  #ask(id: number): Reservation | AskRefusal {
    const { tasks, setting, models } = this.#scene;
    const { clock, tenants } = this.#options;
    const task = tasks[id];
    const band = setting.bands.indexOf(setting.tiers[task.tier].name, task.latency);
    return this.#account.ask({
      request: task,
      tenant: tenants.get(task.tenant) as AccountTenant,
      target: { model: models[this.#scene.groupOf(id)], credential: null },
      band: () => band,
      demand: this.#forecast(id),
      expiresAt: clock.now() + this.#scene.maxWait(id),
      deadline: null,
      isChainStep: task.after !== null,
      onGranted: () => this.#granted(id),
      onRefused: (refusal) => this.#end(id, refusal, false),
      onClosed: () => {},
    });
  }

  #granted(task: number): void {
    this.#reservationOf(task).sent(this.#options.clock.now());
    this.#scene.send(task);
  }

  #end(task: number, { code }: AskRefusal, isAtOnce: boolean): void {
    // The programs hold what waits while the store is silent, so none is refused for that.
    this.#giveUp(task, code as End, isAtOnce);
  }

  #giveUp(task: number, end: End, isAtOnce: boolean): void {
    this.#reservations.delete(task);
    this.#scene.giveUp(task, end, isAtOnce);
  }

  #reservationOf(task: number): Reservation {
    return this.#reservations.get(task) as Reservation;
  }

  /** What the provider will count; this simulation knows lengths beforehand. */
  #forecast(id: number) {
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

  #refusedDemand() {
    return demandOf({ requests: this.#scene.provider.rules.countsRefusals ? 1 : 0 });
  }
}
