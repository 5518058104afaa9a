/** Remarks: what a reader must know about a run before believing its figures. */

import { percentile } from "../../figures/percentile.ts";
import type { TaskResult } from "../../figures/task-result.ts";
import { duration } from "../../figures/words.ts";

/** A process that is later than this with an arrival says more about the machine than about policies. */
const TOLERABLE_LATENESS_MS = 250;
/** The provider begins half of its answers within 0.1 s of their request. */
const TOLERABLE_ANSWER_MS = 1_000;
const MOST_FAILURES = 3;

export function remarksOn(
  policy: string,
  { results, latenessMs }: { results: readonly TaskResult[]; latenessMs: readonly number[] },
): string[] {
  const remarks = failuresOf(results).map((why) => `some tasks failed: ${why}`);
  const latest = percentile(latenessMs, 1);
  if (latest > TOLERABLE_LATENESS_MS) {
    remarks.push(`this machine was up to ${duration(latest)} late with arrivals`);
  }
  const answerMs = percentile(timesAtProvider(results), 0.5);
  if (answerMs < 0 || answerMs > TOLERABLE_ANSWER_MS) {
    remarks.push(
      `half of the answers began ${duration(answerMs)} or more after the wait that was told`,
    );
  }
  return remarks.map((remark) => `${policy}: ${remark}`);
}

function failuresOf(results: readonly TaskResult[]): string[] {
  const reasons = results.flatMap(({ outcome }) =>
    outcome.kind === "failed" ? [outcome.why] : [],
  );
  return [...new Set(reasons)].slice(0, MOST_FAILURES);
}

/** By this process's own clock: from the end of the wait, whoever told it, to the head of the answer. */
function timesAtProvider(results: readonly TaskResult[]): number[] {
  return results.flatMap(({ answeredMs, waitMs }) =>
    answeredMs === null ? [] : [answeredMs - waitMs],
  );
}
