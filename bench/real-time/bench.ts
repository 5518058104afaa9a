/**
 * Real-time benchmark: tasks that wait a second at most, at five times what two models can carry.
 * How soon everybody has a first byte, what of the models' capacity is used, and who gets a degraded answer.
 */
import { loadConfig } from "../../src/config/index.ts";
import { startGateway } from "../../src/gateway/gateway.ts";
import { startMock } from "../../src/mock/index.ts";
import { type Figure, quantile } from "../figure.ts";

const PER_SECOND = 20;
const SECONDS = 24;
const WARM_UP_SECONDS = 4;
const OVERLOAD = 5;
const MODELS = 2;
const BATCH = 20;
const LATENCY = { firstTokenMs: 150, perTokenMs: 1 };

interface Served {
  /** Since the beginning. */
  readonly atMs: number;
  readonly firstByteMs: number;
  readonly status: number;
  readonly fallback: string | null;
}

export async function benchRealTime(): Promise<readonly Figure[]> {
  const limits = { rpm: PER_SECOND * 60 };
  const mocks = await Promise.all(
    ["large", "small"].map(() => startMock({ dialect: "openai", limits, latency: LATENCY })),
  );
  const [large, small] = mocks.map(({ url }) => `${url}/v1`);
  const gateway = await startGateway({ config: configFor(large, small), initialLevel: 0.02 });
  try {
    // As after a minute of work: what is measured is the rate, not what had been saved up.
    for (const url of [large, small]) await drain(url);
    return figuresOf(await drive(`${gateway.url}/v1`));
  } finally {
    await gateway.close();
    for (const mock of mocks) await mock.close();
  }
}

function configFor(large: string, small: string) {
  const limits = [{ rpm: PER_SECOND * 60 }];
  const upstream = (base_url: string) => ({ dialect: "openai", base_url, api_key: "k", limits });
  const loaded = loadConfig({
    env: {},
    object: {
      server: { listen: "127.0.0.1:0" },
      policy: { margin: 0.01, holdback: 0 },
      upstreams: { large: upstream(large), small: upstream(small) },
      models: {
        smart: [
          { upstream: "large", model: "gpt-5", quality: 0.9 },
          { upstream: "small", model: "gpt-5-mini", quality: 0.6 },
        ],
      },
      task_types: {
        chat: { latency: "real-time", max_wait: "1s", fallback: ["smaller-model", "degrade"] },
        nightly: { latency: "batch", max_wait: "1h", fallback: [] },
      },
    },
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

async function drain(url: string): Promise<void> {
  for (let left = PER_SECOND * 60 - PER_SECOND; left > 0; left -= 100) {
    await Promise.all(Array.from({ length: 100 }, async () => (await ask(url, {}, {})).text()));
  }
}

function ask(url: string, fields: object, headers: Record<string, string>): Promise<Response> {
  return fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer k", ...headers },
    body: JSON.stringify({
      model: "gpt-5",
      max_tokens: 5,
      messages: [{ role: "user", content: "Hello, you there" }],
      ...fields,
    }),
  });
}

async function drive(url: string): Promise<{ chats: readonly Served[]; batch: readonly Served[] }> {
  const startedAt = performance.now();
  const send = async (type: string): Promise<Served> => {
    const at = performance.now();
    const headers = { "x-sluice-task-type": type };
    const response = await ask(url, { model: "smart", stream: true }, headers);
    const reader = response.body?.getReader();
    await reader?.read();
    const firstByteMs = performance.now() - at;
    while ((await reader?.read())?.done === false);
    const { status } = response;
    const fallback = response.headers.get("x-sluice-fallback");
    return { atMs: at - startedAt, firstByteMs, status, fallback };
  };
  const batch = Array.from({ length: BATCH }, () => send("nightly"));
  const chats: Promise<Served>[] = [];
  const perSecond = OVERLOAD * MODELS * PER_SECOND;
  for (let i = 0; i < perSecond * SECONDS; i++) {
    const earlyMs = startedAt + (i * 1_000) / perSecond - performance.now();
    if (earlyMs > 1) await new Promise((resolve) => setTimeout(resolve, earlyMs));
    chats.push(send("chat"));
  }
  return { chats: await Promise.all(chats), batch: await Promise.all(batch) };
}

function figuresOf({ chats, batch }: Awaited<ReturnType<typeof drive>>): readonly Figure[] {
  const figure = (name: string, value: number, unit: string): Figure => {
    return { name: `real_time.${name}`, value, unit, peer: false };
  };
  const firstBytes = chats.map(({ firstByteMs }) => firstByteMs);
  const steady = chats.filter(({ atMs }) => atMs >= WARM_UP_SECONDS * 1_000);
  const served = steady.filter(({ fallback }) => fallback !== "degrade");
  const capacity = MODELS * PER_SECOND * (SECONDS - WARM_UP_SECONDS);
  const isOk = ({ status }: Served) => status === 200;
  return [
    figure("calls", chats.length, "calls"),
    figure("answered", chats.filter(isOk).length / chats.length, "share"),
    figure("first_byte_p50_ms", quantile(firstBytes, 0.5), "ms"),
    figure("first_byte_p99_ms", quantile(firstBytes, 0.99), "ms"),
    figure("first_byte_max_ms", Math.max(...firstBytes), "ms"),
    figure("served_by_models", served.length / capacity, "share of their capacity"),
    figure("degraded", 1 - served.length / steady.length, "share"),
    figure("degraded_at_least", 1 - capacity / steady.length, "share"),
    figure("batch_served", batch.filter(isOk).length / batch.length, "share"),
  ];
}
