/** Quota storm: a provider that refuses everything gets hardly more calls than its clients make. */
import { describe, expect, test } from "vitest";
import { chat, EXACT, post, startTestGateway, until } from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import { type Answer, refusal, startScript } from "../support/scripted-provider.ts";

const WORDS = "on tokens per min (TPM): Limit 1000000, Used 1000000, Requested 10.";
const REFUSALS: readonly (readonly [string, Answer])[] = [
  ["names limit and wait", refusal(`${WORDS} Please try again in 1s.`, { "retry-after": "1" })],
  ["names a wait", { status: 429, body: {}, headers: { "retry-after": "1" } }],
  ["names nothing", { status: 429, body: {} }],
  ["names a short wait", refusal(`${WORDS} Please try again in 20ms.`, { "retry-after-ms": "20" })],
];

interface Load {
  /** Calls that come at once, and how many times, a second apart. */
  readonly burst: number;
  readonly times: number;
}

async function callsOf(answer: Answer, { burst, times }: Load, limits: object[] | undefined) {
  const clock = new TestClock();
  await using provider = await startScript(answer);
  await using gateway = await startTestGateway(
    {
      policy: EXACT,
      tiers: { only: { max_wait: "30s" } },
      defaults: { tier: "only" },
      upstreams: {
        it: { dialect: "openai", base_url: `${provider.upstream.url}/v1`, api_key: "k", limits },
      },
    },
    { clock, random: () => 0.5 },
  );
  const { runtime } = gateway;
  let pending = 0;
  const statuses = new Map<number, number>();
  const send = async () => {
    pending++;
    const { status } = await post(`${gateway.url}/it/chat/completions`, chat());
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    pending--;
  };
  const pass = async (ms: number) => {
    await until(
      () => runtime.load.running === 0 && runtime.load.waiting >= pending,
      () => ({ ...runtime.load, pending }),
      25_000,
    );
    await clock.advance(ms);
  };
  const all: Promise<void>[] = [];
  for (let i = 0; i < times; i++) {
    for (let k = 0; k < burst; k++) all.push(send());
    await pass(1_000);
  }
  for (let i = 0; i < 80; i++) await pass(500);
  await Promise.all(all);
  return { client: burst * times, upstream: provider.upstream.received.length, statuses };
}

const LIMITS = [{ rpm: 600_000, tpm: 100_000_000 }];

describe.each(REFUSALS)("a thousand calls to a provider whose every refusal %s", (_, answer) => {
  test.each<[string, Load, object[] | undefined]>([
    ["all at once", { burst: 1_000, times: 1 }, LIMITS],
    ["fifty a second", { burst: 50, times: 20 }, LIMITS],
    ["fifty a second, without limits", { burst: 50, times: 20 }, undefined],
  ])(
    "%s",
    async (_name, load, limits) => {
      const { client, upstream, statuses } = await callsOf(answer, load, limits);
      expect([...statuses.keys()]).toEqual([429]);
      expect(upstream).toBeLessThanOrEqual(1.2 * client);
    },
    60_000,
  );
});
