/** The demo from end to end, short: what must hold however busy the machine is. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { DemoReport } from "../../src/demo/demo.ts";
import type { PolicyFigures } from "../../src/figures/policy-figures.ts";
import { TIERS } from "../../src/workload/tiers.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
/** Arrivals, then waits of up to 20 s, twice; and a machine that does other things, too. */
const TIMEOUT_MS = 150_000;
const BUSY_MACHINE_MS = 2_000;

function demo(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, "demo", ...args], { stdio: ["ignore", "pipe", "pipe"] });
}

async function outcomeOf(child: ChildProcess) {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error("no pipes");
  const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), once(child, "close")]);
  return { out, err, code };
}

function checkShape(figures: PolicyFigures): void {
  expect(Object.keys(figures)).toEqual([
    "upstream429",
    "upstreamRequests",
    "budgetUsed",
    "jain",
    "inversions",
    "tiers",
  ]);
  expect(Object.keys(figures.tiers)).toEqual(TIERS.map(({ name }) => name));
  expect(figures.budgetUsed).toBeLessThanOrEqual(1);
  for (const tier of Object.values(figures.tiers)) {
    const refused = Object.values(tier.refused).reduce((sum, count) => sum + count, 0);
    expect(tier.ok + tier.failed + refused).toBe(tier.count);
    const { p50, p95, p99, max } = tier.waitMs;
    expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((a, b) => a - b));
  }
}

test(
  "prints one object: the same load by Sluice without a 429, and by retries with many",
  async () => {
    const { out, err, code } = await outcomeOf(demo("--json", "--seconds", "3", "--seed", "2"));
    expect(err).toContain("3 times the budget");
    expect(err).not.toContain("failed");
    expect(err).not.toContain("after the wait that was told");
    expect(code).toBe(0);
    const report = JSON.parse(out) as DemoReport;
    expect(Object.keys(report)).toEqual(["seed", "seconds", "policies"]);
    expect(report).toMatchObject({ seed: 2, seconds: 3 });
    expect(Object.keys(report.policies)).toEqual(["sluice", "jitter-backoff"]);
    const { sluice, "jitter-backoff": naive } = report.policies;
    for (const figures of [sluice, naive]) checkShape(figures);

    expect(sluice).toMatchObject({ upstream429: 0, inversions: 0 });
    expect(sluice.budgetUsed).toBeGreaterThan(0.2);
    const { critical } = sluice.tiers;
    expect(critical.count).toBeGreaterThan(10);
    expect(critical).toMatchObject({ ok: critical.count, failed: 0, refused: {} });
    for (const { name, maxWaitMs } of TIERS) {
      expect(sluice.tiers[name].waitMs.max).toBeLessThan(maxWaitMs + BUSY_MACHINE_MS);
      expect(naive.tiers[name].waitMs.max).toBeLessThan(maxWaitMs + BUSY_MACHINE_MS);
    }
    expect(naive.upstream429).toBeGreaterThan(100);
    expect(naive.upstreamRequests).toBeGreaterThan(sluice.upstreamRequests);
    const counts = (figures: PolicyFigures) =>
      Object.values(figures.tiers).map(({ count }) => count);
    expect(counts(naive)).toEqual(counts(sluice));
  },
  TIMEOUT_MS,
);

describe("a trace that cannot be used", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-demo-"));
  const broken = join(folder, "broken.csv");
  writeFileSync(broken, "time_s,client,input_tokens,output_tokens\n0,a,10,1\n1,a,-1,1\n");

  test.each([
    { args: ["--trace", join(folder, "none.csv")], message: /none\.csv: found nothing to read/ },
    { args: ["--trace", broken], message: /broken\.csv:3: found "-1" input tokens; allowed: / },
    { args: ["--speed", "3"], message: /--speed: found without --trace; allowed: / },
    { args: ["--policy", "luck"], message: /--policy: found "luck"; allowed: sluice, jitter-back/ },
    { args: ["--seconds", "0"], message: /--seconds.*Allowed: a number from 3 to 600/ },
  ])("is one line and exit code 2: $args", async ({ args, message }) => {
    const { out, err, code } = await outcomeOf(demo(...args));
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });
});

function childrenOf(pid: number | undefined): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

async function untilTwoChildren(pid: number | undefined): Promise<number[]> {
  for (;;) {
    const children = childrenOf(pid);
    if (children.length === 2) return children;
    await sleep(20);
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => existsSync(`/proc/${pid}`))) await sleep(20);
}

describe.runIf(existsSync("/proc/self/task"))("its processes", () => {
  test("end with it on Ctrl-C, which is exit code 130", async () => {
    const child = demo("--policy", "sluice");
    const outcome = outcomeOf(child);
    const children = await untilTwoChildren(child.pid);
    child.kill("SIGINT");
    const { code, err } = await outcome;
    expect(code).toBe(130);
    expect(err).not.toContain("Error");
    await untilGone(children);
  });

  test("end with it when it is killed", async () => {
    const child = demo("--policy", "sluice");
    const children = await untilTwoChildren(child.pid);
    child.kill("SIGKILL");
    await untilGone(children);
  });
});
