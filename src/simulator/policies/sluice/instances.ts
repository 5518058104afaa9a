/**
 * Instances: Sluice as several programs that share one store over a network.
 *
 * Only durations travel, each measured by one clock, so it does not matter how wrong a clock is.
 * What a program tells arrives in the order in which it was told.
 */
import type { LoadTenant } from "../../../workload/load.ts";
import { draw, drawBetween, PURPOSE, type Purpose } from "../../world/draw.ts";
import { micros } from "../../world/timing.ts";
import type { AnswerHead, OpenPolicy, Policy, Scene } from "../policy.ts";
import { Refusals } from "./refusals.ts";
import { Store } from "./store.ts";

export function openSluiceInstances(
  scene: Scene,
  tenants: readonly LoadTenant[],
  isJudged: boolean,
): OpenPolicy {
  const policy = new SluiceInstances(scene, tenants, isJudged);
  return { policy, watchers: [], inversions: () => policy.inversions };
}

/** One program: how wrong its clock is, and when its last message each way is there. */
class Instance {
  readonly #scene: Scene;
  readonly #number: number;
  readonly #clockOffset: number;
  #toStoreAt = 0;
  #fromStoreAt = 0;
  #messages = 0;

  constructor(scene: Scene, number: number) {
    const { clockOffsetsMs } = scene.setting.instances;
    this.#scene = scene;
    this.#number = number;
    this.#clockOffset = micros(clockOffsetsMs[number] ?? 0);
  }

  get clock(): number {
    return this.#scene.now + this.#clockOffset;
  }

  tellStore(act: () => void): void {
    this.#toStoreAt = Math.max(this.#toStoreAt, this.#scene.now + this.#latency(PURPOSE.toStore));
    this.#scene.doAt(this.#toStoreAt, act);
  }

  hearFromStore(act: () => void): void {
    const at = this.#scene.now + this.#latency(PURPOSE.fromStore);
    this.#fromStoreAt = Math.max(this.#fromStoreAt, at);
    this.#scene.doAt(this.#fromStoreAt, act);
  }

  #latency(purpose: Purpose): number {
    const { seed, instances } = this.#scene.setting;
    const message = this.#messages++ * instances.count + this.#number;
    return micros(drawBetween(instances.latencyMs, seed, purpose, message));
  }
}

class SluiceInstances implements Policy {
  readonly readsHeaders = true;
  readonly #scene: Scene;
  readonly #store: Store;
  readonly #refusals: Refusals;
  readonly #instances: readonly Instance[];
  /** Both ways at their slowest: who is granted at the very end of its wait still hears of it in time. */
  readonly #reserve: number;

  constructor(scene: Scene, tenants: readonly LoadTenant[], isJudged: boolean) {
    const { count, latencyMs } = scene.setting.instances;
    this.#scene = scene;
    this.#refusals = new Refusals(scene.tasks.length);
    this.#instances = Array.from({ length: count }, (_, number) => new Instance(scene, number));
    this.#reserve = 2 * micros(latencyMs[1]);
    this.#store = new Store(
      scene,
      tenants,
      {
        granted: (task) => this.#instanceOf(task).hearFromStore(() => scene.send(task)),
        ended: (task, end, isAtOnce) =>
          this.#instanceOf(task).hearFromStore(() => scene.giveUp(task, end, isAtOnce)),
      },
      isJudged,
    );
  }

  get inversions(): number {
    return this.#store.inversions;
  }

  get wakeAt(): number {
    return this.#store.wakeAt;
  }

  arrived(task: number): void {
    const scene = this.#scene;
    const instance = this.#instanceOf(task);
    scene.hold(task);
    const dueAt = instance.clock + Math.max(0, scene.maxWait(task) - this.#reserve);
    const left = dueAt - instance.clock;
    instance.tellStore(() => this.#store.enqueue(task, left));
  }

  /** The age of a head counts from when it was here; what the message needs is not known. */
  answered(task: number, { refusal, readings }: AnswerHead): void {
    if (refusal !== null) this.#scene.hold(task);
    this.#instanceOf(task).tellStore(() => {
      this.#store.observe(task, readings, 0);
      if (refusal === null) return;
      const verdict = this.#refusals.verdictOn(task, refusal);
      if (this.#refusals.isFinal(task)) this.#store.abandon(task, verdict);
      else this.#store.retry(task, verdict);
    });
  }

  ended(task: number): void {
    this.#instanceOf(task).tellStore(() => this.#store.settle(task));
  }

  timer(): void {}

  wake(): void {
    this.#store.pump();
  }

  #instanceOf(task: number): Instance {
    const { seed } = this.#scene.setting;
    const share = draw(seed, PURPOSE.instance, task);
    return this.#instances[Math.floor(share * this.#instances.length)];
  }
}
