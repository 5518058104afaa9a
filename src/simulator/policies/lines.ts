/** Lines: client-side token buckets with one line for all, or with one and a fixed share for each tenant. */
import type { LoadTenant } from "../../workload/load.ts";
import { ClientLimits } from "./client-limits.ts";
import { Line, Waiting } from "./line.ts";
import type { AnswerHead, Policy, Scene } from "./policy.ts";

/** One bucket over all the limits; strictly first come, first served. */
export function fifoBucket(scene: Scene): Policy {
  const waiting = new Waiting(scene.tasks.length);
  const line = new Line(scene, new ClientLimits(scene, 1), waiting);
  return new Lines(scene, waiting, () => line);
}

/** Each tenant has its weight's share of every limit, whoever else is there. */
export function staticCaps(scene: Scene, tenants: readonly LoadTenant[]): Policy {
  const { tiers } = scene.setting;
  const weightOf = ({ tier, weight }: LoadTenant) => tiers[tier].weight * weight;
  const whole = tenants.reduce((sum, tenant) => sum + weightOf(tenant), 0);
  const waiting = new Waiting(scene.tasks.length);
  const lines = new Map(
    tenants.map((tenant) => {
      const limits = new ClientLimits(scene, weightOf(tenant) / whole);
      return [tenant.name, new Line(scene, limits, waiting)];
    }),
  );
  return new Lines(scene, waiting, (task) => lines.get(scene.tasks[task].tenant) as Line);
}

class Lines implements Policy {
  readonly readsHeaders = false;
  readonly wakeAt = Number.POSITIVE_INFINITY;
  readonly #scene: Scene;
  readonly #waiting: Waiting;
  readonly #lineOf: (task: number) => Line;

  constructor(scene: Scene, waiting: Waiting, lineOf: (task: number) => Line) {
    this.#scene = scene;
    this.#waiting = waiting;
    this.#lineOf = lineOf;
  }

  arrived(task: number): void {
    const scene = this.#scene;
    const line = this.#lineOf(task);
    if (!line.canEverSend(task)) scene.giveUp(task, "demand_exceeds_limit", true);
    else if (this.#isFull) scene.giveUp(task, "queue_full", true);
    else {
      scene.hold(task);
      scene.callAt(this.#deadlineOf(task), task);
      line.join(task);
    }
  }

  answered(task: number, { refusal }: AnswerHead): void {
    if (refusal === null) return;
    const scene = this.#scene;
    if (scene.now >= this.#deadlineOf(task)) scene.giveUp(task, "max_wait_exceeded", false);
    else scene.hold(task);
    this.#lineOf(task).refused(task, refusal, scene.now < this.#deadlineOf(task));
  }

  ended(task: number): void {
    this.#lineOf(task).ended(task);
  }

  timer(task: number): void {
    if (!this.#waiting.has(task)) return;
    this.#scene.giveUp(task, "max_wait_exceeded", false);
    this.#lineOf(task).leave(task);
  }

  wake(): void {}

  get #isFull(): boolean {
    return this.#waiting.count >= this.#scene.setting.bands.scheduler.maxWaiting;
  }

  #deadlineOf(task: number): number {
    return this.#scene.arrivedAt(task) + this.#scene.maxWait(task);
  }
}
