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

/** A competitor whose backlog begins and ends; times as in its services. */
export interface Rival extends Competitor {
  readonly from: number;
  readonly to: number;
}

export interface TimedService extends Service {
  readonly at: number;
}

/** What a pair may differ by, from their largest weighted costs. */
export type PairBound = (a: number, b: number) => number;

/** Goyal 1996, theorem 1: for whoever is served whenever it is its turn. */
export const SFQ_BOUND: PairBound = (a, b) => a + b;

/**
 * Where a head that does not fit is passed: another may start until the tag at which the head will
 * have ended, S_a < S_b + l_b/w_b, so S_a - S_b stays below l_a/w_a + l_b/w_b. Either of the two may
 * be the head, so between any two moments the difference moves by twice that.
 */
export const BYPASS_BOUND: PairBound = (a, b) => 2 * (a + b);

/**
 * Largest |S_i/w_i - S_j/w_j| over every pair and every interval in which both were backlogged, as
 * a share of `bound`. At most 1 is fair.
 */
export function worstOfBacklogged(
  services: readonly TimedService[],
  rivals: readonly Rival[],
  bound: PairBound,
): number {
  let worst = 0;
  for (let a = 0; a < rivals.length; a++) {
    for (let b = a + 1; b < rivals.length; b++) {
      const from = Math.max(rivals[a].from, rivals[b].from);
      const to = Math.min(rivals[a].to, rivals[b].to);
      const own = services.filter(
        ({ who, at }) => (who === a || who === b) && at >= from && at < to,
      );
      const [one, other] = [a, b].map((who) => rivals[who].largest / rivals[who].weight);
      worst = Math.max(worst, rangeOf(own, a, rivals) / bound(one, other));
    }
  }
  return worst;
}

/** How far the difference of two competitors' weighted service ever moved. */
function rangeOf(services: readonly Service[], a: number, rivals: readonly Rival[]): number {
  let difference = 0;
  let low = 0;
  let high = 0;
  for (const { who, cost } of services) {
    difference += (who === a ? cost : -cost) / rivals[who].weight;
    low = Math.min(low, difference);
    high = Math.max(high, difference);
  }
  return high - low;
}

/**
 * Jain's index of the weighted service of those backlogged for a whole window; the least of all
 * windows of `length`, one after the other. 1 if there is none with two of them.
 */
export function leastJain(
  services: readonly TimedService[],
  rivals: readonly Rival[],
  length: number,
): number {
  const end = Math.max(...services.map(({ at }) => at));
  let least = 1;
  for (
    let from = Math.min(...rivals.map((rival) => rival.from));
    from + length <= end;
    from += length
  ) {
    const busy = rivals.map((rival) => rival.from <= from && rival.to >= from + length);
    const inside = services.filter(({ at }) => at >= from && at < from + length);
    const shares = weightedShares(inside, rivals).filter((_, who) => busy[who]);
    if (shares.length > 1) least = Math.min(least, jain(shares));
  }
  return least;
}
