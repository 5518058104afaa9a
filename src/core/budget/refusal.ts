/** Refusal: what a quota verdict does: the meters it means are corrected, once in a congestion, and rest. */
import { MICROS_PER_MS } from "../clock.ts";
import { MICRO_UNITS } from "../meter/meter.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { allTimed, blamed, emptiest } from "./blame.ts";
import type { Told } from "./bounds.ts";
import type { Dispatch } from "./dispatch.ts";
import type { Epoch } from "./epoch.ts";

/** Microseconds; null: the provider states none. */
export function waitOf({ retryAfterMs }: Verdict): number | null {
  return retryAfterMs === null ? null : retryAfterMs * MICROS_PER_MS;
}

/** Places in the path that rest because of it. */
export function restingPlaces(
  dispatch: Dispatch,
  verdict: Verdict,
  now: number,
): readonly number[] {
  const places = blamed(dispatch, verdict.dimension, now);
  return places.length > 0 ? places : allTimed(dispatch);
}

/**
 * Corrects what is to blame; says whether that began an epoch. Where nobody knows what is to blame,
 * the likeliest meter keeps a larger margin, once in each epoch of `unnamed`.
 */
export function cut(dispatch: Dispatch, verdict: Verdict, unnamed: Epoch, now: number): boolean {
  const { book, demand } = dispatch;
  const wait = waitOf(verdict);
  const places = blamed(dispatch, verdict.dimension, now);
  if (places.length === 0) return suspect(dispatch, wait, unnamed, now);
  let isNewEpoch = false;
  for (const place of places) {
    const amount = book.amount(place, demand);
    const told = implied(dispatch, place, amount, now);
    if (book.watches[place]?.refused(told, amount, wait, now)) isNewEpoch = true;
  }
  return isNewEpoch;
}

function suspect(dispatch: Dispatch, wait: number | null, unnamed: Epoch, now: number): boolean {
  if (!unnamed.begins(dispatch.sentAt, now)) return false;
  const place = emptiest(dispatch, now);
  const amount = place < 0 ? 0 : dispatch.book.amount(place, dispatch.demand);
  dispatch.book.watches[place]?.suspected(amount, wait);
  return true;
}

/** A refusal tells that less was left than it asked for, even without a header. */
function implied({ told, sentAt, headAt }: Dispatch, place: number, amount: number, now: number) {
  const reading = told[place];
  const remaining = (reading?.remaining ?? Number.POSITIVE_INFINITY) * MICRO_UNITS;
  const quantum = (reading?.quantum ?? 0) * MICRO_UNITS;
  const least: Told = {
    remaining: Math.min(amount, remaining + quantum),
    quantum: 0,
    sentAt,
    headAt: headAt ?? now,
  };
  return least;
}
