/** Window plans: how much a fixed window holds, and when it begins anew by the wall clock. */
import { PERIOD_MS } from "./limits.ts";

export interface WindowPlan {
  readonly capacity: number;
  /** The end of the window that holds a point in time, both on the mock's clock. */
  endOf(now: number): number;
}

/** From so many requests a second on, Azure's slice is a second; 600 a minute were seen as 10 a second. */
const LEAST_PER_SECOND = 10;

/** Ends at multiples of its length since the epoch; a day at midnight of `zone`. */
export function planWindow(amount: number, lengthMs: number, zone: string): WindowPlan {
  const endOf = lengthMs === PERIOD_MS.rpd ? endOfDay(zone) : endOfMultiple(lengthMs);
  return { capacity: amount, endOf: onMockClock(endOf) };
}

/** 600 a minute are 10 in each second; 120 a minute 20 in each ten seconds (learn.microsoft.com, answers/1689036, 2265464). */
export function planSlice(perMinute: number): WindowPlan {
  const isFast = perMinute >= LEAST_PER_SECOND * 60;
  const lengthMs = isFast ? PERIOD_MS.rps : PERIOD_MS.rp10s;
  const capacity = Math.max(1, Math.floor((perMinute * lengthMs) / PERIOD_MS.rpm));
  return { capacity, endOf: onMockClock(endOfMultiple(lengthMs)) };
}

/** The mock's clock is performance.now(), which counts from the process's start. */
function onMockClock(endOf: (wallMs: number) => number): (now: number) => number {
  return (now) => endOf(performance.timeOrigin + now) - performance.timeOrigin;
}

function endOfMultiple(lengthMs: number): (wallMs: number) => number {
  return (wallMs) => (Math.floor(wallMs / lengthMs) + 1) * lengthMs;
}

/** The next midnight of a zone; on the day of a change to or from summer time up to an hour off. */
export function endOfDay(zone: string): (wallMs: number) => number {
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (wallMs) => {
    const whole = Math.floor(wallMs / 1_000) * 1_000;
    const parts = clock.formatToParts(whole);
    const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
    return whole + PERIOD_MS.rpd - ((of("hour") * 60 + of("minute")) * 60 + of("second")) * 1_000;
  };
}
