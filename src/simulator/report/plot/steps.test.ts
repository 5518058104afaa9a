import { describe, expect, test } from "vitest";
import { linearScale } from "./scale.ts";
import { stackedAreas, stepArea, stepLine, summed } from "./steps.ts";

const SCALE = linearScale(10, 2);

describe("steps", () => {
  test("go level over each bin and up where the value changes", () => {
    expect(stepLine([1, 1, 4], SCALE)).toBe("M0,90V90H2V60H3");
    expect(stepArea([1, 1, 4], SCALE)).toBe("M0,100V90H2V60H3V100Z");
  });

  test("leave gaps where nothing was measured", () => {
    expect(stepLine([null, 5, null, 10], SCALE)).toBe("M1,50V50H2M3,0V0H4");
    expect(stepArea([5, null, 5], SCALE)).toBe("M0,100V50H1V100ZM2,100V50H3V100Z");
  });

  test("are nothing for nothing", () => {
    expect([stepLine([], SCALE), stepArea([null], SCALE)]).toEqual(["", ""]);
  });

  test("stay inside the plot, whatever the value", () => {
    expect(stepLine([-3, 99], SCALE)).toBe("M0,100V100H1V0H2");
  });
});

describe("stacked areas", () => {
  test("each reach over all layers below them", () => {
    const [top, ground] = stackedAreas(
      [
        [1, 2],
        [3, 4],
      ],
      SCALE,
    );
    expect(top).toBe(stepArea([4, 6], SCALE));
    expect(ground).toBe(stepArea([3, 4], SCALE));
  });

  test("count a layer that ended early as nothing", () => {
    expect(summed([[1], [2, 3], [null, null, null]])).toEqual([3, 3, null]);
    expect(summed([])).toEqual([]);
  });
});
