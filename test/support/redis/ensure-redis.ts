/** Ensure Redis: finds a Redis or Valkey server on PATH, or installs one where that is possible. */
import { spawnSync } from "node:child_process";

const SERVERS = ["redis-server", "valkey-server"];
const MISSING =
  "no redis-server on PATH, and none could be installed: " +
  "run `apt-get install redis-server` as root, `brew install redis`, or put Redis 6.2 or newer on PATH";

/** The command that starts a server; null: there is none. */
export function findRedis(): string | null {
  return SERVERS.find((name) => spawnSync(name, ["--version"]).status === 0) ?? null;
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
