/** Tasks of rows: what each recorded request asks for; who is served first is decided later. */
import type { LoadTask } from "../../workload/load.ts";
import type { Random } from "../../workload/random.ts";
import type { TraceRow } from "../../workload/trace-row.ts";
import { chargeFor } from "./charge.ts";
import { drawClient } from "./clients.ts";
import type { Place } from "./place.ts";

/** At their recorded times, all in the first tier. */
export function tasksOfRows(rows: readonly TraceRow[], place: Place, random: Random): LoadTask[] {
  const model = place.modelOf(null);
  return rows.map((row, id) => {
    const inputTokens = Math.max(1, row.inputTokens);
    const outputTokens = Math.max(1, row.outputTokens);
    return {
      id,
      atMs: row.atSeconds * 1_000,
      tenant: row.client ?? drawClient(random),
      tier: 0,
      latency: "real-time",
      inputTokens,
      outputTokens,
      cost: chargeFor({ inputTokens, outputTokens }, place.dialect),
      model,
      after: null,
    };
  });
}
