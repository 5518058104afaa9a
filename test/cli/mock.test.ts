import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test } from "vitest";
import { DIALECT_NAMES, type DialectName } from "../../src/mock/index.ts";
import { askMock } from "../support/mock-requests.ts";
import { Folder, MAIN } from "./sluice.ts";

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());

describe("sluice mock", () => {
  test.each<[DialectName, string, string]>([
    ["hubspot", "rp10s=1", "rp10s"],
    ["shopify", "points=10", "points"],
    ["bedrock", "rpm=1,tpm=10k", "rpm"],
  ])("%s --limits %s says where it is, and limits", async (dialect, limits, binding) => {
    const args = [MAIN, "mock", "--dialect", dialect, "--limits", limits, "--json"];
    const running = spawn(process.execPath, [...args, "--first-token-ms", "0"]);
    const [line] = await once(createInterface(running.stdout), "line");
    const { ready, url, controlUrl } = JSON.parse(line);
    expect(ready).toBe(true);
    await (await askMock({ url }, dialect)).arrayBuffer();
    await (await askMock({ url }, dialect)).arrayBuffer();
    const stats = JSON.parse(await (await fetch(`${controlUrl}/stats`)).text());
    expect(stats.refusedBy).toEqual({ [binding]: 1 });
    running.kill("SIGTERM");
    const [code] = await once(running, "exit");
    expect(code).toBe(0);
  });

  test("help and errors list all dialects and limits", () => {
    const help = folder.run(["mock", "--help"]).stdout;
    const wrong = folder.run(["mock", "--dialect", "smoke"]);
    expect(wrong.code).toBe(2);
    for (const name of DIALECT_NAMES) {
      expect(help).toContain(name);
      expect(wrong.stderr).toContain(name);
    }
    expect(help).toContain("rp10s");
    const limit = folder.run(["mock", "--limits", "rpx=1"]);
    expect([limit.code, limit.stderr]).toEqual([2, expect.stringContaining("points")]);
  });

  test("a limit that the dialect does not have is told with those that it has", () => {
    const { code, stderr } = folder.run(["mock", "--dialect", "mailchimp", "--limits", "rpm=5"]);
    expect(stderr).toContain('unknown limit "rpm"; allowed are max_parallel_requests');
    expect(code).toBe(2);
  });
});
