/** Sluice's gateway as a process of its own, with limits that are metered but never bind. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/index.ts";
import { startGateway } from "../../src/gateway/gateway.ts";

const loaded = loadConfig({
  env: {},
  object: {
    server: { listen: "127.0.0.1:0", data_dir: join(tmpdir(), `sluice-bench-${process.pid}`) },
    tenants: { bench: { tier: "premium", keys: [process.argv[3]] } },
    upstreams: {
      openai: {
        dialect: "openai",
        base_url: `${process.argv[2]}/v1`,
        api_key: "upstream-key",
        limits: [{ rpm: "1000M", tpm: "1000M", max_parallel_requests: 10_000 }],
      },
    },
  },
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
const gateway = await startGateway({ config: loaded.config });
process.send?.({ url: gateway.url });
process.on("disconnect", () => process.exit());
