/** Relief: under pressure batch is held back and newcomers of the lowest tier are refused, and nobody else. */
import { describe, expect, test } from "vitest";
import { INSTANT, startMock } from "../../src/mock/index.ts";
import {
  atRest,
  type ConfigObject,
  chat,
  EXACT,
  post,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import { startScript } from "../support/scripted-provider.ts";

const NO_GUARANTEES = { "real-time": 0, "near-real-time": 0, batch: 0 };

/** One request a second at a mock that would take more; nothing has been saved up. */
async function start(more: ConfigObject = {}) {
  const clock = new TestClock();
  const mock = await startMock({ dialect: "openai", latency: INSTANT });
  const { policy, ...others } = more;
  const config = {
    server: { trust_headers: true },
    policy: { ...EXACT, latency_guarantee: NO_GUARANTEES, ...(policy as object) },
    tiers: {
      premium: { max_wait: "1h" },
      standard: { max_wait: "1h" },
      free: { max_wait: "1h" },
    },
    upstreams: {
      it: {
        dialect: "openai",
        base_url: `${mock.url}/v1`,
        api_key: "k",
        limits: [{ rpm: 60 }],
      },
    },
    ...others,
  };
  const gateway = await startTestGateway(config, { clock, initialLevel: 0 });
  const { runtime } = gateway;
  let sent = 0;
  let ended = 0;
  const send = async (tier: string, latency = "real-time", tenant = tier) => {
    sent++;
    const headers = {
      "x-sluice-tenant": tenant,
      "x-sluice-tier": tier,
      "x-sluice-latency": latency,
    };
    try {
      return await post(`${gateway.url}/it/chat/completions`, chat(), { headers });
    } finally {
      ended++;
    }
  };
  /** All that was sent waits, or has its answer. */
  const settled = () =>
    until(
      () => runtime.load.running === 0 && runtime.load.waiting === sent - ended,
      () => ({ ...runtime.load, sent, ended }),
    );
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1_000);
      await settled();
    }
  };
  const close = async () => {
    await gateway.close();
    await mock.close();
  };
  const reload = () => gateway.reload(config);
  return { gateway, mock, reload, send, settled, pass, [Symbol.asyncDispose]: close };
}

describe("when the other tiers ask for more than there is", () => {
  test("newcomers of the lowest tier are refused with the time to come back, whoever waits is served", async () => {
    await using world = await start();
    const { send, settled, pass, gateway } = world;
    const early = send("free", "real-time", "early");
    await settled();
    const premium = Array.from({ length: 15 }, () => send("premium"));
    await settled();
    world.reload();
    const late = await send("free", "real-time", "late");
    expect([late.status, late.headers.get("x-sluice-pressure")]).toEqual([429, "1.00"]);
    const { error } = (await late.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("max_wait_exceeded");
    expect(error.message).toMatch(/under pressure.+lowest tier.+try again in \d/);
    const retryAfter = Number(late.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThanOrEqual(15);
    expect(retryAfter).toBeLessThan(1_800);
    const others = [send("standard"), send("free", "batch"), send("premium", "batch")];
    await settled();
    expect(gateway.runtime.load.waiting).toBe(1 + 15 + 3);
    await pass(30);
    const answers = await Promise.all([early, ...premium, ...others]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await send("free", "real-time", "late")).status).toBe(200);
    expect(world.mock.stats().ok).toBe(20);
    await atRest(gateway);
  });
});

describe("batch at pressure act", () => {
  test("has its guarantee and no gap, is shown to wait for that, and fills the gaps again", async () => {
    await using world = await start({
      policy: {
        pressure: { warn: 0.4, act: 0.5 },
        latency_guarantee: { ...NO_GUARANTEES, batch: 0.1 },
      },
    });
    const { send, settled, pass, gateway } = world;
    let served = 0;
    const batch = Array.from({ length: 60 }, async () => {
      const { status } = await send("standard", "batch");
      served++;
      return status;
    });
    await settled();
    /** Seven requests of premium in ten seconds, and what batch has got meanwhile. */
    const stream = async (seconds: number) => {
      const before = served;
      for (let i = 0; i < seconds; i++) {
        if (i % 10 < 7) void send("premium");
        await settled();
        await pass(1);
      }
      return served - before;
    };
    // Three in ten are left for it, until the average over a minute has come to act.
    expect(await stream(40)).toBeGreaterThanOrEqual(11);
    await stream(50);
    expect(await stream(60)).toBeLessThanOrEqual(7);
    const { bands } = (await gateway.state()).queue;
    const shown = bands.find(({ tier, latency }) => tier === "standard" && latency === "batch");
    expect(shown?.blockedBy).toBe("pressure");
    await pass(80);
    expect(new Set(await Promise.all(batch))).toEqual(new Set([200]));
  });
});

test("what suits a smaller model goes there only when all that are as good are under pressure", async () => {
  await using provider = await startScript();
  const clock = new TestClock();
  const base_url = `${provider.upstream.url}/v1`;
  const upstream = { dialect: "openai", base_url, api_key: "k", limits: [{ rpm: 60 }] };
  const small = { upstream: "other", model: "small", quality: 0.5 };
  const large = { model: "large", quality: 0.9 };
  await using gateway = await startTestGateway(
    {
      policy: EXACT,
      tiers: { only: { max_wait: "1h" } },
      defaults: { tier: "only" },
      upstreams: {
        first: upstream,
        second: upstream,
        other: { ...upstream, limits: [{ rpm: 60_000 }] },
      },
      models: {
        smart: [{ upstream: "first", ...large }, { upstream: "second", ...large }, small],
      },
    },
    { clock },
  );
  const leaving = new AbortController();
  const press = async (name: string) => {
    const { received } = provider.upstream;
    const before = received.length + gateway.runtime.load.waiting;
    for (let i = 0; i < 80; i++) {
      const body = chat({ model: `${name}/large` });
      const { signal } = leaving;
      post(`${gateway.url}/v1/chat/completions`, body, { signal }).catch(() => {});
    }
    await until(
      () => received.length + gateway.runtime.load.waiting === before + 80,
      () => gateway.runtime.load,
    );
    // Pressure is looked at anew a moment later.
    await clock.advance(1_000);
  };
  const prompt = "Classify the sentiment of this review as positive or negative: great shoes";
  const messages = [{ role: "user", content: prompt }];
  const served = async () => {
    const body = chat({ model: "smart", messages });
    const { headers } = await post(`${gateway.url}/v1/chat/completions`, body);
    return [headers.get("x-sluice-upstream"), headers.get("x-sluice-model")];
  };
  await press("first");
  expect(await served()).toEqual(["second", "large"]);
  await press("second");
  expect(await served()).toEqual(["other", "small"]);
  leaving.abort();
  await atRest(gateway);
});
