/** Ensure Redis: finds a Redis or Valkey server on PATH, or installs one where that is possible. */
import { spawnSync } from "node:child_process";

/** `REDIS_SERVER=/path npx vitest run test/stores test/end-to-end/redis` tests another version. */
const SERVERS = [process.env["REDIS_SERVER"] || [], "redis-server", "valkey-server"].flat();
const MISSING =
  "no redis-server on PATH, and none could be installed: " +
  "run `apt-get install redis-server` as root, `brew install redis`, or put Redis 6.2 or newer on PATH";

/** The command that starts a server; null: there is none. */
export function findRedis(): string | null {
  return SERVERS.find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;
}

/** Major version of the server that `findRedis` finds. */
export function redisMajor(): number {
  const text = String(spawnSync(findRedis() ?? "", ["--version"]).stdout);
  return Number(/v=(\d+)/.exec(text)?.[1]);
}

/** Some builds cannot speak TLS and do not know its settings. */
export function hasTls(): boolean {
  const nowhere = ["--port", "0", "--tls-port", "0", "--save", ""];
  const { stdout, stderr } = spawnSync(findRedis() ?? "", nowhere, { timeout: 5_000 });
  return !/bad directive/i.test(`${stdout}${stderr}`);
}

/** @throws Error that says what to do */
export function ensureRedis(): string {
  const found = findRedis();
  if (found !== null) return found;
  install();
  const installed = findRedis();
  if (installed === null) throw new Error(MISSING);
  return installed;
}

function install(): void {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", "redis-server"]]) {
    const [command, ...rest] = [...sudo, "apt-get", ...args];
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync(command, rest, { stdio: "ignore", env });
  }
}
