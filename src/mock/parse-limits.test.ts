import { describe, expect, test } from "vitest";
import { parseMockLimits } from "./parse-limits.ts";

describe("limits as text", () => {
  test.each([
    ["rpm=60,tpm=10k", { rpm: 60, tpm: 10_000 }],
    ["tpd=1.5M", { tpd: 1_500_000 }],
    ["tpm=0.07M", { tpm: 70_000 }],
    [" itpm = 1_000 , otpm=20k ", { itpm: 1_000, otpm: 20_000 }],
    ["max_parallel_requests=5", { max_parallel_requests: 5 }],
    ["", {}],
  ])("%s", (text, limits) => {
    expect(parseMockLimits(text)).toEqual(limits);
  });

  test.each([
    ["rpm", 'expected name=amount (as in rpm=60), got "rpm"'],
    ["rpm=6=7", 'expected name=amount (as in rpm=60), got "rpm=6=7"'],
    ["rpx=60", 'unknown limit "rpx"; allowed are rps, rp10s, rpm, rpd, tpm'],
    [
      "rpm=ten",
      'rpm must be a number of at least 1, with k or M if you like (60, 10k, 1_000), got "ten"',
    ],
    [
      "rpm=0",
      'rpm must be a number of at least 1, with k or M if you like (60, 10k, 1_000), got "0"',
    ],
    ["tpm=10kk", 'got "10kk"'],
    ["tpm=-5", 'got "-5"'],
    ["tpm=", 'got ""'],
    ["rpm=1,rpm=2", '"rpm" is given twice'],
  ])("%s is refused with the reason", (text, reason) => {
    expect(() => parseMockLimits(text)).toThrow(reason);
  });
});
