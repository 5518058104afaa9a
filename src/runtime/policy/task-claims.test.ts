import { describe, expect, test } from "vitest";
import type { Config } from "../../config/index.ts";
import { loadConfig } from "../../config/index.ts";
import { type ClaimName, judgeTask, readClaims, type TaskClaims } from "./task-claims.ts";
import { TenantDirectory } from "./tenant-directory.ts";

const source = (claims: Partial<Record<ClaimName, string>>) => (name: ClaimName) => claims[name];
const read = (claims: Partial<Record<ClaimName, string>>) => readClaims([source(claims)]);

describe("reading", () => {
  test.each<[ClaimName, string, Partial<TaskClaims>]>([
    ["task-type", " chat ", { type: "chat" }],
    ["latency", "near-real-time", { latency: "near-real-time" }],
    ["max-wait-ms", "0", { maxWaitMs: 0 }],
    ["max-wait-ms", "1.5e3", { maxWaitMs: 1_500 }],
    ["deadline-ms", "200", { deadlineMs: 200 }],
    ["fallback", "none", { fallback: [] }],
    ["fallback", "smaller-model, queue", { fallback: ["smaller-model", "queue"] }],
    ["chain", "c-1", { chain: { id: "c-1", step: 1, depth: 0 } }],
    ["chain", "c;step=3;depth=2", { chain: { id: "c", step: 3, depth: 2 } }],
    ["chain", "c;depth=2", { chain: { id: "c", step: 1, depth: 2 } }],
    ["min-quality", "0.75", { minQuality: 0.75 }],
    ["trim", "fit", { trim: "fit", pins: [] }],
    ["trim", "off", { trim: "off" }],
    ["trim", "8000;pin=0,-3", { trim: 8_000, pins: [0, -3] }],
    ["tags", "a, b,,c ", { tags: ["a", "b", "c"] }],
  ])("%s: %s", (name, value, claims) => {
    expect(read({ [name]: value })).toEqual(expect.objectContaining(claims));
  });

  test.each<[ClaimName, string]>([
    ["latency", "soon"],
    ["latency", "Real-Time"],
    ["max-wait-ms", "-1"],
    ["max-wait-ms", "Infinity"],
    ["max-wait-ms", "1s"],
    ["deadline-ms", "tomorrow"],
    ["fallback", "cached,none"],
    ["fallback", ","],
    ["chain", "two words"],
    ["chain", "c;step=x"],
    ["chain", "c;depth=1;step=2"],
    ["min-quality", "1.1"],
    ["min-quality", "high"],
    ["trim", "0"],
    ["trim", "1e99"],
    ["trim", "9999999999"],
    ["trim", "8k"],
    ["trim", "fit;pin=one"],
    ["trim", `fit;pin=${"1,".repeat(1_000)}1`],
    ["task-type", "x".repeat(201)],
  ])("%s: %s is refused by name and value", (name, value) => {
    const found = JSON.stringify(value.slice(0, 100));
    expect(() => read({ [name]: value })).toThrow(`x-sluice-${name}: found ${found}`);
  });

  test("the first source that says something is believed", () => {
    const claims = readClaims([
      source({ latency: "", "max-wait-ms": "1" }),
      source({ latency: "batch", "max-wait-ms": "2" }),
      source({ "deadline-ms": "3" }),
    ]);
    expect(claims).toMatchObject({ latency: "batch", maxWaitMs: 1, deadlineMs: 3 });
  });

  test("nothing said is nothing claimed; tags are bounded", () => {
    expect(Object.values(read({})).every((value) => value === undefined)).toBe(true);
    expect(read({ tags: "t,".repeat(100) }).tags).toHaveLength(32);
    expect(read({ tags: "x".repeat(500) }).tags).toEqual(["x".repeat(200)]);
  });
});

function configOf(object: object): Config {
  const upstreams = { it: { dialect: "openai", base_url: "http://127.0.0.1:1" } };
  const loaded = loadConfig({ object: { upstreams, ...object }, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

describe("judging", () => {
  const config = configOf({
    tiers: {
      fast: { max_wait: "9s" },
      slow: { max_wait: "3s", latency_max: "near-real-time" },
    },
    defaults: { tier: "fast" },
    tenants: {
      quick: {},
      modest: { latency_max: "batch" },
      bound: { tier: "slow" },
      boundTwice: { tier: "slow", latency_max: "real-time" },
    },
    task_types: {
      default: { latency: "near-real-time" },
      chat: { latency: "real-time", max_wait: "1s", fallback: ["cached"] },
    },
  });
  const directory = new TenantDirectory(config);
  const judge = (claims: TaskClaims, tenant = "quick") =>
    judgeTask(claims, directory.named(tenant, null), config);

  test("claims come first, then the task type, then the tier", () => {
    expect(judge({}).task).toMatchObject({
      type: "default",
      latency: "near-real-time",
      maxWaitMs: 9_000,
      fallback: [],
      deadlineMs: null,
    });
    expect(judge({ type: "chat" }).task).toMatchObject({
      latency: "real-time",
      maxWaitMs: 1_000,
      fallback: ["cached"],
    });
    const said: TaskClaims = { type: "chat", latency: "batch", maxWaitMs: 0, fallback: [] };
    expect(judge(said).task).toMatchObject({ latency: "batch", maxWaitMs: 0, fallback: [] });
  });

  test("an unknown type keeps its name and is treated as the default", () => {
    expect(judge({ type: "new" }).task).toMatchObject({ type: "new", latency: "near-real-time" });
  });

  test("no wait is longer than an hour", () => {
    expect(judge({ maxWaitMs: 1e12 }).task.maxWaitMs).toBe(3_600_000);
  });

  test.each([
    ["quick", "real-time", "real-time", false],
    ["modest", "real-time", "batch", true],
    ["modest", "batch", "batch", false],
    ["bound", "real-time", "near-real-time", true],
    ["bound", "batch", "batch", false],
    ["boundTwice", "real-time", "near-real-time", true],
  ] as const)("%s claims %s and gets %s", (tenant, claimed, latency, wasLowered) => {
    const judged = judge({ latency: claimed }, tenant);
    expect(judged.task.latency).toBe(latency);
    expect(judged.wasLowered).toBe(wasLowered);
  });
});
