/** Charge: tokens that a limit over all tokens counts for a request. */
import { costOf, type TraceRow } from "../../workload/trace-row.ts";
import type { SimulatedDialect } from "../provider/rules.ts";

export function chargeFor(
  { inputTokens, outputTokens }: Pick<TraceRow, "inputTokens" | "outputTokens">,
  dialect: SimulatedDialect,
): number {
  return dialect === "openai" ? costOf({ inputTokens, outputTokens }) : inputTokens + outputTokens;
}
