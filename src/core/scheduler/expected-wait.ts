/**
 * Expected wait: how long a new request would wait, known before it is queued.
 *
 * Per meter: what has to be supplied before it (demand queued in higher bands, its fair share of
 * its own band, what the meter lacks) over the supply that higher bands' arrivals leave. The
 * largest over its meters. It is a forecast: arrivals may change.
 */
import type { Meter } from "../meter/meter.ts";
import { queuedAt } from "./backlog.ts";
import type { Band, Competitor } from "./band.ts";
import type { FairAccount } from "./fair-account.ts";
import type { Path } from "./path.ts";

/** Share of the supply that a band is assumed to get at least, so that a forecast stays finite. */
const LEAST_SHARE = 0.01;

export interface WaitForecast {
  /** Microseconds. */
  readonly wait: number;
  /** The meter that binds; null if nothing does. */
  readonly meter: Meter | null;
}

export interface WaitQuestion {
  readonly path: Path;
  readonly band: Band<Competitor>;
  readonly bands: readonly Band<Competitor>[];
  readonly account: FairAccount;
  /** Micro-units per meter of the path. */
  readonly amounts: readonly number[];
  readonly floors: readonly number[];
  /** Guaranteed share of the band, 0 if none. */
  readonly guaranteed: number;
  readonly now: number;
}

export function expectedWait(question: WaitQuestion): WaitForecast {
  const { path } = question;
  let longest: WaitForecast = { wait: 0, meter: null };
  for (let i = 0; i < path.meters.length; i++) {
    const wait = waitAt(question, i);
    if (wait > longest.wait) longest = { wait, meter: path.meters[i] };
  }
  return longest;
}

function waitAt(question: WaitQuestion, i: number): number {
  const { path, band, amounts, floors, now } = question;
  const meter = path.meters[i];
  const amount = amounts[i];
  if (amount === 0) return 0;
  const index = path.indexes[i];
  const higher = sumHigher(question, (other) => queuedAt(other, index));
  const own = Math.min(queuedAt(band, index), fairlyAhead(question, i));
  if (higher + own === 0) return meter.waitFor(amount, floors[i], now);
  const target = Math.min(amount + floors[i], Math.max(amount, meter.capacity));
  const lacking = higher + own + target - meter.level(now);
  const wait = lacking / leftSupply(question, i);
  return Math.max(0, wait, meter.frozenUntil - now);
}

/** What others of the band are served before this tenant's turn comes: virtual time to go x weights. */
function fairlyAhead({ path, band, account }: WaitQuestion, i: number): number {
  const lead = account.startTag(path, band.virtual) - (band.virtual[path.indexes[i]] ?? 0);
  const micros = Math.max(0, lead) / 1_000;
  return micros * Math.max(band.activeWeight, account.weight) * path.supply(i);
}

function leftSupply(question: WaitQuestion, i: number): number {
  const { path, guaranteed, now } = question;
  const supply = path.supply(i);
  const taken = sumHigher(question, (other) => other.arrivals.shortRate(path.indexes[i], now));
  return Math.max(supply - taken, supply * Math.max(guaranteed, LEAST_SHARE));
}

function sumHigher(
  { bands, band }: WaitQuestion,
  amountOf: (band: Band<Competitor>) => number,
): number {
  let sum = 0;
  for (let index = 0; index < band.index; index++) sum += amountOf(bands[index]);
  return sum;
}
