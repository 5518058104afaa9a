/** Profile: the shape of a recorded load in a few hundred numbers, so that no trace has to be shipped. */

export interface Profile {
  /** What the numbers were computed from: title, author, licence. */
  readonly attribution: string;
  /** Mean of the recording. */
  readonly requestsPerSecond: number;
  /** Rate of each recorded minute, relative to the mean: the slow waves, which make most of the burstiness. */
  readonly minutes: readonly number[];
  /** Squared coefficient of variation of the gaps once the waves are taken out; 1: Poisson. */
  readonly gapVariation: number;
  /** Values at {@link QUANTILES}; input and output are drawn independently. */
  readonly inputTokens: readonly number[];
  readonly outputTokens: readonly number[];
}

/** Every percent, and finer at the top, where a few requests hold much of the demand. */
export const QUANTILES: readonly number[] = [
  ...Array.from({ length: 100 }, (_, percent) => percent / 100),
  0.995,
  0.999,
  0.9999,
  1,
];
