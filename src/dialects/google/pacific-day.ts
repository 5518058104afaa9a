/** Pacific day: Google's quotas per day end at midnight in California. */
import { DAY_MS } from "../hints/rate-reading.ts";

const CLOCK = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/Los_Angeles",
  hourCycle: "h23",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Milliseconds, more than 0; on the two days a year whose hours are not 24, off by one of them. */
export function untilPacificMidnight(nowMs: number): number {
  const [hours, minutes, seconds] = CLOCK.format(nowMs).split(":").map(Number);
  const passed = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + (nowMs % 1_000);
  return Math.max(1, Math.ceil(DAY_MS - passed));
}
