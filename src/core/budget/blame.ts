/** Blame: which meters a quota refusal is about, by the dimension it names, its window, and what its headers told. */
import type { Dimension } from "../demand.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import { SLOT } from "../scheduler/path.ts";
import type { LimitedDimension } from "../verdict/verdict.ts";
import type { Dispatch } from "./dispatch.ts";
import { perMsOf } from "./limit-differences.ts";

const PER_DAY = "_per_day";
/** Half a day in milliseconds: limits per day are above it, all shorter ones below. */
const LONG_WINDOW_MS = 43_200_000;

/**
 * Places in the path of what is surely to blame; empty: nobody knows.
 *
 * @param named null: the refusal names no dimension
 */
export function blamed(
  dispatch: Dispatch,
  named: LimitedDimension | null,
  now: number,
): readonly number[] {
  const candidates = named === null ? watchedPlaces(dispatch) : placesOf(dispatch, named, now);
  const short = candidates.filter((place) => wasToldShort(dispatch, place));
  if (short.length > 0) return short;
  return named === null && candidates.length > 1 ? [] : candidates;
}

/** The place that by our ledger is nearest to its end; -1: nothing is watched. */
export function emptiest(
  dispatch: Dispatch,
  now: number,
  places: readonly number[] = watchedPlaces(dispatch),
): number {
  let least = Number.POSITIVE_INFINITY;
  let emptiest = -1;
  for (const place of places) {
    const meter = dispatch.path.meters[place];
    const share = meter.level(now) / meter.capacity;
    if (share >= least) continue;
    least = share;
    emptiest = place;
  }
  return emptiest;
}

/** Where nobody knows what is to blame, all rests but slots, which no time frees; else even those. */
export function allTimed({ path }: Dispatch): readonly number[] {
  const places = path.meters.map((_, place) => place);
  const timed = places.filter((place) => path.columns[place] !== SLOT);
  return timed.length > 0 ? timed : places;
}

function watchedPlaces({ book }: Dispatch): number[] {
  return book.watches.flatMap((watch, place) => (watch === null ? [] : place));
}

function placesOf(dispatch: Dispatch, named: LimitedDimension, now: number): readonly number[] {
  const { meters } = dispatch.path;
  const dimension = dimensionOf(named);
  const watched = watchedPlaces(dispatch);
  const exact = watched.filter((place) => meters[place].label.dimension === dimension);
  if (exact.length > 0) return ofWindow(dispatch, exact, named);
  if (named === "spend") return [];
  // What a platform counts by itself it refuses in common words (points as requests): one of these.
  const units = watched.filter((place) => countsUnits(dispatch, place));
  const short = units.filter((place) => wasToldShort(dispatch, place));
  if (short.length > 0) return short;
  const likeliest = emptiest(dispatch, now, ofWindow(dispatch, units, named));
  return likeliest < 0 ? [] : [likeliest];
}

/** Those per day, or those per less, as the refusal says; all where it has none of them. */
function ofWindow({ path }: Dispatch, places: readonly number[], named: LimitedDimension) {
  const isDaily = named.endsWith(PER_DAY);
  const fitting = places.filter(
    (place) => perMsOf(path.meters[place]) >= LONG_WINDOW_MS === isDaily,
  );
  return fitting.length > 0 ? fitting : places;
}

/** Does the request take any of a unit that the platform counts by itself? */
function countsUnits({ book, path, demand }: Dispatch, place: number): boolean {
  const { dimension } = path.meters[place].label;
  return dimension.startsWith("units:") && book.amount(place, demand) > 0;
}

function dimensionOf(named: LimitedDimension): Dimension {
  if (named === "spend") return "usd";
  return (named.endsWith(PER_DAY) ? named.slice(0, -PER_DAY.length) : named) as Dimension;
}

/** The refusal's own headers said that less was left than it asked for. */
function wasToldShort({ book, told, demand }: Dispatch, place: number): boolean {
  const remaining = told[place]?.remaining ?? null;
  return remaining !== null && remaining * MICRO_UNITS < book.amount(place, demand);
}
