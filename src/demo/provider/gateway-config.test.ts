import { expect, test } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { describeProblem } from "../../config/problem.ts";
import { TIERS } from "../../workload/tiers.ts";
import { gatewayConfig } from "./gateway-config.ts";

test("the demo's configuration is valid, and nothing in it is ignored", () => {
  const object = gatewayConfig({
    baseUrl: "http://127.0.0.1:1",
    limits: { rpm: 100, tpm: 1_000 },
    tenants: [
      { name: "critical-1", tier: 0, weight: 1 },
      { name: "free-1", tier: 3, weight: 1 },
    ],
  });
  const loaded = loadConfig({ object, env: {} });
  if (!loaded.ok) throw new Error(loaded.problems.map(describeProblem).join("\n"));
  expect(loaded.inactive).toEqual([]);
  expect([...loaded.config.tiers.keys()]).toEqual(TIERS.map(({ name }) => name));
  expect(loaded.config.tiers.get("free")).toMatchObject({ maxWaitMs: 10_000, guarantee: 0.05 });
});
