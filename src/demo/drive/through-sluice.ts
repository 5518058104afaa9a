/** Through Sluice: every task is sent once, to a gateway, which knows the budget and decides who goes when. */
import { Agent } from "undici";
import type { TaskResult, Witness } from "../../figures/task-result.ts";
import type { Load, LoadTask } from "../../workload/load.ts";
import { TIERS, WAIT_RESERVE_MS } from "../../workload/tiers.ts";
import { Child } from "../provider/child.ts";
import { TASK_TYPES, tenantKey } from "../provider/gateway-config.ts";
import type { GatewayOrders } from "../provider/gateway-process.ts";
import type { MockOrders } from "../provider/mock-process.ts";
import { siblingModule } from "../provider/sibling-module.ts";
import { type Attempt, type ChatTarget, outcomeOf, sendChat } from "./chat-request.ts";
import type { OpenPolicy, Policy } from "./policy.ts";

export const throughSluice: Policy = {
  name: "sluice",
  async open(load: Load, seed: number): Promise<OpenPolicy> {
    const mock = new Child<MockOrders>("the mock provider", siblingModule("mock-process"));
    const gateway = new Child<GatewayOrders>("the gateway", siblingModule("gateway-process"));
    const agent = new Agent({ pipelining: 1 });
    const close = async () => {
      await Promise.all([agent.destroy(), gateway.close(), mock.close()]);
    };
    try {
      const { limits, tenants } = load;
      const baseUrl = await mock.ask("start", { limits, seed });
      const url = await gateway.ask("start", { baseUrl, limits, tenants });
      const target = { agent, baseUrl: `${url}/v1` };
      return {
        run: (task, arrivedAt, witness) => runTask(target, task, arrivedAt, witness),
        providerStats: () => mock.ask("stats", null),
        inversions: async () => (await gateway.ask("audit", null)).inversions,
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Sends it once to the gateway at `target`. */
export async function runTask(
  target: ChatTarget,
  task: LoadTask,
  arrivedAt: number,
  witness: Witness,
): Promise<TaskResult> {
  let served: { readonly waitMs: number; readonly answeredMs: number } | null = null;
  const attempt = await sendChat(target, task, headersFor(task), (headers) => {
    const answeredMs = performance.now() - arrivedAt;
    served = { waitMs: waitIn(headers) ?? answeredMs, answeredMs };
    witness.granted(task, served.waitMs);
  });
  return resultOf(task, attempt, served, performance.now() - arrivedAt);
}

function headersFor({ tenant, tier, latency }: LoadTask): Record<string, string> {
  return {
    authorization: `Bearer ${tenantKey(tenant)}`,
    "x-sluice-task-type": TASK_TYPES[latency],
    "x-sluice-max-wait-ms": String(TIERS[tier].maxWaitMs - WAIT_RESERVE_MS),
  };
}

/** The gateway's own clock: from the arrival there to the sending, without what this process adds. */
function waitIn(headers: Headers): number | null {
  const waitMs = Number.parseFloat(String(headers["x-sluice-wait-ms"] ?? ""));
  return Number.isNaN(waitMs) ? null : waitMs;
}

function resultOf(
  task: LoadTask,
  attempt: Attempt,
  served: { readonly waitMs: number; readonly answeredMs: number } | null,
  elapsedMs: number,
): TaskResult {
  const { waitMs = elapsedMs, answeredMs = null } = served ?? {};
  const wasGranted = served !== null;
  if (attempt.kind === "refused") {
    const waitedMs = waitIn(attempt.headers) ?? 0;
    const outcome = { kind: "refused", code: attempt.code, isAtOnce: waitedMs === 0 } as const;
    return { task, outcome, waitMs: waitedMs, answeredMs, wasGranted };
  }
  const outcome = outcomeOf(attempt);
  return { task, outcome, waitMs, answeredMs, wasGranted };
}
