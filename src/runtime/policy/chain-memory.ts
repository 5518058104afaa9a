/** Chain memory: what a workflow was first seen with, so that its later steps and sub-agents are as urgent as it is. */
import { LRUCache } from "lru-cache";
import type { Config } from "../../config/config.ts";
import { type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import type { Chain, LatencyClass } from "../../core/task.ts";
import { lessUrgent } from "./less-urgent.ts";
import { type JudgedTask, judgeTask, type TaskClaims } from "./task-claims.ts";
import type { TenantRecord } from "./tenant-directory.ts";

/** Ids come from clients, so there is a bound; the chain that was silent longest is forgotten. */
const REMEMBERED_CHAINS = 10_000;
const IDLE_MS = 3_600_000;

/** A chain's first call, as it was judged: never above what its tenant may have. */
interface Origin {
  readonly type: string;
  readonly latency: LatencyClass;
  /** When its complete answer was due, microseconds; null: no deadline. */
  readonly dueAt: number | null;
}

export class ChainMemory {
  readonly #origins: LRUCache<string, Origin>;

  constructor(clock: Clock) {
    this.#origins = new LRUCache({
      max: REMEMBERED_CHAINS,
      ttl: IDLE_MS,
      updateAgeOnGet: true,
      ttlResolution: 0,
      perf: { now: () => clock.now() / MICROS_PER_MS },
    });
  }

  /** Judges a task as {@link judgeTask} does; what it does not say itself it takes from its chain. */
  judge(claims: TaskClaims, tenant: TenantRecord, config: Config, now: number): JudgedTask {
    const { chain } = claims;
    if (chain === undefined) return judgeTask(claims, tenant, config);
    const key = `${tenant.id}\0${chain.id}`;
    const origin = this.#origins.get(key);
    if (origin !== undefined) {
      return judgeTask(inherited(claims, chain, origin, config, now), tenant, config);
    }
    const judged = judgeTask(claims, tenant, config);
    const { type, latency, deadlineMs } = judged.task;
    const dueAt = deadlineMs === null ? null : now + deadlineMs * MICROS_PER_MS;
    this.#origins.set(key, { type, latency, dueAt });
    return judged;
  }
}

function inherited(
  claims: TaskClaims,
  chain: Chain,
  origin: Origin,
  config: Config,
  now: number,
): TaskClaims {
  const remainingMs =
    origin.dueAt === null ? undefined : Math.max(0, origin.dueAt - now) / MICROS_PER_MS;
  return {
    ...claims,
    type: claims.type ?? origin.type,
    latency: claims.latency ?? inheritedLatency(claims, chain, origin, config),
    deadlineMs: claims.deadlineMs ?? remainingMs,
  };
}

/**
 * A step that names its own type has said how urgent it is. A sub-agent has not: whoever started
 * it waits for it, so it must not be served after its caller's own work.
 */
function inheritedLatency(
  { type }: TaskClaims,
  { depth }: Chain,
  { latency }: Origin,
  config: Config,
): LatencyClass | undefined {
  const ofType = type === undefined ? undefined : config.taskTypes.get(type)?.latency;
  if (ofType === undefined) return latency;
  if (depth === 0) return ofType;
  return lessUrgent(ofType, latency) === ofType ? latency : ofType;
}
