/** Sluice: the real scheduler and budget decide; this program asks them without any way between. */
import type { LoadTenant } from "../../../workload/load.ts";
import type { AnswerHead, OpenPolicy, Policy, Scene } from "../policy.ts";
import { Refusals } from "./refusals.ts";
import { Store } from "./store.ts";

export function openSluice(
  scene: Scene,
  tenants: readonly LoadTenant[],
  isJudged: boolean,
): OpenPolicy {
  const store = new Store(
    scene,
    tenants,
    {
      granted: (task) => scene.send(task),
      ended: (task, end, isAtOnce) => scene.giveUp(task, end, isAtOnce),
    },
    isJudged,
  );
  return { policy: new Sluice(scene, store), watchers: [], inversions: () => store.inversions };
}

class Sluice implements Policy {
  readonly readsHeaders = true;
  readonly #scene: Scene;
  readonly #store: Store;
  readonly #refusals: Refusals;

  constructor(scene: Scene, store: Store) {
    this.#scene = scene;
    this.#store = store;
    this.#refusals = new Refusals(scene.tasks.length);
  }

  get wakeAt(): number {
    return this.#store.wakeAt;
  }

  arrived(task: number): void {
    this.#scene.hold(task);
    this.#store.enqueue(task, this.#scene.maxWait(task));
  }

  answered(task: number, { refusal, readings }: AnswerHead): void {
    this.#store.observe(task, readings, 0);
    if (refusal === null) return;
    const verdict = this.#refusals.verdictOn(task, refusal);
    if (this.#refusals.isFinal(task)) {
      this.#store.abandon(task, verdict);
      return;
    }
    this.#scene.hold(task);
    this.#store.retry(task, verdict);
  }

  ended(task: number): void {
    this.#store.settle(task);
  }

  timer(): void {}

  wake(): void {
    this.#store.pump();
  }
}
