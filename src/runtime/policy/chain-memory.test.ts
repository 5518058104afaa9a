import { beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../../../test/support/gateway-clock.ts";
import type { Config } from "../../config/index.ts";
import { loadConfig } from "../../config/index.ts";
import type { LatencyClass } from "../../core/task.ts";
import { ChainMemory } from "./chain-memory.ts";
import type { TaskClaims } from "./task-claims.ts";
import { TenantDirectory } from "./tenant-directory.ts";

const HOUR_MS = 3_600_000;
const CONFIG: Config = configOf({
  tiers: { fast: {} },
  defaults: { tier: "fast" },
  tenants: { acme: {}, other: {}, modest: { latency_max: "near-real-time" } },
  task_types: {
    default: { latency: "near-real-time" },
    chat: { latency: "real-time", max_wait: "5s", fallback: ["cached"] },
    nightly: { latency: "batch" },
  },
});

function configOf(object: object): Config {
  const upstreams = { it: { dialect: "openai", base_url: "http://127.0.0.1:1" } };
  const loaded = loadConfig({ object: { upstreams, ...object }, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

let clock: TestClock;
let memory: ChainMemory;
const directory = new TenantDirectory(CONFIG);

beforeEach(() => {
  clock = new TestClock();
  memory = new ChainMemory(clock);
});

const chainOf = (step: number, depth = 0, id = "c") => ({ chain: { id, step, depth } });

function judge(claims: TaskClaims, tenant = "acme") {
  return memory.judge(claims, directory.named(tenant, null), CONFIG, clock.now());
}

const taskOf = (...asked: Parameters<typeof judge>) => judge(...asked).task;

describe("a later step", () => {
  test("is what its chain was first seen as, if it does not say itself", () => {
    taskOf({ type: "chat", ...chainOf(1) });
    expect(taskOf(chainOf(2))).toMatchObject({
      type: "chat",
      latency: "real-time",
      maxWaitMs: 5_000,
      fallback: ["cached"],
      chain: { id: "c", step: 2, depth: 0 },
    });
  });

  test("has the latency that the first one claimed, not that of its type", () => {
    taskOf({ latency: "batch", ...chainOf(1) });
    expect(taskOf(chainOf(2))).toMatchObject({ type: "default", latency: "batch" });
  });

  test("that says how urgent it is is believed", () => {
    taskOf({ type: "chat", ...chainOf(1) });
    expect(taskOf({ latency: "batch", ...chainOf(2) }).latency).toBe("batch");
    expect(taskOf({ type: "nightly", ...chainOf(3) })).toMatchObject({
      type: "nightly",
      latency: "batch",
    });
    // What one step says of itself is not said of the chain.
    expect(taskOf(chainOf(4))).toMatchObject({ type: "chat", latency: "real-time" });
  });

  test("of an unknown type is as urgent as its chain", () => {
    taskOf({ type: "chat", ...chainOf(1) });
    expect(taskOf({ type: "new", ...chainOf(2) })).toMatchObject({
      type: "new",
      latency: "real-time",
    });
  });
});

describe("a sub-agent", () => {
  test.each<[string, string, LatencyClass]>([
    ["chat", "nightly", "real-time"],
    ["nightly", "chat", "real-time"],
    ["nightly", "nightly", "batch"],
    ["default", "nightly", "near-real-time"],
    ["chat", "new", "real-time"],
  ])(
    "of %s that does %s is %s: never less urgent than who waits for it",
    (outer, inner, latency) => {
      taskOf({ type: outer, ...chainOf(1) });
      expect(taskOf({ type: inner, ...chainOf(1, 1) })).toMatchObject({ type: inner, latency });
    },
  );

  test("may still lower itself by its own word", () => {
    taskOf({ type: "chat", ...chainOf(1) });
    expect(taskOf({ latency: "batch", ...chainOf(1, 2) }).latency).toBe("batch");
  });
});

describe("bounds", () => {
  test("nothing is inherited above what the tenant may have", () => {
    expect(judge({ type: "chat", ...chainOf(1) }, "modest")).toMatchObject({
      task: { latency: "near-real-time" },
      wasLowered: true,
    });
    // Its chain was judged already, so no step claims too much any more.
    expect(judge(chainOf(2), "modest")).toMatchObject({
      task: { type: "chat", latency: "near-real-time" },
      wasLowered: false,
    });
  });

  test("chains of different tenants are different chains, also under one id", () => {
    taskOf({ type: "chat", ...chainOf(1) }, "acme");
    expect(taskOf(chainOf(2), "other")).toMatchObject({ type: "default" });
    expect(taskOf(chainOf(3), "acme")).toMatchObject({ type: "chat" });
  });

  test("what is in no chain is remembered nowhere", () => {
    taskOf({ type: "chat" });
    expect(taskOf({})).toMatchObject({ type: "default", chain: null });
    expect(taskOf(chainOf(2))).toMatchObject({ type: "default" });
  });
});

describe("a deadline", () => {
  test("is that of the chain: later steps have what is left of it, at last nothing", async () => {
    expect(taskOf({ deadlineMs: 10_000, ...chainOf(1) }).deadlineMs).toBe(10_000);
    await clock.advance(4_000);
    expect(taskOf(chainOf(2)).deadlineMs).toBe(6_000);
    expect(taskOf(chainOf(1, 1)).deadlineMs).toBe(6_000);
    await clock.advance(7_000);
    expect(taskOf(chainOf(3)).deadlineMs).toBe(0);
  });

  test("of a step's own is its own, and none is made up", async () => {
    taskOf({ deadlineMs: 10_000, ...chainOf(1) });
    await clock.advance(9_000);
    expect(taskOf({ deadlineMs: 5_000, ...chainOf(2) }).deadlineMs).toBe(5_000);
    taskOf(chainOf(1, 0, "open"));
    expect(taskOf({ deadlineMs: 5_000, ...chainOf(2, 0, "open") }).deadlineMs).toBe(5_000);
    expect(taskOf(chainOf(3, 0, "open")).deadlineMs).toBe(null);
  });
});

describe("memory", () => {
  test("a chain is remembered for an hour after its last step", async () => {
    taskOf({ type: "chat", ...chainOf(1) });
    for (let step = 2; step < 5; step++) {
      await clock.advance(HOUR_MS - 1_000);
      expect(taskOf(chainOf(step)).type).toBe("chat");
    }
    await clock.advance(HOUR_MS + 1_000);
    expect(taskOf(chainOf(5)).type).toBe("default");
  });

  test("is bounded: the chain that was silent longest is forgotten first", () => {
    taskOf({ type: "chat", ...chainOf(1, 0, "busy") });
    taskOf({ type: "chat", ...chainOf(1, 0, "silent") });
    for (let i = 0; i < 9_999; i++) {
      taskOf({ type: "nightly", ...chainOf(1, 0, `chain-${i}`) });
      if (i === 5_000) taskOf(chainOf(2, 0, "busy"));
    }
    expect(taskOf(chainOf(3, 0, "busy")).type).toBe("chat");
    expect(taskOf(chainOf(2, 0, "chain-9998")).type).toBe("nightly");
    expect(taskOf(chainOf(2, 0, "silent")).type).toBe("default");
  });
});
