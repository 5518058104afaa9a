import { expect, test } from "vitest";
import { windowEndOf } from "./calendar.ts";

const DAY_MS = 86_400_000;
const micros = (iso: string) => Date.parse(iso) * 1_000;

test.each([
  { zone: "UTC", at: 0, now: "2026-03-07T12:00:00Z", end: "2026-03-08T00:00:00Z" },
  { zone: "UTC", at: 0, now: "2026-03-08T00:00:00Z", end: "2026-03-09T00:00:00Z" },
  { zone: "UTC", at: 90, now: "2026-03-08T01:00:00Z", end: "2026-03-08T01:30:00Z" },
  { zone: "America/New_York", at: 0, now: "2026-03-08T04:59:59Z", end: "2026-03-08T05:00:00Z" },
  // The day on which clocks go forward has 23 hours, the one on which they go back 25.
  { zone: "America/New_York", at: 0, now: "2026-03-08T05:00:00Z", end: "2026-03-09T04:00:00Z" },
  { zone: "America/New_York", at: 0, now: "2026-11-01T04:00:00Z", end: "2026-11-02T05:00:00Z" },
  { zone: "Asia/Kolkata", at: 0, now: "2026-06-01T18:29:59Z", end: "2026-06-01T18:30:00Z" },
])("a day in $zone from $at min that holds $now ends at $end", ({ zone, at, now, end }) => {
  const windowEnd = windowEndOf({ perMs: DAY_MS, resetsAtMinutes: at, timeZone: zone });
  expect(new Date(windowEnd(micros(now)) / 1_000).toISOString()).toBe(new Date(end).toISOString());
});

test("a month ends with the calendar's month", () => {
  const windowEnd = windowEndOf({ perMs: 30 * DAY_MS, resetsAtMinutes: 0, timeZone: "UTC" });
  expect(windowEnd(micros("2026-02-10T00:00:00Z"))).toBe(micros("2026-03-01T00:00:00Z"));
  expect(windowEnd(micros("2026-12-31T23:59:59Z"))).toBe(micros("2027-01-01T00:00:00Z"));
});

test("other windows are counted from the epoch", () => {
  const windowEnd = windowEndOf({ perMs: 60_000, resetsAtMinutes: 0, timeZone: "UTC" });
  expect(windowEnd(micros("2026-02-10T00:00:30Z"))).toBe(micros("2026-02-10T00:01:00Z"));
});
