/** Head-of-line benchmark: what four rules for a head that does not fit do to small and large requests. */
import { bigShare, HEAD_OF_LINE_POLICIES, smallP99 } from "../../test/support/head-of-line.ts";
import type { Figure } from "../figure.ts";

/** Virtual time, so the figures are the same on every machine. */
export async function benchHeadOfLine(): Promise<readonly Figure[]> {
  return HEAD_OF_LINE_POLICIES.flatMap((policy) => {
    const peer = policy !== "bounded-bypass";
    const named = (name: string, value: number, unit: string) => {
      return { name: `head_of_line.${policy}.${name}`, value, unit, peer };
    };
    return [
      named("small_p99_at_60_percent", smallP99(policy, 0.6), "s"),
      named("small_p99_at_90_percent", smallP99(policy, 0.9), "s"),
      named("big_share_at_120_percent", 100 * bigShare(policy), "%, fair 9.1"),
    ];
  });
}
