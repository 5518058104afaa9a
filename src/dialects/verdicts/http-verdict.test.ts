import { expect, test } from "vitest";
import { classOfStatus, isRetryableClass } from "./http-verdict.ts";

test.each([
  [200, "ok"],
  [304, "ok"],
  [400, "invalid_request"],
  [401, "auth"],
  [402, "billing"],
  [403, "auth"],
  [404, "not_found"],
  [408, "timeout"],
  [409, "invalid_request"],
  [413, "invalid_request"],
  [418, "invalid_request"],
  [423, "transient"],
  [429, "quota"],
  [500, "transient"],
  [501, "invalid_request"],
  [502, "transient"],
  [503, "overload"],
  [504, "timeout"],
  [520, "transient"],
  [524, "timeout"],
  [529, "overload"],
  [0, "transient"],
  [Number.NaN, "transient"],
])("status %d alone is %s", (status, verdictClass) => {
  expect(classOfStatus(status)).toBe(verdictClass);
});

test("waiting helps against limits, overload, failures and timeouts, and nothing else", () => {
  const classes = [200, 400, 401, 402, 404, 429, 500, 503, 504].map(classOfStatus);
  const retryable = classes.filter(isRetryableClass);
  expect(retryable).toEqual(["quota", "transient", "overload", "timeout"]);
});
