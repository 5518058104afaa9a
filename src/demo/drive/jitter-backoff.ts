/** Jitter backoff: every task goes straight to the provider and tries again by itself, as OpenAI's SDK does. */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { inversionsAmong } from "../../figures/inversions.ts";
import type { TaskResult, Witness } from "../../figures/task-result.ts";
import type { Load, LoadTask } from "../../workload/load.ts";
import { createRandom, type Random } from "../../workload/random.ts";
import { TIERS } from "../../workload/tiers.ts";
import { Child } from "../provider/child.ts";
import type { MockOrders } from "../provider/mock-process.ts";
import { siblingModule } from "../provider/sibling-module.ts";
import { type ChatTarget, outcomeOf, sendChat } from "./chat-request.ts";
import type { OpenPolicy, Policy } from "./policy.ts";
import { sdkDelayMs } from "./sdk-backoff.ts";

export const jitterBackoff: Policy = {
  name: "jitter-backoff",
  async open(load: Load, seed: number): Promise<OpenPolicy> {
    const mock = new Child<MockOrders>("the mock provider", siblingModule("mock-process"));
    const agent = new Agent({ pipelining: 1 });
    const random = createRandom(seed);
    const close = async () => {
      await Promise.all([agent.destroy(), mock.close()]);
    };
    try {
      const url = await mock.ask("start", { limits: load.limits, seed });
      const target = { agent, baseUrl: `${url}/v1` };
      return {
        run: (task, arrivedAt, witness) => runTask(target, random, task, arrivedAt, witness),
        providerStats: () => mock.ask("stats", null),
        inversions: async (results) => inversionsAmong(results),
        close,
      };
    } catch (error) {
      await close();
      throw error;
    }
  },
};

/** Tries until the tier's max wait would be over before the next try: as long as a task may wait with Sluice. */
async function runTask(
  target: ChatTarget,
  random: Random,
  task: LoadTask,
  arrivedAt: number,
  witness: Witness,
): Promise<TaskResult> {
  const giveUpAt = arrivedAt + TIERS[task.tier].maxWaitMs;
  const headers = { authorization: "Bearer sk-provider" };
  for (let retries = 0; ; retries++) {
    const waitMs = performance.now() - arrivedAt;
    let answeredMs: number | null = null;
    const attempt = await sendChat(target, task, headers, () => {
      answeredMs = performance.now() - arrivedAt;
      witness.granted(task, waitMs);
    });
    if (attempt.kind !== "refused") {
      const wasGranted = answeredMs !== null;
      return { task, outcome: outcomeOf(attempt), waitMs, answeredMs, wasGranted };
    }
    const delayMs = sdkDelayMs(attempt.headers, retries, random(), Date.now());
    const isHopeless = performance.now() + delayMs > giveUpAt;
    // Not what keeps the process alive: after an abort nobody waits for it.
    if (!isHopeless) await sleep(delayMs, undefined, { ref: false });
    const now = performance.now();
    if (isHopeless || now > giveUpAt)
      return gaveUp(task, attempt.code, Math.min(now, giveUpAt) - arrivedAt);
  }
}

function gaveUp(task: LoadTask, code: string, waitMs: number): TaskResult {
  const outcome = { kind: "refused", code, isAtOnce: false } as const;
  return { task, outcome, waitMs, answeredMs: null, wasGranted: false };
}
