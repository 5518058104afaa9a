/** Server and store: where the gateway listens, what it bounds, where state is kept. */
import { z } from "zod";
import { LATENCY_CLASSES } from "../../core/task.ts";
import { listenAddress, redisUrl } from "./formats.ts";
import { oneOfKinds, section, strict } from "./leaf.ts";
import { bytes, choice, count, duration, flag, secret, text } from "./scalars.ts";

const timeouts = section({
  body: duration().prefault("60s").describe("Until a request's body is complete"),
  first_byte: duration().prefault("5m").describe("Until the upstream's first content"),
  upstream: duration().prefault("10m").describe("Until the upstream's answer is complete"),
  drain: duration({ zero: true }).prefault("30s").describe("For running requests at shutdown"),
});

export const server = section({
  listen: listenAddress().prefault("127.0.0.1:8787").describe("host:port; port 0 takes a free one"),
  data_dir: text("a path")
    .prefault("./.sluice")
    .describe("Folder of the embedded state: jobs, history, audit, quotas"),
  admin_token: secret()
    .prefault("")
    .describe("Opens the admin API; required unless listening on loopback"),
  trust_headers: flag()
    .prefault(false)
    .describe("Believe x-sluice-tenant and x-sluice-tier: only behind your own authentication"),
  body_max: bytes().prefault("32MiB").describe("Largest request body"),
  header_max: bytes().prefault("64KiB").describe("Largest request head"),
  connections: count({ most: 1_000_000 }).prefault(10_000).describe("Open client connections"),
  timeouts: timeouts.describe("Bounds on waiting for clients and upstreams"),
}).describe("The gateway's socket, bounds and administration");

const FAILURE_POLICIES = ["safe-share", "hold", "refuse"] as const;
const failurePolicy = () => choice(FAILURE_POLICIES);
const LATENCY_FAILURES = Object.fromEntries(
  LATENCY_CLASSES.map((name) => [
    name,
    failurePolicy()
      .optional()
      .describe(`For ${name} work; absent: ${name === "batch" ? "hold" : "default"}`),
  ]),
) as Record<(typeof LATENCY_CLASSES)[number], z.ZodOptional<ReturnType<typeof failurePolicy>>>;

const redis = strict({
  kind: z.literal("redis").describe("Shared by instances through Redis"),
  url: redisUrl().describe("The Redis to use"),
  prefix: text("1 to 64 letters, digits or . _ : -", /^[A-Za-z0-9._:-]{1,64}$/)
    .prefault("sluice")
    .describe("Starts every key"),
  domain: choice(["per-upstream", "single"])
    .prefault("per-upstream")
    .describe("What one hash tag holds: one upstream, or all (exact tenant quotas)"),
  on_lease_loss: choice(["abort", "continue"])
    .prefault("abort")
    .describe("What happens to running calls of an instance that cannot renew its leases"),
  on_failure: section({
    default: failurePolicy()
      .prefault("safe-share")
      .describe("While Redis is down: a safe share of the limits, hold, or refuse"),
    ...LATENCY_FAILURES,
  }).describe("What happens while the store is down, by latency class"),
});

const memory = strict({ kind: z.literal("memory").describe("In this process") });

export const store = oneOfKinds([memory, redis], ["memory", "redis"])
  .nullish()
  .transform((value) => value ?? { kind: "memory" as const })
  .describe("Where meters and queues are kept");
