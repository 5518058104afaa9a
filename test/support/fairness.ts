/** Fairness: how evenly service was shared, and how far the worst pair drifted apart. */

export interface Service {
  /** Which of the competitors was served. */
  readonly who: number;
  readonly cost: number;
}

export interface Competitor {
  readonly weight: number;
  /** Its largest single cost. */
  readonly largest: number;
}

/** Jain's index of `shares`: 1 when all are equal, 1/n when one has everything. */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

/** Weighted service of each competitor. */
export function weightedShares(
  services: readonly Service[],
  competitors: readonly Competitor[],
): number[] {
  const shares = competitors.map(() => 0);
  for (const { who, cost } of services) shares[who] += cost / competitors[who].weight;
  return shares;
}

/**
 * Largest |S_i/w_i - S_j/w_j| over every pair and every interval, as a share of the bound of
 * start-time fair queueing, l_i/w_i + l_j/w_j (Goyal 1996, theorem 1). At most 1 is fair.
 */
export function worstOfAnyInterval(
  services: readonly Service[],
  competitors: readonly Competitor[],
): number {
  return worstPair(services, competitors, (low, high) => high - low);
}

/** The same, but only over intervals that begin with the first service. */
export function worstSinceStart(
  services: readonly Service[],
  competitors: readonly Competitor[],
): number {
  return worstPair(services, competitors, (low, high) => Math.max(-low, high));
}

function worstPair(
  services: readonly Service[],
  competitors: readonly Competitor[],
  drift: (low: number, high: number) => number,
): number {
  let worst = 0;
  for (let a = 0; a < competitors.length; a++) {
    for (let b = a + 1; b < competitors.length; b++) {
      const pair = [competitors[a], competitors[b]];
      const bound = pair.reduce((sum, { weight, largest }) => sum + largest / weight, 0);
      let difference = 0;
      let low = 0;
      let high = 0;
      for (const { who, cost } of services) {
        if (who === a) difference += cost / competitors[a].weight;
        else if (who === b) difference -= cost / competitors[b].weight;
        low = Math.min(low, difference);
        high = Math.max(high, difference);
      }
      worst = Math.max(worst, drift(low, high) / bound);
    }
  }
  return worst;
}
