/** Calendar: when a fixed window ends, in an account's own time zone. */
import { MICROS_PER_MS } from "../core/clock.ts";
import { epochAligned, type WindowEnd } from "../core/meter/fixed-window.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The shortest calendar month; anything as long as it is taken for a month. */
const MONTH_MS = 28 * DAY_MS;

export interface WindowCalendar {
  readonly perMs: number;
  /** Minutes after local midnight at which days begin. */
  readonly resetsAtMinutes: number;
  /** IANA name, e.g. `America/New_York`. */
  readonly timeZone: string;
}

/** Days and calendar months end by the zone's wall clock (also across daylight saving); others by UTC. */
export function windowEndOf(calendar: WindowCalendar): WindowEnd {
  const { perMs } = calendar;
  if (perMs === DAY_MS)
    return endOf(
      calendar,
      (day) => day + 1,
      (month) => month,
    );
  if (perMs >= MONTH_MS)
    return endOf(
      calendar,
      () => 1,
      (month) => month + 1,
    );
  return epochAligned(perMs * MICROS_PER_MS);
}

function endOf(
  { timeZone, resetsAtMinutes }: WindowCalendar,
  nextDay: (day: number) => number,
  nextMonth: (month: number) => number,
): WindowEnd {
  const wallClock = wallClockIn(timeZone);
  return (now) => {
    const nowMs = Math.floor(now / MICROS_PER_MS);
    const local = new Date(wallClock(nowMs) - resetsAtMinutes * MINUTE_MS);
    const day = nextDay(local.getUTCDate());
    const month = nextMonth(local.getUTCMonth());
    const localEnd = Date.UTC(local.getUTCFullYear(), month, day) + resetsAtMinutes * MINUTE_MS;
    return Math.max(toEpoch(localEnd, wallClock) * MICROS_PER_MS, now + 1);
  };
}

/** Local wall-clock time as if it were UTC, in milliseconds. */
type WallClock = (epochMs: number) => number;

function wallClockIn(timeZone: string): WallClock {
  if (timeZone === "UTC") return (epochMs) => epochMs;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (epochMs) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(epochMs)) part[type] = Number(value);
    const wholeSeconds = Date.UTC(
      part.year,
      part.month - 1,
      part.day,
      part.hour,
      part.minute,
      part.second,
    );
    return wholeSeconds + (((epochMs % 1_000) + 1_000) % 1_000);
  };
}

/** Two rounds settle the offset, also where it changes between the guess and the answer. */
function toEpoch(localMs: number, wallClock: WallClock): number {
  let epochMs = localMs - (wallClock(localMs) - localMs);
  epochMs += localMs - wallClock(epochMs);
  return epochMs;
}
