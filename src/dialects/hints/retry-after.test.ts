import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LONGEST_RETRY_AFTER_MS } from "../../core/verdict/verdict.ts";
import { retryAfterMs } from "./retry-after.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

describe("the wait that headers state", () => {
  test.each([
    ["retry-after", "20", 20_000],
    ["retry-after", "1.5", 1_500],
    ["retry-after", "0", 0],
    ["retry-after", " 7 ", 7_000],
    ["retry-after", "Sun, 01 Mar 2026 12:00:30 GMT", 30_000],
    ["retry-after", "Sunday, 01-Mar-26 12:00:30 GMT", 30_000],
    ["retry-after", "Sun Mar  1 12:00:30 2026", 30_000],
    ["retry-after", "Sun, 01 Mar 2026 11:00:00 GMT", 0],
    ["retry-after", "2026-03-01T12:00:05Z", 5_000],
    ["retry-after", "2026-03-01T13:00:05+01:00", 5_000],
    ["retry-after", "5s", 5_000],
    ["retry-after", "1m30s", 90_000],
    ["retry-after", String(NOW / 1_000 + 60), 60_000],
    ["retry-after", String(NOW + 250), 250],
    ["retry-after-ms", "250.5", 251],
    ["x-ms-retry-after-ms", "40", 40],
    ["retry-after", "99999999", LONGEST_RETRY_AFTER_MS],
  ])("%s: %s is %d ms", (name, value, ms) => {
    expect(retryAfterMs({ [name]: value }, NOW)).toBe(ms);
  });

  test.each([
    "",
    "soon",
    "-3",
    "NaN",
    "Infinity",
    "1e3",
    "0x10",
    "5, 10",
    "Mon, 99 Foo 2026 99:99:99 GMT",
  ])("%j is no wait", (value) => {
    expect(retryAfterMs({ "retry-after": value, "retry-after-ms": value }, NOW)).toBeNull();
  });

  test("prefers milliseconds, and falls back when they are malformed", () => {
    expect(retryAfterMs({ "retry-after-ms": "10", "retry-after": "1" }, NOW)).toBe(10);
    expect(retryAfterMs({ "retry-after-ms": "-10", "retry-after": "1" }, NOW)).toBe(1_000);
  });

  test("takes the longest of a repeated header", () => {
    expect(retryAfterMs({ "retry-after": ["2", "9", "x"] }, NOW)).toBe(9_000);
  });

  test("measures dates from the server's clock where it tells it", () => {
    const headers = {
      "retry-after": "Sun, 01 Mar 2026 12:00:30 GMT",
      date: "Sun, 01 Mar 2026 12:00:10 GMT",
    };
    expect(retryAfterMs(headers, NOW)).toBe(20_000);
  });

  test("is null or a bounded whole number, whatever the headers hold", () => {
    const value = fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String));
    fc.assert(
      fc.property(value, value, value, (seconds, ms, date) => {
        const wait = retryAfterMs({ "retry-after": seconds, "retry-after-ms": ms, date }, NOW);
        if (wait === null) return;
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(LONGEST_RETRY_AFTER_MS);
      }),
    );
  });
});
