/** Chaos: everything at once, by a seed; afterwards the house is empty and the books are right. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Fault, type MockServer, startMock } from "../../src/mock/index.ts";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import {
  atRest,
  type ConfigObject,
  chat,
  EXACT,
  levelIn,
  message,
  pause,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "../support/gateway.ts";
import { expectTrue, openBooks } from "../support/gateway-books.ts";
import { pick, seeded } from "../support/gateway-random.ts";

const SEED = Number(process.env.SEED ?? 1);
const LASTS_MS = 5_000;
const CLIENTS = 40;
const KEYS = ["sk-gold", "sk-gold", "sk-gold", "sk-tin", "sk-tin", "sk-tin", "sk-tin", "sk-wrong"];
const MODELS = ["gpt-5", "gpt-5", "claude-sonnet-5", "claude-5", "narrow-1", "missing", "other"];
const OPENAI = { rpm: 60_000, tpm: 6_000_000 };
const ANTHROPIC = { rpm: 60_000, itpm: 6_000_000, otpm: 6_000_000 };

const FAULTS: readonly Fault[] = [
  { kind: "status", status: 429, probability: 0.03, headers: { "retry-after-ms": "30" } },
  { kind: "status", status: 500, probability: 0.03 },
  { kind: "overload", probability: 0.03 },
  { kind: "reset", probability: 0.02 },
  { kind: "hang", probability: 0.01 },
  { kind: "error-in-stream", afterTokens: 0, probability: 0.02 },
  { kind: "error-in-stream", afterTokens: 4, probability: 0.02 },
  { kind: "cut-stream", afterTokens: 4, probability: 0.02 },
  { kind: "billing", probability: 0.01 },
  { kind: "slow", firstTokenMs: 200, probability: 0.05 },
];

/** Most requests are as they should be. */
const TRUE = Array.from({ length: 15 }, () => ({}));

const complaints: unknown[] = [];
const complain = (what: unknown) => void complaints.push(what);

beforeEach(() => {
  complaints.length = 0;
  process.on("warning", complain).on("unhandledRejection", complain);
});

afterEach(() => {
  process.off("warning", complain).off("unhandledRejection", complain);
});

function configWith(slots: number, openai: MockServer, claude: MockServer): ConfigObject {
  const limited = (limits: object, count: number) => [
    { ...limits, max_parallel_requests: count },
    { model: "narrow-*", each: true, max_parallel_requests: 2 },
  ];
  return {
    server: { timeouts: { first_byte: "300ms", upstream: "1s", body: "200ms" }, body_max: "64KiB" },
    policy: { ...EXACT, queue: { max_waiting: 20, max_bytes: "60KiB" } },
    retry: { base: "5ms" },
    tiers: { gold: { max_wait: "5s", guarantee: 0.1 }, tin: { max_wait: "4s" } },
    tenants: {
      gold: { tier: "gold", keys: [keyHash("sk-gold")], max_parallel_requests: 12 },
      tin: { tier: "tin", keys: [keyHash("sk-tin")], models: ["gpt-*", "claude-*", "narrow-*"] },
    },
    upstreams: {
      openai: {
        dialect: "openai",
        base_url: `${openai.url}/v1`,
        api_key: "k",
        limits: limited(OPENAI, slots),
      },
      claude: {
        dialect: "anthropic",
        base_url: claude.url,
        api_key: "k",
        limits: limited(ANTHROPIC, slots + 3),
      },
    },
  };
}

/** One thing that a client may do; what comes back is its one outcome. */
async function act(gateway: TestGateway, random: () => number): Promise<string> {
  const abort = new AbortController();
  const timer = random() < 0.2 ? setTimeout(() => abort.abort(), random() * 300) : undefined;
  const headers: Record<string, string> = { "x-sluice-key": pick(random, KEYS) };
  if (random() < 0.2)
    headers["x-sluice-latency"] = pick(random, ["real-time", "batch", "batch", "never"]);
  if (random() < 0.2) headers["x-sluice-max-wait-ms"] = String(Math.floor(random() * 400));
  if (random() < 0.1) headers["x-sluice-deadline-ms"] = String(Math.floor(random() * 400));
  const fields = {
    model: pick(random, MODELS),
    stream: random() < 0.5,
    max_tokens: pick(random, [5, 50, 50, 50, 50, 50, 50, 7_000_000]),
    metadata: { mock_output_tokens: String(1 + Math.floor(random() * 60)) },
    user: "x".repeat(Math.floor(random() * 4_000)),
    ...pick(random, [...TRUE, { messages: [] }, { user: "x".repeat(70_000) }]),
  };
  const { url } = gateway;
  const send = pick(random, [
    () => post(`${url}/v1/chat/completions`, chat(fields), { headers, signal: abort.signal }),
    () =>
      post(`${url}/openai/v1/chat/completions`, chat(fields), { headers, signal: abort.signal }),
    () => post(`${url}/v1/messages`, message(fields), { headers, signal: abort.signal }),
    () => post(`${url}/v1/embeddings`, { model: "gpt-e", input: "x" }, { headers }),
    () => fetch(`${url}/v1/models`, { headers }),
    () => fetch(`${url}/openai/nothing?x=1`, { headers, method: "PUT", body: "x" }),
    () => fetch(`${url}/openai/..%2fsecret`, { headers }),
  ]);
  try {
    const answer = await send();
    await answer.text();
    return String(answer.status);
  } catch {
    return abort.signal.aborted ? "left" : "broken";
  } finally {
    clearTimeout(timer);
  }
}

async function holdSlot({ url }: TestGateway, random: () => number): Promise<string> {
  const headers = { "x-sluice-key": "sk-tin" };
  const demand = { input_tokens: 10, output_tokens: 10 };
  const body = { upstream: "claude", demand, max_wait_ms: 300 };
  const granted = await post(`${url}/sluice/v1/slots`, body, { headers });
  const { slot } = (await granted.json()) as { slot?: string };
  if (slot === undefined) return `slot ${granted.status}`;
  await pause(random() * 50);
  const endings = [["release"], ["settle"], ["renew", "settle", "settle"], ["settle", "release"]];
  for (const action of pick(random, endings)) {
    const ended = await post(`${url}/sluice/v1/slots/${slot}/${action}`, {}, { headers });
    await ended.text();
    if (ended.status !== 200) return `slot ${action} ${ended.status}`;
  }
  return "slot 200";
}

test(`seed ${SEED}`, async () => {
  const random = seeded(SEED);
  const latency = { firstTokenMs: 5, firstTokenJitter: 0.5, tokensPerSecond: 1_000 };
  const options = { latency, startEmpty: true, faults: FAULTS, seed: SEED };
  const openai = await startMock({ dialect: "openai", limits: OPENAI, ...options });
  const claude = await startMock({ dialect: "anthropic", limits: ANTHROPIC, ...options });
  const config = (slots: number) => configWith(slots, openai, claude);
  const gateway = await startTestGateway(config(12), { initialLevel: 0, random });
  const books = [
    openBooks(gateway, openai, "openai", OPENAI),
    openBooks(gateway, claude, "claude", ANTHROPIC),
  ];
  const endsAt = performance.now() + LASTS_MS;
  const outcomes: Record<string, number> = {};
  let begun = 0;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (performance.now() < endsAt) {
      begun++;
      const outcome = await (random() < 0.1 ? holdSlot(gateway, random) : act(gateway, random));
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (random() < 0.1) await pause(random() * 30);
    }
  });
  const administrator = async () => {
    while (performance.now() < endsAt) {
      await pause(100 + random() * 200);
      gateway.reload(config(4 + Math.floor(random() * 12)));
      const { waiting } = (await gateway.state()).queue;
      expect(waiting).toBeLessThanOrEqual(60);
    }
    gateway.reload(config(12));
  };
  await Promise.all([...clients, administrator()]);
  await atRest(gateway);
  await until(
    () => openai.stats().inFlight.now + claude.stats().inFlight.now === 0,
    "the providers are done",
  );

  const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  expect(ended).toBe(begun);
  // Which others there are depends on how fast the machine is.
  const expected = ["200", "400", "401", "403", "404", "slot 200"];
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(expected));
  const state = await gateway.state();
  for (const [name, slots] of [
    ["openai", 12],
    ["claude", 15],
  ] as const) {
    expect(levelIn(state, name, "concurrency"), name).toBe(slots);
    for (const meter of state.upstreams[name].meters) expect(meter.reserved, name).toBe(0);
  }
  expect(state.queue).toMatchObject({ waiting: 0, bytes: 0 });
  for (const tenant of Object.values(state.tenants)) {
    expect(tenant).toMatchObject({ waiting: 0, running: 0 });
  }
  // What was on its way to a client when it left is counted by the provider only.
  expectTrue(
    books.flatMap((compare) => compare()),
    0.0005,
  );
  expect(await (await fetch(`${gateway.url}/health/ready`)).json()).toMatchObject({ status: "ok" });
  await gateway.close();
  await openai.close();
  await claude.close();
  await pause(20);
  expect(complaints).toEqual([]);
});
