import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PolicyFigures } from "../../src/figures/policy-figures.ts";
import { createRandom } from "../../src/workload/random.ts";
import { Folder } from "./sluice.ts";

const POLICIES = ["sluice", "naive-backoff", "jitter-backoff", "fifo-bucket", "static-caps"];
const TIERS = ["critical", "premium", "standard", "free"];

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());
beforeAll(() => {
  writeFileSync(folder.file("trace.csv"), traceOf(900));
  writeFileSync(folder.file("broken.csv"), `${HEADER}\n0,a,10,1\n1,a,-1,1\n`);
  writeFileSync(folder.file("other.csv"), "a,b\n1,2\n");
  writeFileSync(folder.file("sessions.csv"), SESSIONS);
  writeFileSync(folder.file("sluice.yaml"), CONFIG);
  writeFileSync(folder.file("unlimited.yaml"), UNLIMITED);
  writeFileSync(folder.file("wrong.yaml"), "server:\n  lisen: a\n");
});

const HEADER = "time_s,client,input_tokens,output_tokens";
const SESSIONS = `session,agent,seq,t_s,model,input_tokens,output_tokens,reusable_prefix_tokens,think_s
${Array.from({ length: 60 }, (_, i) => `${i % 6},0,0,${i},opus,900,90,100,${i < 6 ? "" : 5}`).join("\n")}`;
const UNLIMITED = `
upstreams:
  one: { dialect: openai, base_url: "https://x.test/v1" }
`;
const CONFIG = `
tiers:
  gold: { weight: 5, max_wait: 10s }
  rest: { weight: 1, max_wait: 10s }
defaults: { tier: rest }
upstreams:
  one:
    dialect: openai
    base_url: https://x.test/v1
    limits: [{ rpm: 600, tpm: 100k }]
`;

/** Four minutes of requests of forty clients. */
function traceOf(count: number): string {
  const random = createRandom(1);
  let time = 0;
  const rows = Array.from({ length: count }, () => {
    time += -Math.log(1 - random()) * (240 / count);
    const client = `c${Math.floor(random() * 40)}`;
    return `${time.toFixed(3)},${client},${1 + Math.floor(random() * 500)},${Math.floor(random() * 99)}`;
  });
  return [HEADER, ...rows].join("\n");
}

interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly policies: Record<string, PolicyFigures & { readonly store?: unknown }>;
}

function simulate(...args: readonly string[]) {
  const { code, stdout, stderr } = folder.run(["simulate", ...args]);
  return { code, stdout, stderr };
}

function reportOf(...args: readonly string[]): Report {
  const { code, stdout, stderr } = simulate(...args, "--json");
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout) as Report;
}

function checkFigures(figures: PolicyFigures, tiers: readonly string[]): void {
  const keys = ["upstream429", "upstreamRequests", "budgetUsed", "jain", "inversions", "tiers"];
  expect(Object.keys(figures)).toEqual(keys);
  expect(Object.keys(figures.tiers)).toEqual(tiers);
  for (const tier of Object.values(figures.tiers)) {
    const keysOfTier = ["count", "ok", "failed", "cancelled", "fallback", "refused", "waitMs"];
    expect(Object.keys(tier)).toEqual(keysOfTier);
    expect(Object.keys(tier.waitMs)).toEqual(["p50", "p95", "p99", "max"]);
    const refused = Object.values(tier.refused).reduce((sum, count) => sum + count, 0);
    expect(tier.ok + tier.failed + tier.cancelled + tier.fallback + refused).toBe(tier.count);
  }
}

describe("sluice simulate --json", () => {
  test("prints one object as the contract has it, every policy with the same arrivals", () => {
    const report = reportOf("--trace", "trace.csv");
    expect(Object.keys(report)).toEqual(["seed", "seconds", "policies"]);
    expect(report.seed).toBe(1);
    expect(Math.abs(report.seconds - 240)).toBeLessThan(30);
    expect(Object.keys(report.policies)).toEqual(POLICIES);
    const counts = POLICIES.map((name) =>
      Object.values(report.policies[name].tiers).map(({ count }) => count),
    );
    for (const [place, name] of POLICIES.entries()) {
      checkFigures(report.policies[name], TIERS);
      expect(counts[place]).toEqual(counts[0]);
    }
    const { sluice, "naive-backoff": naive } = report.policies;
    expect(sluice).toMatchObject({ upstream429: 0, inversions: 0 });
    expect(naive.upstream429).toBeGreaterThan(100);
    expect(sluice.tiers.critical.ok).toBe(sluice.tiers.critical.count);
  });

  test("prints the same for the same seed", () => {
    const args = ["--trace", "trace.csv", "--policy", "sluice,jitter-backoff", "--instances", "3"];
    const [first, again] = [reportOf(...args), reportOf(...args)];
    expect(first).toEqual(again);
    expect(reportOf(...args, "--seed", "2").policies).not.toEqual(first.policies);
  });

  test("plays the instances' own side of a shared store over a network", () => {
    const args = ["--trace", "trace.csv", "--policy", "sluice", "--seconds", "60"];
    const shared = [...args, "--instances", "5", "--store-latency", "2ms,10ms"];
    const [first, again] = [reportOf(...shared), reportOf(...shared)];
    expect(first).toEqual(again);
    expect(first.policies.sluice).toMatchObject({ upstream429: 0, inversions: 0 });
    expect(first.policies.sluice.store).toMatchObject({ instances: 5, lostMessages: 0 });
    expect(reportOf(...args).policies.sluice).not.toHaveProperty("store");
  });

  test("shows the changed world under a name of its own", () => {
    const whatIf = "tenants=+20,limits=x2";
    const { policies } = reportOf(
      "--trace",
      "trace.csv",
      "--policy",
      "sluice",
      "--what-if",
      whatIf,
    );
    expect(Object.keys(policies)).toEqual(["sluice", `sluice ${whatIf}`]);
    const arrived = (name: string) =>
      Object.values(policies[name].tiers).reduce((sum, { count }) => sum + count, 0);
    expect(arrived(`sluice ${whatIf}`)).toBeGreaterThan(1.2 * arrived("sluice"));
  });

  test("cuts slices, plays faster, and has others on the account", () => {
    const sluice = ["--trace", "trace.csv", "--policy", "sluice"];
    expect(reportOf(...sluice, "--seconds", "60").seconds).toBe(60);
    expect(reportOf(...sluice, "--speed", "4").seconds).toBeCloseTo(
      reportOf(...sluice).seconds / 4,
      3,
    );
    const served = (...args: string[]) =>
      reportOf(...sluice, ...args).policies.sluice.upstreamRequests;
    expect(served("--foreign", "0.5")).toBeLessThan(0.8 * served());
  });

  test("takes tiers and limits from a configuration, and replays sessions as chains", () => {
    const args = [
      "--trace",
      "trace.csv",
      "-c",
      "sluice.yaml",
      "--policy",
      "sluice",
      "--scale",
      "2",
    ];
    const { policies, seconds } = reportOf(...args);
    checkFigures(policies.sluice, ["gold", "rest"]);
    expect(Math.abs(seconds - 900 / 20)).toBeLessThan(60);
    const sessions = reportOf("--trace", "sessions.csv", "--policy", "sluice", "--seconds", "120");
    checkFigures(sessions.policies.sluice, TIERS);
  });
});

describe("sluice simulate", () => {
  test("prints a table, with progress on stderr, and writes the report", () => {
    const report = ["--report", "report.html"];
    const { code, stdout, stderr } = simulate("--trace", "trace.csv", ...report);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n +429s +requests +budget used +fairness +inversions\nsluice +0 /);
    for (const name of POLICIES)
      expect(stdout.match(new RegExp(`^${name} `, "gm"))).toHaveLength(5);
    for (const tier of TIERS) expect(stdout).toMatch(new RegExp(`^${tier} \\(\\d+\\) +ok`, "m"));
    expect(stderr).toContain("sluice: 900 tasks in ");
    expect(stderr).toContain("sluice: the report is in report.html");
    expect(existsSync(folder.file("report.html"))).toBe(true);
    const [page] = readFileSync(folder.file("report.html"), "utf8").split("<script>");
    expect(page.includes("<b>trace.csv</b>")).toBe(true);
    expect(/NaN|undefined/.test(page)).toBe(false);
  });

  test("has help with examples", () => {
    const { code, stdout } = simulate("--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ sluice simulate --trace/);
  });

  test.each([
    [[], "sluice: required option '--trace <file>' not specified\n"],
    [["--trace", "none.csv"], /^sluice: none\.csv: found nothing to read \(no such file or direc/],
    [
      ["--trace", "broken.csv"],
      /^sluice: broken\.csv:3: found "-1" input tokens; allowed: a whole/,
    ],
    [
      ["--trace", "other.csv"],
      /^sluice: other\.csv:1: found the columns "a,b"; allowed: TIMESTAMP/,
    ],
    [
      ["--trace", "trace.csv", "--policy", "luck"],
      /--policy: found "luck"; allowed: sluice, naive-/,
    ],
    [
      ["--trace", "trace.csv", "--what-if", "tenants=5"],
      /--what-if: found "tenants=5"; allowed: te/,
    ],
    [
      ["--trace", "trace.csv", "--scale", "0"],
      /--scale.*'0'.*Allowed: a number from 0\.01 to 1000/,
    ],
    [
      ["--trace", "trace.csv", "--foreign", "1"],
      /--foreign.*'1'.*Allowed: a number from 0 to 0\.95/,
    ],
    [
      ["--trace", "trace.csv", "--store-latency", "10ms,2ms"],
      /--store-latency.*Allowed: a duration above 0 such as 2ms/,
    ],
    [
      ["--trace", "trace.csv", "--instances", "1.5"],
      /--instances.*Allowed: a whole number from 1 to/,
    ],
    [["--trace", "trace.csv", "-c", "none.yaml"], /none\.yaml/],
    [
      ["--trace", "trace.csv", "-c", "unlimited.yaml"],
      /unlimited\.yaml: upstreams: found one withou/,
    ],
    [
      ["--trace", "trace.csv", "-c", "sluice.yaml", "--speed", "2", "--scale", "2"],
      /--scale: found 2 with --config and --speed; allowed: one of/,
    ],
  ])("ends with 2 and one line for %j", (args, message) => {
    const { code, stdout, stderr } = simulate(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("names every problem of a configuration", () => {
    const { code, stderr } = simulate("--trace", "trace.csv", "-c", "wrong.yaml");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^wrong\.yaml:2: server\.lisen: found unknown field "lisen"/);
  });
});
