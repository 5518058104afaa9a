/** Run policy: one load by one policy, from an empty provider to the last answer. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PolicyRun } from "../figures/figures.ts";
import type { MockStats } from "../mock/index.ts";
import type { Load } from "../workload/load.ts";
import { type Audience, drive } from "./drive/drive.ts";
import type { OpenPolicy, Policy } from "./drive/policy.ts";

export interface RunSetting {
  readonly load: Load;
  readonly seed: number;
  readonly audience: RunAudience;
  readonly signal: AbortSignal;
}

export interface RunAudience extends Audience {
  /** The provider's books, about once a second. */
  audited(books: MockStats): void;
}

export interface DemoRun extends PolicyRun {
  /** How late this process was with the slowest percent of arrivals, milliseconds. */
  readonly latenessMs: readonly number[];
}

const AUDIT_EVERY_MS = 1_000;

/** @throws the signal's reason when aborted; Error when a process could not start or has died. */
export async function runPolicy(policy: Policy, setting: RunSetting): Promise<DemoRun> {
  const { load, seed } = setting;
  const open = await policy.open(load, seed);
  try {
    const [driven, window] = await inStep(setting.signal, (signal) => [
      drive(load, open, setting.audience, signal),
      keepBooks(load, open, setting.audience, signal),
    ]);
    const atEnd = await open.providerStats();
    const inversions = await open.inversions(driven.results);
    return { ...driven, books: { ...window, atEnd }, inversions };
  } finally {
    await open.close();
  }
}

/** If one fails, the other ends too. */
async function inStep<A, B>(
  outer: AbortSignal,
  start: (signal: AbortSignal) => [Promise<A>, Promise<B>],
): Promise<[A, B]> {
  const inner = new AbortController();
  try {
    return await Promise.all(start(AbortSignal.any([outer, inner.signal])));
  } finally {
    inner.abort();
  }
}

/** Reads the provider's books at both ends of the measured window, and in between for the audience. */
async function keepBooks(
  load: Load,
  open: OpenPolicy,
  audience: RunAudience,
  signal: AbortSignal,
): Promise<{ atWindowStart: MockStats; atWindowEnd: MockStats }> {
  const startedAt = performance.now();
  const readAt = async (ms: number) => {
    await sleep(Math.max(0, startedAt + ms - performance.now()), undefined, { signal });
    const books = await open.providerStats();
    audience.audited(books);
    return books;
  };
  const end = load.seconds * 1_000;
  const atWindowStart = await readAt(load.measuredFromMs);
  for (let at = load.measuredFromMs + AUDIT_EVERY_MS; at < end; at += AUDIT_EVERY_MS) {
    await readAt(at);
  }
  return { atWindowStart, atWindowEnd: await readAt(end) };
}
