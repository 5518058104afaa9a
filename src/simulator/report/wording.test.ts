import { expect, test } from "vitest";
import { count, duration, index, moment, percent, plural, span, times } from "./wording.ts";

/** With plain spaces, so that expectations can be read. */
function plain(text: string): string {
  return text.replaceAll("\u00a0", " ");
}

test.each([
  [0, "0 ms"],
  [0.04, "0.0 ms"],
  [1.25, "1.3 ms"],
  [12.4, "12 ms"],
  [1_800, "1.80 s"],
  [14_751.2, "14.8 s"],
  [150_000, "2.5 min"],
  [9_000_000, "2.5 h"],
  [Number.NaN, "–"],
])("a measured wait of %d ms reads %s", (ms, told) => {
  expect(plain(duration(ms))).toBe(told);
});

test.each([
  [0, "0"],
  [10, "10 ms"],
  [1_500, "1.5 s"],
  [600_000, "10 min"],
  [5_400_000, "1.5 h"],
])("a chosen length of %d ms reads %s", (ms, told) => {
  expect(plain(span(ms))).toBe(told);
});

test.each([
  [0, "0 %"],
  [0.0002, "< 0.1 %"],
  [0.998, "99.8 %"],
  [0.99999, "> 99.9 %"],
  [1, "100 %"],
  [1.04, "104.0 %"],
  [Number.NaN, "–"],
])("a share of %d reads %s", (share, told) => {
  expect(plain(percent(share))).toBe(told);
});

test("moments read like a clock, with tenths where steps are short", () => {
  expect([5, 750, 3_723].map((seconds) => moment(seconds, 0))).toEqual([
    "0:05",
    "12:30",
    "1:02:03",
  ]);
  expect([0.125, 0.3, 61.9].map((seconds) => moment(seconds, 1))).toEqual([
    "0:00.1",
    "0:00.3",
    "1:01.9",
  ]);
});

test("counts, indexes and factors are short and never NaN", () => {
  expect([0, 2.54, 279_795, Number.NaN].map(count)).toEqual(["0", "2.5", "279,795", "–"]);
  expect([0, 0.4281, 1, Number.NaN].map(index)).toEqual(["0", "0.428", "1", "–"]);
  expect([3, 0.97, Number.NaN].map((factor) => plain(times(factor)))).toEqual([
    "3 times",
    "0.97 times",
    "–",
  ]);
  expect([1, 2].map((tasks) => plural(tasks, "task"))).toEqual(["1 task", "2 tasks"]);
});
