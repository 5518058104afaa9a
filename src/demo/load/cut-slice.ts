/** Cut slice: the first rows of a trace at a speed at which they make enough demand. */
import { SluiceError } from "../../core/errors.ts";
import { percentile } from "../../figures/percentile.ts";
import { costOf, type TraceRow } from "../../workload/trace-row.ts";

export interface Slice {
  readonly rows: readonly TraceRow[];
  readonly speed: number;
  readonly seconds: number;
}

export interface SliceWish {
  readonly seconds: number;
  /** Null: chosen so that there is enough demand. */
  readonly speed: number | null;
}

/** So many that the first tier, 12 % of them, has more than 300 in a window of 25 s. */
const ARRIVALS_PER_SECOND = 120;
/** More than this would measure the machine, not the policies; chosen, and allowed. */
const MOST_CHOSEN_PER_SECOND = 250;
const MOST_PER_SECOND = 500;
/** The budget is so large that it refills the 99th percentile of costs in 0.3 s. */
const LARGEST_REFILL_SECONDS = 0.3;
/** Less shows nothing. */
const FEWEST_ROWS = 50;
const LEAST_SECONDS = 2;

/** Rows wanted from a source that never ends. */
export function rowsWanted(seconds: number): number {
  return Math.ceil(seconds * ARRIVALS_PER_SECOND) + 1;
}

/**
 * @param overload demand over budget, by which a budget's refill is known
 * @throws SluiceError `invalid_request` when the slice holds too little or too much.
 */
export function cutSlice(rows: readonly TraceRow[], wish: SliceWish, overload: number): Slice {
  const speed = wish.speed ?? speedFor(rows, wish.seconds, overload);
  const end = speed * wish.seconds;
  const slice = rows.filter(({ atSeconds }) => atSeconds < end);
  const isWhole = slice.length === rows.length;
  const seconds = isWhole ? rows[rows.length - 1].atSeconds / speed : wish.seconds;
  check(slice.length, seconds);
  return { rows: slice, speed, seconds };
}

function speedFor(rows: readonly TraceRow[], seconds: number, overload: number): number {
  const costs = rows.map(costOf);
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  const forLarge = (overload * percentile(costs, 0.99)) / mean / LARGEST_REFILL_SECONDS;
  const rate = Math.min(MOST_CHOSEN_PER_SECOND, Math.max(ARRIVALS_PER_SECOND, forLarge));
  const count = Math.min(rows.length - 1, Math.ceil(rate * seconds));
  // A trace of a single moment has no spacing that could be kept.
  return Math.max(rows[count].atSeconds, Number.MIN_VALUE) / seconds;
}

function check(count: number, seconds: number): void {
  const rate = count / seconds;
  if (count >= FEWEST_ROWS && seconds >= LEAST_SECONDS && rate <= MOST_PER_SECOND) return;
  const found = `${count} requests in ${Number(seconds.toPrecision(3))} s`;
  const pace = `${Math.round(rate)} requests a second`;
  const allowed = `at least ${FEWEST_ROWS} requests and ${LEAST_SECONDS} s, at most ${MOST_PER_SECOND} requests a second`;
  throw new SluiceError(
    "invalid_request",
    `the trace at this --speed and --seconds: found ${found}, ${pace}; allowed: ${allowed}`,
  );
}
