import { describe, expect, test } from "vitest";
import { demandOf } from "../../core/demand.ts";
import { Bucket } from "../../core/meter/bucket.ts";
import { MICRO_UNITS } from "../../core/meter/meter.ts";
import type { EnqueueRequest } from "../../core/scheduler/request.ts";
import { Scheduler } from "../../core/scheduler/scheduler.ts";
import { createRandom } from "../../workload/random.ts";
import { SchedulerJudge } from "./scheduler-judge.ts";
import { type Door, WaitingRoom } from "./waiting-room.ts";

const NOW = 1_000_000;
const SECOND = 1_000_000;

/** Two bands over 100 tokens that come back in 100 s; a guarantee of a tenth for the second one. */
function watched(guarantees: readonly { label: string; share: number; bands: number[] }[] = []) {
  const bands = ["high", "low"].map((tier) => ({ tier, latency: "real-time" }));
  const bounds = { holdback: 0, margin: 0, maxWaiting: 100 };
  const scheduler = new Scheduler({ bands, guarantees, ...bounds }, NOW);
  const meter = new Bucket({
    label: { dimension: "tokens", selector: "account" },
    capacity: 100 * MICRO_UNITS,
    per: 100 * SECOND,
    now: NOW,
    initialShare: 1,
  });
  const path = scheduler.path([meter]);
  const tenant = scheduler.tenant({ id: "t", weight: 1, meters: [] });
  const judge = new SchedulerJudge(scheduler, 1, 10);
  const request = (band: number, tokens: number): EnqueueRequest => ({
    tenant,
    path,
    band,
    demand: demandOf({ tokens }),
    expiresAt: NOW + 1_000 * SECOND,
    deadline: null,
    isChainStep: false,
    reference: 0,
  });
  return { judge, request };
}

describe("the judge of a scheduler", () => {
  test("counts a grant while a waiter of a higher band fitted", () => {
    const { judge, request } = watched();
    judge.queued(0, request(0, 40), NOW);
    judge.queued(1, request(1, 40), NOW);
    judge.aboutToPump(NOW);
    judge.pumped([1], []);
    expect(judge.inversions).toBe(1);
  });

  test("counts nothing in the right order, nor where the higher one does not fit or has left", () => {
    const { judge, request } = watched();
    judge.queued(0, request(0, 40), NOW);
    judge.queued(1, request(1, 40), NOW);
    judge.queued(2, request(0, 90), NOW);
    judge.queued(3, request(0, 5), NOW);
    judge.queued(4, request(1, 5), NOW);
    judge.aboutToPump(NOW);
    judge.pumped([0, 1, 4], [3]);
    expect(judge.inversions).toBe(0);
  });

  test("lets a guarantee spend what it has earned, and no more", () => {
    const { judge, request } = watched([{ label: "low", share: 0.1, bands: [1] }]);
    judge.queued(0, request(0, 10), NOW);
    judge.queued(1, request(1, 1), NOW);
    judge.queued(2, request(1, 1), NOW);
    judge.aboutToPump(NOW);
    judge.pumped([], []);
    judge.aboutToPump(NOW + 10 * SECOND);
    judge.pumped([1], []);
    expect(judge.inversions).toBe(0);
    judge.aboutToPump(NOW + 10 * SECOND);
    judge.pumped([2], []);
    expect(judge.inversions).toBe(1);
  });
});

describe("a waiting room", () => {
  test("knows whether anybody above fits, whoever has come, left and come again", () => {
    const random = createRandom(3);
    const size = 300;
    const room = new WaitingRoom(3, 2, size);
    const waiting = new Map<number, { band: number; key: number }>();
    for (let step = 0; step < 5_000; step++) {
      const task = Math.floor(random() * size);
      if (waiting.delete(task)) expect(room.leave(task)).toBe(true);
      else {
        const [band, key] = [Math.floor(random() * 3), Math.floor(random() * 100)];
        waiting.set(task, { band, key });
        room.enter(task, band, task % 2, key);
      }
      const most = Math.floor(random() * 4);
      const door: Door = {
        hasRoom: () => true,
        roomFor: () => most,
        fits: (id) => id % 3 > 0,
      };
      const isThere = [...waiting].some(
        ([id, { band, key }]) => band < 2 && key <= most && id % 3 > 0,
      );
      expect(room.someoneAbove(2, door)).toBe(isThere);
    }
  });
});
