/** Tenancy: keys belong to one tenant, guarantees promise at most half of the budget. */
import { LATENCY_CLASSES } from "../../core/task.ts";
import { type Finding, fieldOf, type Path } from "../problem.ts";
import { PLAIN, parseQuantity } from "../quantity.ts";
import { GUARANTEES_MAX } from "../schema/policy.ts";
import { type Check, entriesIn, fieldIn, itemsIn, type Mapping } from "./written.ts";

export const checkKeys: Check = (root) => {
  const owners = new Map<string, Path>();
  const findings: Finding[] = [];
  for (const [tenant, value] of entriesIn(root, "tenants")) {
    for (const [index, key] of itemsIn(value, "keys").entries()) {
      if (typeof key !== "string") continue;
      const path = ["tenants", tenant, "keys", index];
      const first = owners.get(key.toLowerCase());
      if (first !== undefined) findings.push(sharedKey(path, first));
      else owners.set(key.toLowerCase(), path);
    }
  }
  return findings;
};

function sharedKey(path: Path, first: Path): Finding {
  const found = `the key that is ${fieldOf(first)} already`;
  return { path, found, expected: "each key once, since it names the tenant" };
}

export const checkGuarantees: Check = (root) => {
  const shares = [...tierShares(root), ...latencyShares(root)];
  const sum = shares.reduce((total, { share }) => total + share, 0);
  // 0.1 + 0.2 + 0.2 is 0.5 to people and a little more in binary.
  if (sum <= GUARANTEES_MAX + 1e-9) return [];
  const parts = shares.map(({ path, share }) => `${fieldOf(path)} ${share}`).join(", ");
  const found = `guarantees of ${Number(sum.toPrecision(6))} in all (${parts})`;
  const expected = `guarantees of tiers and latency classes of at most ${GUARANTEES_MAX} in all`;
  return [{ path: shares[shares.length - 1].path, found, expected }];
};

type Share = { readonly path: Path; readonly share: number };

function tierShares(root: Mapping): Share[] {
  return entriesIn(root, "tiers").flatMap(([name, tier]) =>
    shareAt(["tiers", name, "guarantee"], fieldIn(tier, "guarantee")),
  );
}

function latencyShares(root: Mapping): Share[] {
  const guarantee = fieldIn(fieldIn(root, "policy"), "latency_guarantee");
  return LATENCY_CLASSES.flatMap((name) =>
    shareAt(["policy", "latency_guarantee", name], fieldIn(guarantee, name)),
  );
}

/** What is above the most for one is a finding of its own. */
function shareAt(path: Path, value: unknown): Share[] {
  const share = parseQuantity(value, PLAIN) ?? 0;
  return share > 0 && share <= GUARANTEES_MAX ? [{ path, share }] : [];
}
