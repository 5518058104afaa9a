/** Palette: one colour and one kind of line per policy, one colour per tier, the same in all charts. */

export interface Look {
  /** A CSS colour which suits light and dark pages. */
  readonly colour: string;
  /** For `stroke-dasharray`: who cannot tell colours apart, can tell lines apart. */
  readonly dash: string;
}

/** Known policies keep their look in reports that leave others out. */
const KNOWN = ["sluice", "naive-backoff", "jitter-backoff", "fifo-bucket", "static-caps"];
const DASHES = ["none", "7 3", "2 3", "10 3 2 3", "5 2 1 2", "12 4", "1 5", "8 2 2 2 2 2"];
const CHANGED_DASH = "1 2";

/** A policy in a changed world (`sluice tenants=+20`) has its colour, but another line. */
export function policyLooks(names: readonly string[]): ReadonlyMap<string, Look> {
  const policies = [...new Set([...KNOWN, ...names.map(policyOf)])];
  return new Map(
    names.map((name) => {
      const place = placeOf(policies.indexOf(policyOf(name)));
      const dash = name === policyOf(name) ? DASHES[place] : CHANGED_DASH;
      return [name, { colour: `var(--policy-${place})`, dash }];
    }),
  );
}

function policyOf(name: string): string {
  return name.split(" ")[0];
}

/** Unknown ones share what looks are left. */
function placeOf(rank: number): number {
  if (rank < KNOWN.length) return rank;
  return KNOWN.length + ((rank - KNOWN.length) % (DASHES.length - KNOWN.length));
}

/** Tiers have an order, so their colours do: from the strongest to the palest. */
export function tierColour(tier: number, tiers: number): string {
  const share = tiers <= 1 ? 0 : Math.round((100 * tier) / (tiers - 1));
  return `color-mix(in oklab, var(--tier-last) ${share}%, var(--tier-first))`;
}
