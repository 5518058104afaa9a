/** Percentile: nearest rank, so that every figure is a value that was measured. */

/** `share` from 0 (least) to 1 (largest); 0 of no values. */
export function percentile(values: readonly number[], share: number): number {
  return percentileOfSorted(
    [...values].sort((a, b) => a - b),
    share,
  );
}

export function percentileOfSorted(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return 0;
  const rank = Math.ceil(share * sorted.length);
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1];
}
