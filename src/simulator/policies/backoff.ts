/** Backoff: every request goes out at once, and each that is refused waits by itself before it tries again. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import { naiveDelayMs, sdkDelayMs } from "../../workload/retry-delays.ts";
import { draw, PURPOSE } from "../world/draw.ts";
import { micros } from "../world/timing.ts";
import type { AnswerHead, Policy, Scene } from "./policy.ts";
import { isForever } from "./sluice/refusals.ts";

/** Milliseconds until the next try, after so many retries; `hintMs` is what the provider asks for. */
type DelayMs = (task: number, retries: number, hintMs: number | null) => number;

/** 1, 2, 4, 8 ... s. */
export function naiveBackoff(scene: Scene): Policy {
  return new Backoff(scene, (_, retries) => naiveDelayMs(retries));
}

/** As OpenAI's SDK does, but for as long as a task may wait. */
export function jitterBackoff(scene: Scene): Policy {
  const { seed } = scene.setting;
  return new Backoff(scene, (task, retries, hintMs) =>
    sdkDelayMs(hintMs, retries, draw(seed, PURPOSE.jitter, task, retries)),
  );
}

class Backoff implements Policy {
  readonly readsHeaders = false;
  readonly wakeAt = Number.POSITIVE_INFINITY;
  readonly #scene: Scene;
  readonly #delayMs: DelayMs;
  readonly #retries: Uint16Array;

  constructor(scene: Scene, delayMs: DelayMs) {
    this.#scene = scene;
    this.#delayMs = delayMs;
    this.#retries = new Uint16Array(scene.tasks.length);
  }

  arrived(task: number): void {
    this.#scene.send(task);
  }

  answered(task: number, { refusal }: AnswerHead): void {
    if (refusal === null) return;
    const scene = this.#scene;
    if (isForever(refusal)) {
      scene.giveUp(task, "rate_limit_exceeded", false);
      return;
    }
    const { retryAfter } = refusal;
    const hintMs = retryAfter === null ? null : Math.ceil(retryAfter / MICROS_PER_MS);
    const delay = micros(this.#delayMs(task, this.#retries[task]++, hintMs));
    const again = scene.now + delay;
    if (again > scene.arrivedAt(task) + scene.maxWait(task)) {
      scene.giveUp(task, "max_wait_exceeded", false);
      return;
    }
    scene.hold(task);
    scene.callAt(again, task);
  }

  timer(task: number): void {
    this.#scene.send(task);
  }

  ended(): void {}

  wake(): void {}
}
