/** Timing: how long requests travel and answers take. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { LoadTask } from "../../workload/load.ts";
import { drawBetween, PURPOSE } from "./draw.ts";

export interface Timing {
  /** Milliseconds to the provider, and back. */
  readonly uplinkMs: readonly [number, number];
  readonly downlinkMs: readonly [number, number];
  readonly firstTokenMs: readonly [number, number];
  readonly tokensPerSecond: readonly [number, number];
  /** The whole time at the provider is at least and at most this. */
  readonly serviceMs: readonly [number, number];
  /** Share of answers that are streamed: their head comes with the first token, others' with the last. */
  readonly streamedShare: number;
  /** When the provider writes down what is left: anywhere between admission and the head, unless said. */
  readonly stamp: "admission" | "anywhere" | "head";
}

/** Measured at providers: 30-80 ms up, half a second to half a minute of service. */
export const USUAL_TIMING: Timing = {
  uplinkMs: [30, 80],
  downlinkMs: [30, 80],
  firstTokenMs: [250, 1_500],
  tokensPerSecond: [30, 120],
  serviceMs: [500, 30_000],
  streamedShare: 0.7,
  stamp: "anywhere",
};

/** Whole microseconds from admission to the first token and to the last. */
export interface Service {
  readonly first: number;
  readonly whole: number;
}

/** The same for the same task and seed, whichever policy sends it and whenever. */
export function serviceOf(task: LoadTask, timing: Timing, seed: number): Service {
  const { firstTokenMs, tokensPerSecond, serviceMs } = timing;
  const firstMs = drawBetween(firstTokenMs, seed, PURPOSE.firstToken, task.id);
  const speed = drawBetween(tokensPerSecond, seed, PURPOSE.speed, task.id);
  const wholeMs = firstMs + (task.outputTokens / speed) * 1_000;
  const whole = Math.min(Math.max(wholeMs, serviceMs[0]), serviceMs[1]);
  return { first: micros(Math.min(firstMs, whole)), whole: micros(whole) };
}

export function micros(ms: number): number {
  return Math.round(ms * MICROS_PER_MS);
}
