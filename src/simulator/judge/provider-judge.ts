/**
 * Provider judge: counts inversions where no scheduler can be asked: requests that the provider
 * admits while a task of a higher band is held back that it would have admitted, too.
 */
import type { Standing } from "../../figures/standing.ts";
import type { Scene, Watcher } from "../policies/policy.ts";
import { amountTaken } from "../provider/rules.ts";
import { type Door, WaitingRoom } from "./waiting-room.ts";

export class ProviderJudge implements Watcher {
  readonly #scene: Scene;
  readonly #bandOf: Standing["bandOf"];
  readonly #room: WaitingRoom;
  readonly #door: Door;
  inversions = 0;

  constructor(scene: Scene, bandOf: Standing["bandOf"], bands: number) {
    this.#scene = scene;
    this.#bandOf = bandOf;
    this.#room = new WaitingRoom(bands, scene.models.length, scene.tasks.length);
    const { provider } = scene;
    this.#door = {
      hasRoom: () => true,
      roomFor: (group) => provider.mostTokens(group, scene.now),
      fits: (task) => provider.fits(scene.tasks[task], scene.groupOf(task), scene.now),
    };
  }

  passing(): void {}

  held(task: number): void {
    const { provider } = this.#scene;
    const key = amountTaken(provider.rules, this.#scene.tasks[task], "tokens");
    this.#room.enter(task, this.#bandOf(this.#scene.tasks[task]), this.#scene.groupOf(task), key);
  }

  released(task: number): void {
    this.#room.leave(task);
  }

  admitting(task: number, now: number): void {
    const { provider, tasks } = this.#scene;
    if (!provider.fits(tasks[task], this.#scene.groupOf(task), now)) return;
    if (this.#room.someoneAbove(this.#bandOf(tasks[task]), this.#door)) this.inversions++;
  }
}
