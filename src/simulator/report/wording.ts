/** Wording: figures as people read them, with their units; what is not a number is a dash. */

const UNKNOWN = "–";
/** Keeps a number and its unit on one line. */
const NO_BREAK = "\u00a0";
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** 0.4 ms, 12 ms, 1.80 s, 14.8 s, 2.5 min, 1.2 h; as exact in a column as its neighbours. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return UNKNOWN;
  if (ms <= 0) return `0${NO_BREAK}ms`;
  if (ms < SECOND_MS) return `${ms.toFixed(ms < 10 ? 1 : 0)}${NO_BREAK}ms`;
  if (ms < 2 * MINUTE_MS) return `${(ms / SECOND_MS).toFixed(ms < 10_000 ? 2 : 1)}${NO_BREAK}s`;
  if (ms < 2 * HOUR_MS) return `${(ms / MINUTE_MS).toFixed(1)}${NO_BREAK}min`;
  return `${(ms / HOUR_MS).toFixed(1)}${NO_BREAK}h`;
}

/** A length that was chosen, not measured, as on axes: 0, 10 ms, 1.5 s, 10 min, 2 h. */
export function span(ms: number): string {
  if (ms === 0) return "0";
  if (ms >= HOUR_MS) return `${rounded(ms / HOUR_MS, 2)}${NO_BREAK}h`;
  if (ms >= MINUTE_MS) return `${rounded(ms / MINUTE_MS, 2)}${NO_BREAK}min`;
  if (ms >= SECOND_MS) return `${rounded(ms / SECOND_MS, 2)}${NO_BREAK}s`;
  return `${rounded(ms, 2)}${NO_BREAK}ms`;
}

/** A moment of the run: 0:05, 12:30, 1:02:03; with tenths where asked for, 0:05.2. */
export function moment(seconds: number, decimals: 0 | 1): string {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const whole = Math.floor(tenths / 10);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  const ending = `${padded(whole % 60)}${decimals === 0 ? "" : `.${tenths % 10}`}`;
  return hours > 0 ? `${hours}:${padded(minutes)}:${ending}` : `${minutes}:${ending}`;
}

/** 99.8 %; 100 % and 0 % only for what is exactly that. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return UNKNOWN;
  if (share === 0 || share === 1) return `${share * 100}${NO_BREAK}%`;
  const value = Number((share * 100).toFixed(1));
  if (value === 0) return `< 0.1${NO_BREAK}%`;
  return `${value === 100 && share < 1 ? "> 99.9" : value.toFixed(1)}${NO_BREAK}%`;
}

/** 12,345; rates below ten keep a decimal. */
export function count(value: number): string {
  return Number.isFinite(value) ? rounded(value, value < 10 ? 1 : 0) : UNKNOWN;
}

/** An index from 0 to 1: 0.990. */
export function index(value: number): string {
  if (!Number.isFinite(value)) return UNKNOWN;
  return value === 0 || value === 1 ? String(value) : value.toFixed(3);
}

/** 1.25 times. */
export function times(factor: number): string {
  return Number.isFinite(factor) ? `${rounded(factor, 2)}${NO_BREAK}times` : UNKNOWN;
}

export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function rounded(value: number, digits: number): string {
  return Number(value.toFixed(digits)).toLocaleString("en-US", { maximumFractionDigits: 3 });
}

function padded(value: number): string {
  return String(value).padStart(2, "0");
}
