import { describe, expect, test } from "vitest";
import { sdkDelayMs } from "./sdk-backoff.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

describe("the SDK's delay", () => {
  test.each([
    { headers: { "retry-after-ms": "120" }, delayMs: 120 },
    { headers: { "retry-after-ms": "0" }, delayMs: 0 },
    { headers: { "retry-after-ms": "75.5", "retry-after": "9" }, delayMs: 75.5 },
    { headers: { "retry-after": "2" }, delayMs: 2_000 },
    { headers: { "retry-after": "60" }, delayMs: 60_000 },
    { headers: { "retry-after-ms": "soon", "retry-after": "1" }, delayMs: 1_000 },
    { headers: { "retry-after": "Thu, 01 Jan 2026 00:00:03 GMT" }, delayMs: 3_000 },
  ])("is what the provider asks for: $headers", ({ headers, delayMs }) => {
    expect(sdkDelayMs(headers, 3, 0.5, NOW)).toBe(delayMs);
  });

  test.each([
    {},
    { "retry-after-ms": "-1" },
    { "retry-after-ms": "60001" },
    { "retry-after": "61" },
    { "retry-after": "soon" },
    { "retry-after": "Wed, 31 Dec 2025 23:00:00 GMT" },
  ])("is the SDK's own where the provider asks for nothing it obeys: %j", (headers) => {
    expect(sdkDelayMs(headers, 0, 0, NOW)).toBe(500);
  });

  test("doubles up to 8 s, less up to a quarter", () => {
    const delays = [0, 1, 2, 3, 4, 5, 9].map((retries) => sdkDelayMs({}, retries, 0, NOW));
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(sdkDelayMs({}, 1, 1, NOW)).toBe(750);
    expect(sdkDelayMs({}, 9, 0.5, NOW)).toBe(7_000);
  });
});
