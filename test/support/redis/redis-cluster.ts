/** Redis cluster: two masters that share the 16,384 slots, and an administrator's connection to each. */
import { Redis } from "ioredis";
import { vi } from "vitest";
import { RedisServer } from "./redis-server.ts";

export interface RedisCluster extends AsyncDisposable {
  readonly servers: readonly RedisServer[];
  readonly admins: readonly Redis[];
  /** As `connect` takes it. */
  readonly url: string;
}

export async function startCluster(): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const admins: Redis[] = [];
  for (let i = 0; i < 2; i++) {
    const server = await RedisServer.start({ args: ["--cluster-enabled", "yes"] });
    servers.push(server);
    const admin = new Redis(server.url);
    admins.push(admin);
    const slots = Array.from({ length: 8192 }, (_, slot) => i * 8192 + slot);
    await admin.call("CLUSTER", "ADDSLOTS", ...slots); // ADDSLOTSRANGE came with 7.0
    await admin.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
  }
  await admins[0].call("CLUSTER", "MEET", "127.0.0.1", servers[1].port);
  for (const admin of admins) await vi.waitFor(() => isWhole(admin), { timeout: 10_000 });
  return {
    servers,
    admins,
    url: `${servers[0].url}?cluster`,
    async [Symbol.asyncDispose]() {
      for (const admin of admins) admin.disconnect();
      for (const server of servers) await server.stop();
    },
  };
}

async function isWhole(admin: Redis): Promise<void> {
  const state = String(await admin.call("CLUSTER", "INFO"));
  if (!state.includes("cluster_state:ok")) throw new Error(state);
}
