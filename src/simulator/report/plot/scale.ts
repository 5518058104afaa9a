/** Scale: where a value stands along an axis, from 0 to 1, and which values get a mark there. */

export interface Scale {
  /** At most 1, at least 0, whatever comes in. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

export interface WaitScale extends Scale {
  /** The wait at a place along the axis. */
  readonly waitMsAt: (share: number) => number;
}

const TIME_STEPS_S = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600,
  43_200, 86_400,
];
const MINUTE_MS = 60_000;
/** One decade each, but for the last three, where people count in sixties. */
const WAIT_TICKS_MS = [0, 10, 100, 1_000, 10_000, MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS];
/** Less is not worth looking at: all waits would seem long. */
const LEAST_WAIT_AXIS_MS = 10;

/** From 0 to `greatest`, with about `tickCount` marks at round values. */
export function linearScale(greatest: number, tickCount: number): Scale {
  const end = usable(greatest);
  return { at: (value) => within(value / end), ticks: multiples(roundStep(end, tickCount), end) };
}

/** From the start of a run to its end, in seconds; marks where a clock has them. */
export function timeScale(seconds: number, tickCount: number): Scale {
  const end = usable(seconds);
  const most = end / tickCount;
  const day = TIME_STEPS_S[TIME_STEPS_S.length - 1];
  const step = TIME_STEPS_S.find((step) => step >= most) ?? Math.ceil(most / day) * day;
  return { at: (value) => within(value / end), ticks: multiples(step, end) };
}

/** Waits in milliseconds: linear below 1 ms, where nobody minds, logarithmic above. */
export function waitScale(greatestMs: number): WaitScale {
  const end = Math.max(LEAST_WAIT_AXIS_MS, usable(greatestMs));
  return {
    at: logarithmic(end),
    waitMsAt: (share) => Math.expm1(share * Math.log1p(end)),
    ticks: WAIT_TICKS_MS.filter((tick) => tick <= end),
  };
}

/** Counts that differ by orders of magnitude and may be 0; marks at 0 and the last power of ten. */
export function logScale(greatest: number): Scale {
  const end = usable(greatest);
  return { at: logarithmic(end), ticks: [0, 10 ** Math.floor(Math.log10(end))] };
}

function logarithmic(end: number): (value: number) => number {
  return (value) => within(Math.log1p(Math.max(0, value)) / Math.log1p(end));
}

/** Nothing at all still needs an axis. */
function usable(greatest: number): number {
  return Number.isFinite(greatest) && greatest > 0 ? greatest : 1;
}

function within(share: number): number {
  return share > 0 ? Math.min(1, share) : 0; // NaN is 0, too
}

/** 1, 2 or 5 times a power of ten: the least that makes at most `tickCount` steps, if one fits. */
function roundStep(end: number, tickCount: number): number {
  const step = roundedUp(end / tickCount);
  return step <= end ? step : roundedUp(end / (2 * tickCount));
}

function roundedUp(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

function multiples(step: number, end: number): number[] {
  const steps = Math.floor(end / step + 1e-9);
  return [...Array(steps + 1).keys()].map((index) => Number((index * step).toPrecision(12)));
}
