/** Call report: what was done for a call, put together when its answer begins. */
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { Path } from "../../core/scheduler/path.ts";
import type { Fallback } from "../../core/task.ts";
import { adviceAt } from "./advice.ts";
import type { CallReport } from "./answer.ts";
import type { CallPlan, Candidate } from "./call-plan.ts";
import type { CallTimes } from "./call-times.ts";

export interface CallProgress {
  readonly attempts: number;
  readonly times: CallTimes;
  /** Null: it was refused before it queued. */
  readonly path: Path | null;
  readonly fallback: Fallback | null;
}

export function reportOf(
  plan: CallPlan,
  candidate: Candidate,
  progress: CallProgress,
  now: number,
): CallReport {
  const { id, tenant, task } = plan;
  const { upstream, target, account, shadow } = candidate;
  const { attempts, times } = progress;
  const path = progress.path ?? account.pathFor(target);
  const limits = account.limitsOn(path);
  const pressure = shadow === null ? account.pressureAt(path) : shadow.pressureFor(target);
  return {
    id,
    upstream,
    model: target.model,
    attempts,
    waitMs: times.waited / MICROS_PER_MS,
    overheadMs: times.overhead(now) / MICROS_PER_MS,
    fallback: progress.fallback,
    trimmed: candidate.trimmed ?? null,
    pressure,
    advice: adviceAt(pressure, plan.pressureLevels, task.latency),
    shadow: shadow === null ? null : shadow.verdict(),
    meters: tenant.meters.length === 0 ? limits : [...limits, ...tenant.meters],
    // A tenant's own meters have no floor.
    floors: plan.band() === 0 ? path.floorsFirst : path.floorsOther,
  };
}
