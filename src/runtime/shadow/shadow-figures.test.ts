import { expect, test } from "vitest";
import { ShadowFigures } from "./shadow-figures.ts";

test("each tier is counted by itself, and one that nobody has used is told, too", () => {
  const figures = new ShadowFigures();
  figures.countGrant("gold", 0);
  figures.countGrant("gold", 1_000);
  figures.countRefusal("tin", "max_wait_exceeded");
  figures.countRefusal("tin", "max_wait_exceeded");
  figures.countRefusal("tin", "queue_full");
  figures.countUpstream429("tin");
  const { gold, tin, unused, ...others } = figures.state(["gold", "tin", "unused"]);
  expect(others).toEqual({});
  expect(gold).toEqual({
    granted: 2,
    wouldWaitMs: { p50: 0, p99: expect.closeTo(1_000, -2) },
    wouldRefuse: {},
    upstream429: 0,
  });
  expect(tin).toEqual({
    granted: 0,
    wouldWaitMs: { p50: null, p99: null },
    wouldRefuse: { max_wait_exceeded: 2, queue_full: 1 },
    upstream429: 1,
  });
  expect(unused).toEqual({ ...tin, wouldRefuse: {}, upstream429: 0 });
});

test("the order is that of the configuration", () => {
  const figures = new ShadowFigures();
  figures.countGrant("second", 0);
  figures.countGrant("first", 0);
  expect(Object.keys(figures.state(["first", "second"]))).toEqual(["first", "second"]);
});
