import { describe, expect, test } from "vitest";
import { closestName } from "./closest-name.ts";

describe("closest name", () => {
  test.each([
    ["lisen", ["listen", "data_dir"], "listen"],
    ["tenats", ["tiers", "tenants"], "tenants"],
    ["rmp", ["rpd", "rpm"], "rpm"],
    ["Listen", ["listen"], "listen"],
    ["premuim", ["premium", "free"], "premium"],
    ["webhook_url", ["warn", "act"], undefined],
    ["x", ["rpm"], undefined],
    ["anything", [], undefined],
  ])("%s among %j is %s", (name, candidates, expected) => {
    expect(closestName(name, candidates)).toBe(expected);
  });
});
