/**
 * Expected wait: how long a new request would wait, known before it is queued.
 *
 * Per meter: what has to be supplied before it (demand queued in higher bands, its tenant's own
 * queue and the others' fair share meanwhile, what the meter lacks) over the supply that higher
 * bands' arrivals leave. The largest over its meters. It is a forecast: arrivals may change.
 */
import type { Demand } from "../demand.ts";
import type { Meter } from "../meter/meter.ts";
import type { Band, Competitor } from "./band.ts";
import type { Ceiling } from "./ceiling.ts";
import type { FairAccount } from "./fair-account.ts";
import type { Guarantee } from "./guarantee.ts";
import { amountIn, type Path } from "./path.ts";

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
  readonly isChainStep: boolean;
  /** Micro-units per meter of the path. */
  readonly amounts: Float64Array;
  readonly floors: Float64Array;
  /** Its own: its share may come sooner than its turn in the strict order. Others' come before it. */
  guaranteesOf(band: number): readonly Guarantee[];
  /** For at least so long nothing but a guarantee serves it, microseconds; 0: it is not held back. */
  readonly heldFor: number;
  /** Ceilings of the band: it waits for them however much others leave. */
  readonly ceilings: readonly Ceiling[];
  /** Ceilings of another band: what it has waiting beyond them stands in nobody's way. */
  ceilingsOf(band: number): readonly Ceiling[];
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

/**
 * How long limits of requests alone keep whoever is next in line, microseconds. Of them nothing comes
 * back before its time, so no turn comes earlier; what others have reserved of tokens may come back.
 */
export function waitOfRequests(path: Path, demand: Demand, now: number): number {
  let longest = 0;
  for (let i = 0; i < path.meters.length; i++) {
    const meter = path.meters[i];
    if (meter.label.dimension !== "requests") continue;
    const wait = meter.waitFor(amountIn(demand, path.columns[i], meter), path.floorsFirst[i], now);
    longest = Math.max(longest, wait);
  }
  return longest;
}

/** Whatever comes first: its turn in the strict order, or a guaranteed share. */
function waitAt(question: WaitQuestion, i: number): number {
  if (question.amounts[i] === 0) return 0;
  const inBand = aheadInBand(question, i);
  const turn = Math.min(strictWait(question, inBand, i), waitBesideCapped(question, inBand, i));
  let wait = Math.max(turn, question.heldFor);
  if (wait > 0) {
    for (const guarantee of question.guaranteesOf(question.band.index)) {
      wait = Math.min(wait, guaranteedWait(question, guarantee, inBand, i));
    }
  }
  for (const ceiling of question.ceilings) {
    wait = Math.max(wait, cappedWait(question, ceiling, inBand, i));
  }
  return wait;
}

/** After what is queued in higher bands, from what their arrivals leave. */
function strictWait(question: WaitQuestion, inBand: number, i: number): number {
  const { path, amounts, floors, now } = question;
  const meter = path.meters[i];
  const ahead = inBand + queuedAbove(question, path.indexes[i]);
  const whole = ahead + amounts[i];
  const untilWhole = meter.waitBehind(ahead, amounts[i], floors[i], now);
  if (untilWhole === 0) return 0;
  const left = leftSupply(question, i);
  // Slots come back by release, not by time: for them only the mean supply tells a wait.
  const exact = finiteOr0(untilWhole);
  const isExact = exact > 0 && left === path.supply(i) && whole + floors[i] <= meter.capacity;
  if (isExact) return exact;
  const last = Math.min(amounts[i] + floors[i], Math.max(amounts[i], meter.capacity));
  // Of what goes before it a part comes back when it is settled.
  const lacking = ahead * path.keptShare(i) + last - meter.level(now);
  return Math.max(0, exact, Math.ceil(lacking / left));
}

/** Higher bands take at most what their ceilings allow; Infinity: none of them has one. */
function waitBesideCapped(question: WaitQuestion, inBand: number, i: number): number {
  const { path, bands, band, amounts, floors, now, ceilingsOf } = question;
  const index = path.indexes[i];
  const capped = new Set<Ceiling>();
  let ahead = inBand;
  let taken = 0;
  for (let above = 0; above < band.index; above++) {
    const own = ceilingsOf(above).filter(({ bands: members }) => !members.includes(band.index));
    if (own.length > 0) {
      capped.add(own[0]);
      continue;
    }
    ahead += bands[above].queued.at(index);
    taken += bands[above].arrivals.shortRate(index, now);
  }
  if (capped.size === 0) return Number.POSITIVE_INFINITY;
  for (const { share } of capped) taken += share * path.supply(i);
  const meter = path.meters[i];
  const left = Math.max(path.supply(i) - taken, path.supply(i) * LEAST_SHARE);
  const alone = finiteOr0(meter.waitFor(amounts[i], floors[i], now));
  const lacking = ahead + amounts[i] + floors[i] - meter.level(now);
  return Math.max(alone, Math.ceil(lacking / left));
}

/** Higher bands do not touch it, unless it is for them, too. */
function guaranteedWait(
  { path, band, bands, amounts, now }: WaitQuestion,
  { share, bands: members }: Guarantee,
  inBand: number,
  i: number,
): number {
  let ahead = inBand;
  for (const member of members) {
    if (member < band.index) ahead += bands[member].queued.at(path.indexes[i]);
  }
  // A guarantee goes first, but not before the meter has what it asks for.
  const alone = finiteOr0(path.meters[i].waitFor(amounts[i], path.floorsFirst[i], now));
  return Math.max(alone, Math.ceil((ahead + amounts[i]) / (path.supply(i) * share)));
}

/** What its tier may have at most lasts this long for those before it. */
function cappedWait(question: WaitQuestion, ceiling: Ceiling, inBand: number, i: number): number {
  const { path, bands, band, now } = question;
  let ahead = inBand;
  for (const member of ceiling.bands) {
    if (member < band.index) ahead += bands[member].queued.at(path.indexes[i]);
  }
  return ceiling.waitFor(now, path.cost(i, ahead));
}

/**
 * What is served in its band before a new request: its tenant's queue, unless it goes before it,
 * and what the others' weights earn until the tenant's virtual time has come to it.
 */
function aheadInBand(question: WaitQuestion, i: number): number {
  const { path, band, account, isChainStep, amounts, now } = question;
  const index = path.indexes[i];
  // They are taken for as large as this one: only their number is known.
  const elsewhere = now < account.elsewhereUntil ? account.waitingElsewhere * amounts[i] : 0;
  const mine = account.queuedAt(index) + elsewhere;
  const before = isChainStep ? 0 : mine;
  const distance = (account.leadOn(path) / 1_000) * path.supply(i) + before / account.weight;
  const mineActive = account.competing > 0 ? account.weight : 0;
  const rivals = band.activeWeight - mineActive + band.weightElsewhere;
  const theirs = Math.ceil(distance * Math.max(0, rivals));
  return before + Math.min(Math.max(0, band.queued.at(index) - mine), theirs);
}

function finiteOr0(wait: number): number {
  return Number.isFinite(wait) ? wait : 0;
}

/** What higher bands' arrivals leave, and the guarantees of lower ones that have work waiting. */
function leftSupply(question: WaitQuestion, i: number): number {
  const { path, band, bands, now } = question;
  const supply = path.supply(i);
  let taken = 0;
  for (let above = 0; above < band.index; above++) {
    taken += bands[above].arrivals.shortRate(path.indexes[i], now);
  }
  taken *= path.keptShare(i);
  for (let below = band.index + 1; below < bands.length; below++) {
    if (bands[below].queued.at(path.indexes[i]) === 0) continue;
    for (const { share, bands: members } of question.guaranteesOf(below)) {
      const isFirstWaiting = members.every(
        (member) => member >= below || (member > band.index && bands[member].waiting === 0),
      );
      if (isFirstWaiting) taken += share * supply;
    }
  }
  return Math.max(supply - taken, supply * LEAST_SHARE);
}

function queuedAbove({ bands, band }: WaitQuestion, index: number): number {
  let queued = 0;
  for (let above = 0; above < band.index; above++) queued += bands[above].queued.at(index);
  return queued;
}
