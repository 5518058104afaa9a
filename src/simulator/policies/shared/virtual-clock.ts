/** Virtual clock: time as one program sees it in a simulated world, wrong by as much as its clock is. */
import type { CancelTimer, Clock } from "../../../core/clock.ts";
import type { Scene } from "../policy.ts";

export class VirtualClock implements Clock {
  readonly #scene: Pick<Scene, "now" | "doAt">;
  readonly #offset: number;
  readonly #onFire: () => void;

  /** `onFire`: something is done, which may go on in promises. */
  constructor(scene: Pick<Scene, "now" | "doAt">, offset: number, onFire: () => void) {
    this.#scene = scene;
    this.#offset = offset;
    this.#onFire = onFire;
  }

  now(): number {
    return this.#scene.now + this.#offset;
  }

  schedule(at: number, fire: () => void): CancelTimer {
    let isCancelled = false;
    this.#scene.doAt(at - this.#offset, () => {
      if (isCancelled) return;
      this.#onFire();
      fire();
    });
    return () => {
      isCancelled = true;
    };
  }
}
