/** Planner: decides everything about a request that is decided before it queues. */
import type { CandidateConfig, Config } from "../../config/config.ts";
import { MICROS_PER_MS } from "../../core/clock.ts";
import { SluiceError } from "../../core/errors.ts";
import { RetryBudget } from "../../core/retry/retry-budget.ts";
import { recogniseTask } from "../../core/route/task-rules/task-rules.ts";
import type { Task } from "../../core/task.ts";
import { type CallPlan, type Candidate, NO_CANDIDATES } from "../call/call-plan.ts";
import type { Classifier } from "../classify/classifier.ts";
import { questionOf } from "../classify/classify.ts";
import { ResponseCache } from "../fallback/response-cache.ts";
import { standInsFor } from "../fallback/stand-ins.ts";
import { VARYING } from "../fallback/varying.ts";
import { requireModel, requireReadableModel } from "../policy/require-model.ts";
import { keyHash } from "../policy/tenant-directory.ts";
import { requestId } from "../request/request-id.ts";
import { type Ranking, rankCandidates } from "../route/rank-candidates.ts";
import type { Upstream } from "../upstream/upstream.ts";
import {
  type CandidateMeans,
  CandidatePlanner,
  type PlannedCandidate,
} from "./candidate-planner.ts";
import { rankedCandidates, requestFor, speaksAsAsked } from "./eligible.ts";
import type { RuntimeRequest } from "./runtime-request.ts";
import { planTrimmed } from "./trimmed.ts";

export interface PlannerMeans extends Omit<CandidateMeans, "retryBudgetOf"> {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  now(): number;
  bandOf(tier: string, task: Task): number;
  /** Null: the shipped rules decide. */
  classifier(): Classifier | null;
}

export class Planner {
  readonly #means: PlannerMeans;
  readonly #candidates: CandidatePlanner;
  /** By upstream's name. */
  readonly #retryBudgets = new Map<string, RetryBudget>();
  #cache: ResponseCache | null = null;

  constructor(means: PlannerMeans) {
    this.#means = means;
    this.#candidates = new CandidatePlanner({
      config: () => means.config(),
      shadowOf: (...asked) => means.shadowOf(...asked),
      tenancy: means.tenancy,
      usedBy: (...asked) => means.usedBy(...asked),
      retryBudgetOf: (upstream) => this.#retryBudgetOf(upstream),
    });
    this.reconfigure(null);
  }

  /** `before`: the configuration until now; what has not changed keeps what it holds. */
  reconfigure(before: Config | null): void {
    const { cache, retry } = this.#means.config();
    if (before === null || before.retry.budget !== retry.budget) this.#retryBudgets.clear();
    const isSame =
      before?.cache.maxBytes === cache.maxBytes &&
      before.cache.ttlMs === cache.ttlMs &&
      (before.cache.mode === "off") === (cache.mode === "off");
    if (isSame) return;
    const nowMs = () => this.#means.now() / MICROS_PER_MS;
    this.#cache = cache.mode === "off" ? null : new ResponseCache({ ...cache, now: nowMs });
  }

  /**
   * `task`: what the request's claims come to.
   *
   * @throws SluiceError when the tenant may not do this, or nothing can serve it.
   */
  plan(request: RuntimeRequest, task: Task): CallPlan {
    const { tenant, model, arrivedAt } = request;
    if (model !== null) requireModel(tenant, model.asked, model.sent);
    const config = this.#means.config();
    const { policy, retry, server, cache } = config;
    const id = requestId();
    const ranking = rankedCandidates(request, config, task.minQuality);
    const { candidates, smaller } = this.#planBest(request, task, ranking);
    const [first] = candidates;
    const { operation } = first;
    if (model === null || operation.isModelInPath || operation.model === null) {
      requireReadableModel(tenant, operation);
    }
    return {
      id,
      tenant,
      task,
      band: () => this.#means.bandOf(tenant.tier.name, task),
      candidates,
      smaller:
        smaller.length === 0
          ? NO_CANDIDATES
          : once(() => this.#planSmaller(request, task, smaller)),
      suitsSmaller: (...patience) => this.#suitsSmaller(request, task, first, ...patience),
      standIns: standInsFor(
        {
          ...request,
          id,
          upstream: request.upstream.name,
          variant: () => variantOf(request, task),
          model: model?.asked ?? first.target.model,
          task,
          operation: first.operation,
          nowMs: arrivedAt / MICROS_PER_MS,
        },
        this.#cache,
        cache.mode === "always",
      ),
      upstreamMs: server.timeouts.upstreamMs,
      retry: { attempts: retry.attempts, baseMs: retry.baseMs },
      pressureLevels: policy.pressure,
      arrivedAt,
    };
  }

  /** Of the candidates that the request can go to at all; where there is none, the error of the best is told. */
  #planBest(request: RuntimeRequest, task: Task, ranking: Ranking<CandidateConfig>) {
    let { best, smaller } = ranking;
    let refused: unknown = null;
    for (;;) {
      try {
        return { candidates: this.#planAll(request, task, best), smaller };
      } catch (error) {
        if (!SluiceError.isInstance(error)) throw error;
        refused ??= error;
      }
      if (smaller.length === 0) throw refused;
      ({ best, smaller } = rankCandidates(smaller, null));
    }
  }

  /** The one that the request names, or the best of its alias; the first in any case, so that its error is told. */
  #planAll(
    request: RuntimeRequest,
    task: Task,
    best: readonly CandidateConfig[],
  ): readonly [PlannedCandidate, ...PlannedCandidate[]] {
    const isOne = best.length <= 1 && isNamed(request, best[0]);
    if (isOne && speaksAsAsked(request, request.upstream)) {
      return [
        this.#planOne(request, task, (one) =>
          this.#candidates.plan({ ...one, isSmaller: false }, task),
        ),
      ];
    }
    const planned: PlannedCandidate[] = [];
    let refused: unknown = null;
    for (const one of best.length > 0 ? best : [named(request)]) {
      try {
        planned.push(this.#planAt(request, task, one, false));
      } catch (error) {
        if (!SluiceError.isInstance(error)) throw error;
        refused ??= error;
      }
    }
    const [first, ...others] = planned;
    if (first !== undefined) return [first, ...others];
    throw refused;
  }

  #planAt(
    request: RuntimeRequest,
    task: Task,
    one: Pick<CandidateConfig, "upstream" | "model">,
    isSmaller: boolean,
  ): PlannedCandidate {
    const { upstreams } = this.#means;
    return this.#planOne(request, task, (asked) =>
      this.#candidates.plan(requestFor(asked, one, upstreams, isSmaller), task),
    );
  }

  /** Whole, or where the task allows it without its oldest turns. */
  #planOne(
    request: RuntimeRequest,
    task: Task,
    plan: (request: RuntimeRequest) => PlannedCandidate,
  ): PlannedCandidate {
    if (task.trim === "off") return plan(request);
    return planTrimmed({ request, task, models: this.#means.config().models, plan });
  }

  #planSmaller(
    request: RuntimeRequest,
    task: Task,
    smaller: readonly CandidateConfig[],
  ): readonly Candidate[] {
    const planned: Candidate[] = [];
    for (const one of smaller) {
      try {
        planned.push(this.#planAt(request, task, one, true));
      } catch (error) {
        if (!SluiceError.isInstance(error)) throw error;
      }
    }
    return planned;
  }

  /** A classifier of one's own is asked first, the shipped rules where it does not say. In doubt it does not suit. */
  #suitsSmaller(
    { body, tenant, model }: RuntimeRequest,
    task: Task,
    { forecast, target }: Candidate,
    patienceMs: number,
    signal: AbortSignal,
  ): boolean | Promise<boolean> {
    if (body === null) return false;
    const question = once(() =>
      questionOf({
        body,
        task,
        tier: tenant.tier.name,
        model: model?.asked ?? target.model ?? "",
        inputTokens: forecast.expected.inputTokens,
      }),
    );
    const byRules = () => recogniseTask(question()).suits;
    const told = this.#means.classifier()?.ask(question, patienceMs, signal) ?? null;
    return told instanceof Promise ? told.then((suits) => suits ?? byRules()) : (told ?? byRules());
  }

  #retryBudgetOf({ name }: Upstream): RetryBudget {
    let budget = this.#retryBudgets.get(name);
    if (budget === undefined) {
      budget = new RetryBudget(this.#means.config().retry.budget);
      this.#retryBudgets.set(name, budget);
    }
    return budget;
  }
}

/** Whoever brings a credential of its own has its own answers, even in the same tenant. */
function variantOf(
  { headers, clientCredential }: RuntimeRequest,
  { trim, pins, minQuality }: Task,
): string {
  const account = clientCredential === null ? null : keyHash(clientCredential);
  const varying = VARYING.map((name) => headers[name] ?? null);
  return JSON.stringify([account, trim, pins, minQuality, ...varying]);
}

function isNamed({ upstream, model }: RuntimeRequest, one: CandidateConfig | undefined): boolean {
  return one === undefined || (one.upstream === upstream.name && one.model === model?.sent);
}

function named({ upstream, model }: RuntimeRequest) {
  return { upstream: upstream.name, model: model?.sent ?? "" };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
