import { expect, test } from "vitest";
import { policyLooks, tierColour } from "./palette.ts";

test("a policy keeps its look, whoever stands beside it", () => {
  const all = policyLooks(["sluice", "naive-backoff", "fifo-bucket"]);
  const few = policyLooks(["fifo-bucket"]);
  expect(few.get("fifo-bucket")).toEqual(all.get("fifo-bucket"));
});

test("policies differ in colour and in line", () => {
  const names = ["sluice", "naive-backoff", "jitter-backoff", "fifo-bucket", "static-caps", "mine"];
  const looks = [...policyLooks(names).values()];
  expect(new Set(looks.map(({ colour }) => colour)).size).toBe(names.length);
  expect(new Set(looks.map(({ dash }) => dash)).size).toBe(names.length);
});

test("a policy in a changed world has its colour and another line", () => {
  const looks = policyLooks(["sluice", "sluice tenants=+20"]);
  const [base, changed] = [...looks.values()];
  expect(changed.colour).toBe(base.colour);
  expect(changed.dash).not.toBe(base.dash);
});

test("more policies than looks still get one each", () => {
  const names = Array.from({ length: 40 }, (_, place) => `policy-${place}`);
  for (const look of policyLooks(names).values())
    expect(look.colour).toMatch(/^var\(--policy-[5-7]\)$/);
});

test("tiers fade from the first to the last, a lone one is the strongest", () => {
  const shares = [0, 1, 2].map((tier) => /(\d+)%/.exec(tierColour(tier, 3))?.[1]);
  expect(shares).toEqual(["0", "50", "100"]);
  expect(tierColour(0, 1)).toBe(tierColour(0, 3));
});
