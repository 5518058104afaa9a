/** A large request neither blocks small ones nor starves: at least as good as the figures it was chosen by. */
import { expect, test } from "vitest";
import { bigShare, smallP99 } from "../support/head-of-line.ts";

test("strict waiting blocks the small, skipping starves the large", () => {
  // Or the model would not show the problem.
  expect(smallP99("strict-wait", 0.6)).toBeGreaterThan(30);
  expect(bigShare("skip-what-does-not-fit", [1])).toBeLessThan(0.01);
});

test("bounded bypass does neither", () => {
  const ours = smallP99("bounded-bypass", 0.6);
  expect(ours).toBeLessThanOrEqual(0.71);
  expect(ours).toBeLessThanOrEqual(1.1 * smallP99("skip-what-does-not-fit", 0.6) + 0.01);
  expect(smallP99("bounded-bypass", 0.9)).toBeLessThan(0.5 * smallP99("strict-wait", 0.9));
  expect(bigShare("bounded-bypass", [1])).toBeGreaterThanOrEqual(0.089);
});
