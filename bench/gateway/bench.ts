/** Gateway benchmark: throughput and added latency beside a bare proxy, in interleaved rounds. */
import { type ChildProcess, fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type Figure, median, quantile } from "../figure.ts";
import { closedLoop, type LoadRequest, openLoop } from "./load-client.ts";

/** Many short ones, in turn: the machine is shared, and its speed drifts. */
const ROUNDS = 21;
const ROUND_MS = 1_000;
const WARM_UP_MS = 6_000;
const CONNECTIONS = 64;
const LATENCY_MS = 6_000;
const PROMPT_BYTES = 200;

export async function benchGateway(): Promise<readonly Figure[]> {
  const key = `sk-sluice-${randomBytes(32).toString("base64url")}`;
  const hash = `sha256:${createHash("sha256").update(key).digest("hex")}`;
  const children: ChildProcess[] = [];
  const start = async (file: string, ...args: string[]) => {
    const child = fork(new URL(file, import.meta.url), args);
    children.push(child);
    const ended = once(child, "exit").then(([code]) => {
      throw new Error(`${file} ended with exit code ${code} before it was ready`);
    });
    const [{ url }] = (await Promise.race([once(child, "message"), ended])) as [{ url: string }];
    ended.catch(() => {});
    return url;
  };
  try {
    const upstream = await start("./upstream.ts");
    const bare = requestTo(await start("./bare-proxy.ts", upstream), key);
    const sluice = requestTo(await start("./sluice-gateway.ts", upstream, hash), key);
    return await measure(bare, sluice, requestTo(upstream, key));
  } finally {
    for (const child of children) child.kill();
  }
}

function requestTo(url: string, key: string): LoadRequest {
  const body = JSON.stringify({
    model: "gpt-5",
    max_tokens: 50,
    messages: [{ role: "user", content: "x".repeat(PROMPT_BYTES) }],
  });
  return { url, path: "/v1/chat/completions", headers: { authorization: `Bearer ${key}` }, body };
}

async function measure(
  bare: LoadRequest,
  sluice: LoadRequest,
  direct: LoadRequest,
): Promise<readonly Figure[]> {
  const round = { connections: CONNECTIONS, ms: ROUND_MS };
  for (const target of [bare, sluice]) {
    await closedLoop(target, { connections: CONNECTIONS, ms: WARM_UP_MS });
  }
  const bares: number[] = [];
  const ours: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    bares.push(await closedLoop(bare, round));
    ours.push(await closedLoop(sluice, round));
  }
  const ratios = ours.map((value, i) => value / bares[i]);
  const latency = { perSecond: median(ours) / 2, ms: LATENCY_MS, connections: 512 };
  const directMs = await openLoop(direct, latency);
  const bareMs = await openLoop(bare, latency);
  const oursMs = await openLoop(sluice, latency);
  const added = (q: number) => quantile(oursMs, q) - quantile(directMs, q);
  const figure = (name: string, value: number, unit: string, peer = false): Figure => ({
    name,
    value,
    unit,
    peer,
  });
  return [
    figure("gateway.throughput", median(ours), "requests/s"),
    figure("bare.throughput", median(bares), "requests/s", true),
    figure("gateway.ratio_to_bare", median(ratios), "ratio"),
    figure("gateway.overhead_p50_ms", added(0.5), "ms"),
    figure("gateway.overhead_p99_ms", added(0.99), "ms"),
    figure("bare.overhead_p50_ms", quantile(bareMs, 0.5) - quantile(directMs, 0.5), "ms", true),
    figure("bare.overhead_p99_ms", quantile(bareMs, 0.99) - quantile(directMs, 0.99), "ms", true),
    figure("open_loop.rate", latency.perSecond, "requests/s"),
  ];
}
