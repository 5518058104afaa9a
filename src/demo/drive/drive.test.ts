import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { loadOf, resultOf, taskOf } from "../../../test/support/demo-load.ts";
import type { LoadTask } from "../../workload/load.ts";
import { type Audience, drive } from "./drive.ts";
import type { OpenPolicy } from "./policy.ts";

const TASKS = [0, 5, 5, 10, 20].map((atMs, id) => taskOf({ id, atMs }));
const DEAF: Audience = { arrived() {}, granted() {}, ended() {} };
const NEVER = new AbortController().signal;

function policyThat(run: (task: LoadTask) => Promise<void>): OpenPolicy {
  return {
    async run(task) {
      await run(task);
      return resultOf(task, 0);
    },
    providerStats: () => Promise.reject(new Error("not asked")),
    inversions: async () => 0,
    close: async () => {},
  };
}

describe("driving a load", () => {
  test("no arrival waits for an answer", async () => {
    const release = Promise.withResolvers<void>();
    const running: number[] = [];
    const policy = policyThat(async ({ id }) => {
      running.push(id);
      if (running.length === TASKS.length) release.resolve();
      await release.promise;
    });
    const { results } = await drive(loadOf(TASKS), policy, DEAF, NEVER);
    expect(running).toEqual([0, 1, 2, 3, 4]);
    expect(results.map(({ task }) => task.id)).toEqual([0, 1, 2, 3, 4]);
  });

  test("arrivals are counted from their time in the load, however late they were sent", async () => {
    const { latenessMs } = await drive(
      loadOf(TASKS),
      policyThat(async () => {}),
      DEAF,
      NEVER,
    );
    expect(latenessMs).toHaveLength(TASKS.length);
    for (const late of latenessMs) expect(late).toBeGreaterThanOrEqual(0);
  });

  test("the audience hears of every arrival and every end", async () => {
    const heard: string[] = [];
    const audience: Audience = {
      ...DEAF,
      arrived: ({ id }) => heard.push(`+${id}`),
      ended: ({ task }) => heard.push(`-${task.id}`),
    };
    await drive(
      loadOf(TASKS.slice(0, 2)),
      policyThat(async () => {}),
      audience,
      NEVER,
    );
    expect(heard).toEqual(["+0", "-0", "+1", "-1"]);
  });

  test("an abort ends it at once, while arrivals go on and after", async () => {
    const hang = policyThat(async () => {
      await new Promise(() => {});
    });
    for (const afterMs of [0, 50]) {
      const abort = new AbortController();
      const driving = drive(loadOf(TASKS), hang, DEAF, abort.signal);
      const settled = expect(driving).rejects.toThrow("enough");
      await sleep(afterMs);
      abort.abort(new Error("enough"));
      await settled;
    }
  });
});
