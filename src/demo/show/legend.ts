/** Legend: what the table's words mean, and why more tasks are not more work. */
import type { Judged } from "./verdict.ts";

const LINES = [
  "The table leaves out what arrived in the first seconds, while the empty buckets fill.",
  "429: the provider refused a request. Inversion: a grant while a higher class could have gone.",
  "Jain: how evenly tenants of a class shared by weight; 1 is perfectly.",
];

/** The SDKs obey `Retry-After`, and each client is told when its own request alone would fit. */
const HERD = [
  "The naive way is the SDKs' own and obeys Retry-After, which tells each client when its request",
  "alone would fit: so all come back together.",
];
const SMALLER =
  "Where the naive way serves more tasks for the same budget, they are smaller: what is large waits for luck.";

/** Lines to print below the table. */
export function legend(columns: readonly Judged[]): readonly string[] {
  const served = columns.map(({ figures }) =>
    Object.values(figures.tiers).reduce((sum, { ok }) => sum + ok, 0),
  );
  const [ours, naive] = served;
  if (naive === undefined) return LINES;
  return naive > ours ? [...LINES, ...HERD, SMALLER] : [...LINES, ...HERD];
}
