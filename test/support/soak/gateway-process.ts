/** Gateway process: the real command in a process of its own, so that its end, its words and its memory are seen. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { keyHash } from "../../../src/runtime/policy/tenant-directory.ts";
import type { Tenant } from "./attack.ts";
import { BASES, PROVIDER_KEY } from "./echo-upstream.ts";

const MAIN = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const MEMORY = new URL("./answer-memory.ts", import.meta.url).href;

export const TENANTS: readonly Tenant[] = ["acme", "birch", "cedar"].map((name) => ({
  name,
  key: `sk-soak-${name}`,
}));

export interface Memory {
  readonly heapMiB: number;
  readonly rssMiB: number;
}

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** What it has said on stdout and stderr, the first of it. */
  readonly words: string;
  /** Null: it lives. */
  readonly end: string | null;
  /** After everything that nobody holds was collected. */
  memory(): Promise<Memory>;
}

const MOST_WORDS = 1_000_000;

export async function startGatewayProcess(upstreamUrl: string): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-soak-"));
  const file = join(folder, "sluice.json");
  writeFileSync(file, JSON.stringify(configFor(upstreamUrl, folder)));
  const child = fork(MAIN, ["serve", "--config", file, "--json"], {
    execArgv: ["--expose-gc", "--import", MEMORY],
    env: { PATH: process.env["PATH"] },
    silent: true,
  });
  const seen = { words: "", end: null as string | null };
  const hear = (chunk: Buffer) => {
    if (seen.words.length < MOST_WORDS) seen.words += chunk.toString();
  };
  child.stderr?.on("data", hear);
  child.on("exit", (code, signal) => {
    seen.end = `exit code ${code}, signal ${signal}`;
  });
  const url = await readyUrl(child, hear);
  if (url === null) throw new Error(`the gateway did not start: ${seen.words}`);
  return {
    url,
    get words() {
      return seen.words;
    },
    get end() {
      return seen.end;
    },
    memory: async () => {
      child.send("memory");
      const [memory] = await once(child, "message");
      return memory as Memory;
    },
    async [Symbol.asyncDispose]() {
      if (seen.end === null) {
        child.kill();
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function readyUrl(
  child: ChildProcess,
  hear: (chunk: Buffer) => void,
): Promise<string | null> {
  if (child.stdout === null) throw new Error("the gateway's output is not piped");
  child.stdout.on("data", hear);
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line) as { url: string };
    child.stdout.resume();
    return url;
  }
  return null;
}

/** Time limits are short, so that dawdlers are seen to be cut off, and long for others on a busy machine. */
function configFor(upstreamUrl: string, folder: string) {
  const limits = [
    { rpm: "1000M", tpm: "1000M", max_parallel_requests: 200 },
    { model: "narrow-*", each: true, max_parallel_requests: 2 },
  ];
  const base = (name: keyof typeof BASES) => upstreamUrl + BASES[name];
  return {
    server: {
      listen: "127.0.0.1:0",
      data_dir: folder,
      body_max: "256KiB",
      header_max: "16KiB",
      connections: 2_000,
      timeouts: { body: "2s", first_byte: "3s", upstream: "4s", drain: "1s" },
    },
    policy: { margin: 0, holdback: 0 },
    tiers: { critical: { max_wait: "10s" }, free: { max_wait: "10s", latency_max: "batch" } },
    tenants: Object.fromEntries(
      TENANTS.map(({ name, key }) => [name, { tier: "free", keys: [keyHash(key)] }]),
    ),
    upstreams: {
      openai: { dialect: "openai", base_url: base("openai"), api_key: PROVIDER_KEY, limits },
      claude: { dialect: "anthropic", base_url: base("claude"), api_key: PROVIDER_KEY, limits },
      gemini: { dialect: "gemini", base_url: base("gemini"), api_key: PROVIDER_KEY, limits },
      plain: { dialect: "generic", base_url: base("plain"), limits },
      shaky: { dialect: "generic", base_url: base("shaky"), limits },
    },
    models: {
      smart: [
        { upstream: "openai", model: "big-1", quality: 0.9 },
        { upstream: "claude", model: "big-2", quality: 0.9 },
        { upstream: "openai", model: "small-1", quality: 0.5 },
      ],
    },
    retry: { attempts: 2, base: "5ms" },
  };
}
