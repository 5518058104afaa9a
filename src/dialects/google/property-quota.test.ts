import { describe, expect, test } from "vitest";
import { OK_VERDICT, type Verdict } from "../../core/verdict/verdict.ts";
import { dialectNamed } from "../registry.ts";

const ga4 = dialectNamed("ga4")!;
/** Nine in the evening in California. */
const NOW = Date.parse("2026-07-02T04:00:00Z");
const HOUR_MS = 3_600_000;

const told = (propertyQuota: object) => ga4.units?.told({ propertyQuota }, NOW);

describe("what the Data API tells of a property's quota", () => {
  const QUOTA = {
    tokensPerDay: { consumed: 30, remaining: 199_000 },
    tokensPerHour: { consumed: 30, remaining: 39_000 },
    tokensPerProjectPerHour: { consumed: 30, remaining: 13_000 },
    concurrentRequests: { remaining: 9 },
    serverErrorsPerProjectPerHour: { remaining: 10 },
    potentiallyThresholdedRequestsPerHour: { consumed: 1, remaining: 119 },
  };

  test("is what is left of each, and the published limit that it is left of", () => {
    const limits = told(QUOTA)?.limits ?? [];
    expect(
      limits.map(({ dimension, perMs, limit, assumedLimit, remaining, resetMeaning }) => [
        dimension,
        perMs,
        limit,
        assumedLimit,
        remaining,
        resetMeaning,
      ]),
    ).toEqual([
      ["units:tokens", 24 * HOUR_MS, null, 200_000, 199_000, "window"],
      ["units:tokens", HOUR_MS, null, 40_000, 39_000, "rolling"],
      ["units:project-tokens", HOUR_MS, null, 14_000, 13_000, "rolling"],
      ["concurrency", null, null, 10, 9, "rolling"],
      ["units:server-errors", HOUR_MS, null, 10, 10, "rolling"],
      ["units:thresholded-requests", HOUR_MS, null, 120, 119, "rolling"],
    ]);
  });

  test("ends the day at midnight in California", () => {
    expect(told(QUOTA)?.limits[0].resetMs).toBe(3 * HOUR_MS);
  });

  test.each([
    [39_970, 30, 40_000],
    [39_980, 30, 400_000],
    [500_000, 0, 500_000],
  ])("with %d left after %d is assumed to be of %d an hour", (remaining, consumed, limit) => {
    const [hour] = told({ tokensPerHour: { consumed, remaining } })?.limits ?? [];
    expect(hour.assumedLimit).toBe(limit);
  });

  test("may leave zeros out, as Google's JSON does", () => {
    const [hour] = told({ tokensPerHour: { consumed: 5 } })?.limits ?? [];
    expect(hour.remaining).toBe(0);
    expect(told({ tokensPerHour: {} })).toBeNull();
  });

  test("is what a call took, for the next of its kind", () => {
    expect(told(QUOTA)?.reserved).toEqual({
      tokens: 30,
      "project-tokens": 30,
      "server-errors": 0.0001,
      "thresholded-requests": 1,
    });
  });

  test.each([[null], [[]], [{ propertyQuota: [] }], [{ propertyQuota: { other: {} } }]])(
    "is nothing in %j",
    (body) => {
      expect(ga4.units?.told(body, NOW)).toBeNull();
    },
  );
});

describe("a report", () => {
  const request = (body: object) => ({
    method: "POST",
    path: "/v1beta/properties/7:runReport",
    headers: {},
    body: { ...body },
    bodyBytes: 0,
  });
  const verdict = (parts: Partial<Verdict>): Verdict => ({ ...OK_VERDICT, ...parts });
  const settled = (parts: Partial<Verdict>) => {
    const asked = request({});
    const forecast = ga4.forecast(asked, ga4.operation(asked));
    return ga4.settle(forecast, { kind: "answered", verdict: verdict(parts), usage: null }).units;
  };

  test("is like another by what it asks for, not by its days", () => {
    const shapeOf = (body: object) => ga4.units?.shapeOf(request(body));
    const shape = shapeOf({ metrics: ["a"], dateRanges: [{ startDate: "2026-01-01" }] });
    expect(shapeOf({ metrics: ["a"], dateRanges: [{ startDate: "2026-01-02" }] })).toBe(shape);
    expect(shapeOf({ metrics: ["b"] })).not.toBe(shape);
  });

  test("that the server failed at takes one of the errors it may have", () => {
    expect(settled({ class: "overload" })["server-errors"]).toBe(1);
    expect(settled({ class: "ok" })["server-errors"]).toBe(0);
    expect(settled({ class: "invalid_request" })["server-errors"]).toBe(0);
  });

  test("that was refused takes nothing", () => {
    expect(settled({ class: "quota" })).toEqual({});
  });
});
