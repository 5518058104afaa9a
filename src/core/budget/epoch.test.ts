import { describe, expect, test } from "vitest";
import { MS, SECOND, T0 } from "../../../test/support/meters.ts";
import { Epoch } from "./epoch.ts";

describe("an epoch", () => {
  test("is begun by the first refusal, whenever its request was sent", () => {
    expect(new Epoch().begins(0, T0)).toBe(true);
  });

  test("holds two hundred refusals that were in flight together", () => {
    const epoch = new Epoch();
    const answers = Array.from({ length: 200 }, (_, i) =>
      epoch.begins(T0 + i, T0 + SECOND + i * MS),
    );
    expect(answers.filter((isNew) => isNew)).toHaveLength(1);
    expect(answers[0]).toBe(true);
  });

  test.each([
    { sentAt: SECOND - 1, isNew: false, why: "just before the reaction" },
    { sentAt: SECOND, isNew: false, why: "in the very moment of the reaction" },
    { sentAt: SECOND + 1, isNew: true, why: "after the reaction" },
  ])("what was sent $why begins another one: $isNew", ({ sentAt, isNew }) => {
    const epoch = new Epoch();
    epoch.begins(T0, T0 + SECOND);
    expect(epoch.begins(T0 + sentAt, T0 + 5 * SECOND)).toBe(isNew);
  });

  test("lasts from the last reaction, not from the last refusal", () => {
    const epoch = new Epoch();
    epoch.begins(T0, T0 + SECOND);
    epoch.begins(T0, T0 + 9 * SECOND);
    expect(epoch.begins(T0 + 2 * SECOND, T0 + 9 * SECOND)).toBe(true);
  });
});
