import { describe, expect, test } from "vitest";
import { rankCandidates } from "./rank-candidates.ts";

const of = (name: string, quality: number | null) => ({ name, quality });
const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

describe("candidates", () => {
  test("as good as the best come in the order they are written", () => {
    const { best, smaller } = rankCandidates(
      [of("gpt-5", 0.9), of("mini", 0.6), of("sonnet", 0.9), of("nano", 0.4), of("haiku", 0.65)],
      null,
    );
    expect(names(best)).toEqual(["gpt-5", "sonnet"]);
    expect(names(smaller)).toEqual(["haiku", "mini", "nano"]);
  });

  test("of which no quality is told count as the best", () => {
    const { best, smaller } = rankCandidates([of("a", null), of("b", 0.5), of("c", null)], null);
    expect(names(best)).toEqual(["a", "b", "c"]);
    expect(smaller).toEqual([]);
  });

  test("below the quality that is asked for serve in no case", () => {
    const { best, smaller } = rankCandidates(
      [of("gpt-5", 0.9), of("mini", 0.6), of("nano", 0.4)],
      0.5,
    );
    expect(names(best)).toEqual(["gpt-5"]);
    expect(names(smaller)).toEqual(["mini"]);
  });

  test("there may be none", () => {
    expect(rankCandidates([of("mini", 0.6)], 0.7)).toEqual({ best: [], smaller: [] });
  });
});
