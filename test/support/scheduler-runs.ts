/**
 * Scheduler runs: how often a property is tried. The same seed every time, so that a test that
 * passes here passes everywhere; `SEED=2 npx vitest ...` tries others. A failure prints its seed.
 */
const SEED = Number(process.env["SEED"] ?? 1);

export function runs(numRuns: number) {
  return { seed: SEED, numRuns };
}

/** For properties whose runs take so long that shrinking would never end: the seed tells enough. */
export function longRuns(numRuns: number) {
  return { ...runs(numRuns), endOnFailure: true };
}
