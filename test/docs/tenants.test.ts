/** The commands and calls of docs/tenants.md do what they say. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/index.ts";
import { createSluice } from "../../src/index.ts";
import { startTestGateway } from "../support/gateway.ts";
import { MAIN } from "../support/main-path.ts";
import { RedisServer } from "../support/redis/redis-server.ts";
import { DataFolder } from "../support/tenant-gateway.ts";

const PAGE = readFileSync(new URL("../../docs/tenants.md", import.meta.url), "utf8");

function linesOf(language: string): string[][] {
  const blocks = [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]+?)\`\`\``, "g"))];
  return blocks.map(([, block]) => block.trim().split("\n"));
}

test("the commands of docs/tenants.md end well, one after another", async () => {
  using folder = new DataFolder();
  writeFileSync(join(folder.path, "sluice.yaml"), "upstreams: {}\n");
  for (const line of linesOf("sh")[0]) {
    const [npx, sluice, ...args] = line.split(" ");
    expect([npx, sluice]).toEqual(["npx", "sluice"]);
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder.path, stdio: "ignore" });
    expect([line, ...(await once(child, "exit"))]).toEqual([line, 0, null]);
  }
});

test("the calls of docs/tenants.md are answered well, one after another", async () => {
  using folder = new DataFolder();
  await using gateway = await startTestGateway({ server: { data_dir: folder.path } });
  for (const line of linesOf("sh")[1]) {
    const [, target] = /localhost:8787(\/[^\s"]+)/.exec(line) ?? [];
    const [, body] = /-d '([^']+)'/.exec(line) ?? [];
    const [, method = body === undefined ? "GET" : "POST"] = /-X (\w+)/.exec(line) ?? [];
    const answer = await fetch(gateway.url + target, { method, body });
    expect([line, answer.ok]).toEqual([line, true]);
  }
});

test("the store of docs/tenants.md is one Redis for several libraries", async () => {
  const server = await RedisServer.start();
  const { store } = parse(linesOf("yaml")[1].join("\n")) as { readonly store: object };
  const config = {
    store: { ...store, url: server.url },
    tenants: { acme: { quotas: { rpd: 2 } } },
    upstreams: { it: { dialect: "generic", base_url: "http://127.0.0.1:9" } },
  };
  const [one, other] = await Promise.all([1, 2].map(() => createSluice({ config, env: {} })));
  const call = (sluice: typeof one) => sluice.acquire({ upstream: "it", tenant: "acme" });
  (await call(one)).settle();
  (await call(other)).settle();
  await expect(call(one)).rejects.toMatchObject({ code: "tenant_quota_exhausted" });
  await Promise.all([one.close(), other.close()]);
  await server.stop();
});

test("the prices of docs/tenants.md are taken", () => {
  using folder = new DataFolder();
  const file = join(folder.path, "prices.yaml");
  writeFileSync(file, linesOf("yaml")[0].join("\n"));
  const loaded = loadConfig({ object: { prices: file }, env: {} });
  expect(loaded.ok && Object.fromEntries(loaded.config.prices)).toEqual({
    "my-model": { input: 1.2, output: 4.8, cachedInput: 0.3 },
    "gpt-5": { input: 1, output: 8, cachedInput: 1 },
  });
});
