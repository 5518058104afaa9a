/** Reports: what a Redis tells an instance of the whole, and what instances tell each other through it. */
import type { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { demandOf } from "../../src/core/demand.ts";
import type { NoteOperation, StoreReport } from "../../src/stores/redis/messages.ts";
import type { Operation } from "../../src/stores/store.ts";
import { SECOND } from "../support/meters.ts";
import { Instance, type RedisTime } from "../support/redis/instance.ts";
import { meter, OPTIONS } from "../support/redis/queues.ts";
import { withRedis } from "../support/redis/with-redis.ts";

let redis: Redis;
let time: RedisTime;
let one: Instance;
let two: Instance;

withRedis((server, now) => {
  redis = server;
  time = now;
  one = new Instance(redis, time, "one");
  two = new Instance(redis, time, "two");
  two.asksForReport = true;
});

const PATH: Operation = {
  kind: "path",
  key: "all",
  meters: [meter("concurrency", 1), meter("tokens", 1_000, 60_000)],
  initialShare: 1,
};

function enqueue(tokens: number, band = 1): Operation {
  return {
    ...{ kind: "enqueue", tenant: "acme", weight: 3, hasOwnMeters: false, band, path: "all" },
    demand: demandOf({ requests: 1, tokens }),
    patience: 60 * SECOND,
    dueIn: null,
    isChainStep: false,
  };
}

const note = (key: string, value: string, isFirst = false): NoteOperation => ({
  ...{ kind: "note", key, value, isFirst },
});

async function reportTo(instance: Instance): Promise<StoreReport> {
  const { report } = await instance.step();
  if (report === null) throw new Error("no report");
  return report;
}

describe("a report", () => {
  test("has the meters as they are, and what waits and has come in each band", async () => {
    const { aheads } = await one.step([PATH, enqueue(100), enqueue(200), enqueue(300)]);
    expect(aheads).toEqual([0, 0, 1, 2]);
    const { meters, whole } = await reportTo(two);
    expect(whole?.instances).toBe(1); // it is counted in once it has been answered
    expect(meters).toMatchObject([
      { key: "concurrency", level: 0, capacity: 1_000_000, restsFor: 0, margin: null },
      { key: "tokens", level: 900_000_000, charged: 100_000_000, corrections: 0, foreign: 0 },
    ]);
    expect(whole?.bands[1]).toEqual({
      activeWeight: 3,
      queued: [2_000_000, 500_000_000],
      arrived: [3_000_000, 600_000_000],
      refused: [],
    });
    expect(whole?.bands[0].queued).toEqual([0, 0]);
  });

  test("tells of corrections, rests and margins", async () => {
    await one.step([PATH, { kind: "adjust", meter: "tokens", delta: -5, seen: 0 }]);
    await one.step([
      { kind: "rest", meter: "tokens", micros: 2 * SECOND, probeIn: SECOND },
      { kind: "margin", meter: "tokens", share: 0.2 },
    ]);
    time.now += SECOND / 2;
    const [, tokens] = (await reportTo(two)).meters;
    expect(tokens).toMatchObject({ corrections: 1, corrected: -5, margin: 0.2 });
    expect(tokens).toMatchObject({ restsFor: 1.5 * SECOND, probeIn: SECOND / 2 });
  });

  test("tells what was refused where it came, and on which paths batch is held back", async () => {
    const relief = {
      ...{ act: 0.5, calm: 0.4, held: [2], refused: [], lowestTier: "none", keepsLine: false },
    };
    const asking = new Instance(redis, time, "asking", { ...OPTIONS, relief });
    asking.asksForReport = true;
    const demand = demandOf({ requests: 80, tokens: 800_000 });
    await asking.step([
      PATH,
      { ...{ kind: "refused", path: "all", band: 1 }, demand, count: 80 } as const,
    ]);
    time.now += SECOND;
    const { results, granted } = await asking.step([enqueue(0, 2)]);
    expect([results, granted]).toEqual([[0], []]);
    const { whole } = await reportTo(asking);
    expect(whole?.bands.map(({ refused }) => refused)).toEqual([
      [],
      [80_000_000, 800_000_000_000],
      [],
    ]);
    expect(whole?.holds).toEqual([{ key: "all", pressure: 1, isActing: true }]);
  });

  test("is given only to who asks", async () => {
    expect((await one.step([PATH])).report).toBeNull();
  });
});

describe("notes", () => {
  test("reach the others, the newest of each name, and not who has made them", async () => {
    one.asksForReport = true;
    await one.step([note("breaker", "open"), note("limits", "[1]"), note("breaker", "closed")]);
    const { notes, noteVersion } = await reportTo(two);
    expect([...notes].sort((a, b) => a.key.localeCompare(b.key))).toEqual([
      { key: "breaker", value: "closed" },
      { key: "limits", value: "[1]" },
    ]);
    expect(noteVersion).toBe(3);
    expect((await reportTo(one)).notes).toEqual([]);
  });

  test("that are told again do not hide newer ones", async () => {
    await one.step([note("breaker", "open")]);
    const { results } = await two.step([note("breaker", "closed", true), note("new", "1", true)]);
    expect(results).toEqual([false, true]);
  });
});

describe("the newest configuration", () => {
  const REVERSED = { ...OPTIONS, bands: OPTIONS.bands.toReversed(), layout: "reversed" };

  test("decides about bands; whoever waited is asked to tell again, what runs goes on", async () => {
    const first = await one.step([PATH, enqueue(0), enqueue(0)]);
    expect(first.granted).toEqual([0]);
    const newest = new Instance(redis, time, "newest", REVERSED);
    newest.isNewest = true;
    const reply = await newest.step();
    expect(reply.epoch).toBe(first.epoch + 1);
    time.now += SECOND;
    expect((await newest.step()).epoch).toBe(reply.epoch);
    const settled = await one.step([{ kind: "settle", ticket: 0, counted: demandOf({}) }]);
    expect(settled).toMatchObject({ epoch: reply.epoch, results: [true], granted: [] });
  });

  test("bands of an older one are found by their names", async () => {
    await one.step([PATH]);
    const newest = new Instance(redis, time, "newest", REVERSED);
    newest.isNewest = true;
    await newest.step([enqueue(0, 1)]);
    time.now += SECOND;
    // For the newest, batch is the first band; for the older one it is its last, and the same.
    await one.step([enqueue(0, 0)]);
    two.asksForReport = true;
    const { whole } = (await two.step([enqueue(0, 2)])).report as StoreReport;
    expect(whole?.bands.map(({ queued }) => queued[0])).toEqual([1_000_000, 0, 1_000_000]);
  });
});

test("an instance that says goodbye leaves no slot behind, and is not waited for", async () => {
  await one.step([PATH, enqueue(0)]);
  await two.step([enqueue(0)]);
  await one.step([{ kind: "goodbye" }]);
  time.now += 1_000;
  const reply = await two.step();
  expect(reply.granted).toHaveLength(1);
  expect(reply.report?.whole?.instances).toBe(1);
});
