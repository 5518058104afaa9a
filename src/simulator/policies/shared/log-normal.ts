/** Log-normal: latencies as networks have them: most near the median, a few far above it. */

/** Standard deviations from the median to the 99th percentile of a normal distribution. */
const P99_DEVIATIONS = 2.3263478740408408;

export interface Latency {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** @param draws two numbers in [0, 1) */
export function logNormal({ medianMs, p99Ms }: Latency, draws: readonly [number, number]): number {
  const deviation = Math.log(p99Ms / medianMs) / P99_DEVIATIONS;
  // Box and Muller, 1958.
  const normal = Math.sqrt(-2 * Math.log(1 - draws[0])) * Math.cos(2 * Math.PI * draws[1]);
  return medianMs * Math.exp(deviation * normal);
}
