/** Shadow mode: everything goes upstream at once, and what Sluice would have done is told beside it. */
import { describe, expect, test } from "vitest";
import { createSluice } from "../../src/index.ts";
import { INSTANT, startMock } from "../../src/mock/index.ts";
import type { ShadowTier } from "../../src/runtime/shadow/shadow-figures.ts";
import type { ShadowEvent } from "../../src/runtime/shadow/shadow-mode.ts";
import { atRest, chat, message, post, startTestGateway, until } from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import { answerJson, type Handler, startUpstream } from "../support/gateway-upstream.ts";

const SHADOW = { margin: 0, holdback: 0, shadow: true };
const TIERS = { gold: {}, tin: {} };
/** So that every decision falls at once: what does not fit now would be refused. */
const NO_WAIT = { "x-sluice-max-wait-ms": "0" };

const configOf = (base_url: string, limits?: readonly object[], policy: object = SHADOW) => ({
  policy,
  tiers: TIERS,
  defaults: { tier: "tin" },
  tenants: { acme: { tier: "gold" } },
  server: { trust_headers: true },
  upstreams: { it: { dialect: "openai", base_url, api_key: "k", limits } },
});

/** Answers nobody until it is told to. */
function holding() {
  const held: (() => void)[] = [];
  const handler: Handler = (response) => {
    held.push(() => answerJson(response, 200, {}));
  };
  const releaseAll = () => {
    for (const answer of held.splice(0)) answer();
  };
  return { held, handler, releaseAll };
}

function shadowOf(state: object): Record<string, ShadowTier> {
  return (state as { shadow: { tiers: Record<string, ShadowTier> } }).shadow.tiers;
}

describe("a hundred at once, three times what the limit holds", () => {
  test("are all at the provider at once; none of them waits", async () => {
    const { held, handler, releaseAll } = holding();
    await using upstream = await startUpstream(handler);
    const config = configOf(upstream.url, [{ rpm: 33, max_parallel_requests: 5 }]);
    await using gateway = await startTestGateway(config, { clock: new TestClock() });
    const url = `${gateway.url}/v1/chat/completions`;
    const all = Array.from({ length: 100 }, () => post(url, chat(), { headers: NO_WAIT }));
    await until(
      () => held.length === 100,
      () => `${held.length} are there`,
    );
    const state = await gateway.state();
    expect(state.queue).toMatchObject({ waiting: 0 });
    expect(state.tenants.default).toMatchObject({ waiting: 0, running: 100 });
    releaseAll();
    for (const answer of await Promise.all(all)) {
      expect([answer.status, answer.headers.get("x-sluice-wait-ms")]).toEqual([200, "0.0"]);
      expect(answer.headers.get("x-sluice-attempts")).toBe("1");
    }
    await atRest(gateway);
    expect((await gateway.state()).tenants.default?.running ?? 0).toBe(0);
  });

  test("meet the provider's own refusals, with its own headers", async () => {
    const limits = { rpm: 33 };
    await using mock = await startMock({ dialect: "openai", limits, latency: INSTANT });
    const clock = new TestClock();
    const config = configOf(`${mock.url}/v1`, [limits]);
    await using gateway = await startTestGateway(config, { clock });
    const url = `${gateway.url}/v1/chat/completions`;
    const one = async (i: number) => {
      const headers = { ...NO_WAIT, "x-sluice-tenant": i % 4 === 0 ? "acme" : "default" };
      const answer = await post(url, chat(), { headers });
      return { status: answer.status, headers: answer.headers, body: await answer.text() };
    };
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => one(i)));
    await atRest(gateway);
    expect(mock.stats().requests).toBe(100);
    const refused = answers.filter(({ status }) => status === 429);
    // One or two may have come back while the hundred were on their way.
    expect(refused.length).toBeGreaterThan(60);
    expect(refused.length).toBe(mock.stats().refused429);
    expect(answers.length - refused.length).toBe(mock.stats().ok);
    for (const { headers, body } of refused) {
      expect(body).toContain("Rate limit reached");
      expect(body).not.toContain("max_wait_exceeded");
      expect(headers.get("x-ratelimit-limit-requests")).toBe("33");
      expect(headers.get("x-ratelimit-remaining-requests")).toBe("0");
      expect(headers.has("x-sluice-shadow-wait-ms")).toBe(true);
    }
    const told = answers.map(({ headers }) => headers.get("x-sluice-shadow-refused"));
    expect(new Set(told)).toEqual(new Set([null, "max_wait_exceeded"]));

    await clock.advance(1_000);
    const state = await gateway.state();
    const { gold, tin } = shadowOf(state);
    const wouldRefuse = (tier: ShadowTier) => tier.wouldRefuse.max_wait_exceeded ?? 0;
    expect([gold.granted + wouldRefuse(gold), tin.granted + wouldRefuse(tin)]).toEqual([25, 75]);
    expect(gold.upstream429 + tin.upstream429).toBe(refused.length);
    // Spaced as they would be, only four go without any wait.
    expect(gold.granted + tin.granted).toBe(4);
    expect(gold.wouldRefuse).toEqual({ max_wait_exceeded: wouldRefuse(gold) });
    // What waits in the shadow presses there; that nothing really waits is no sign of ease.
    expect(state.upstreams.it.pressure).toBe(1);
  });

  test("anthropic's rate headers pass, too, where else there are ours", async () => {
    const limits = { rpm: 10, itpm: 100_000, otpm: 50_000 };
    await using mock = await startMock({ dialect: "anthropic", limits, latency: INSTANT });
    const it = { dialect: "anthropic", base_url: mock.url, api_key: "k" };
    const names = async (policy: object) => {
      const limits = [{ rpm: 1_000 }];
      const upstreams = { it: { ...it, limits } };
      await using gateway = await startTestGateway({ policy, upstreams });
      const answer = await post(`${gateway.url}/v1/messages`, message());
      return Object.fromEntries(answer.headers);
    };
    expect(await names(SHADOW)).toMatchObject({
      "anthropic-ratelimit-requests-limit": "10",
      "anthropic-ratelimit-output-tokens-limit": "50000",
    });
    const ours = await names({ ...SHADOW, shadow: false });
    expect(ours["anthropic-ratelimit-requests-limit"]).toBe("1000");
    expect(Object.keys(ours)).not.toContain("x-sluice-shadow-wait-ms");
  });
});

test("slots over HTTP are granted at once, and what they would have waited is counted", async () => {
  await using upstream = await startUpstream();
  const clock = new TestClock();
  const limits = [{ max_parallel_requests: 1 }];
  await using gateway = await startTestGateway(configOf(upstream.url, limits), { clock });
  const events: ShadowEvent[] = [];
  gateway.runtime.shadow.listener = (event) => events.push(event);
  const ask = async () => {
    const answer = await post(`${gateway.url}/sluice/v1/slots`, { upstream: "it" });
    return (await answer.json()) as { slot: string; wait_ms: number };
  };
  const slots = [await ask(), await ask(), await ask()];
  expect(slots.map(({ wait_ms }) => wait_ms)).toEqual([0, 0, 0]);
  expect(gateway.runtime.load.running).toBe(3);
  await clock.advance(1_000);
  for (const { slot } of slots) {
    const settled = await post(`${gateway.url}/sluice/v1/slots/${slot}/settle`, { status: 200 });
    expect(settled.status).toBe(200);
  }
  await atRest(gateway);
  await clock.advance(10_000);
  // In the shadow one holds the slot after the other, each for as long as it really did.
  expect(events.map(({ code, waitMs }) => [code, waitMs])).toEqual([
    [null, 0],
    [null, 1_000],
    [null, 2_000],
  ]);
  const { tin } = shadowOf(await gateway.state());
  expect(tin).toMatchObject({ granted: 3, wouldRefuse: {}, upstream429: 0 });
});

test("the library tells what would have been by events", async () => {
  await using upstream = await startUpstream();
  const config = configOf(upstream.url, [{ requests: { amount: 1, per: "1h" } }]);
  const sluice = await createSluice({ config, clock: new TestClock() });
  const events: ShadowEvent[] = [];
  sluice.on("shadow", (event) => events.push(event));
  const init = { method: "POST", headers: NO_WAIT };
  const send = () => sluice.fetch(`${upstream.url}/x`, init);
  const answers = await sluice.task({ tenant: "acme" }, async () => [await send(), await send()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  for (const answer of answers) await answer.text();
  await atRest(sluice);
  const whose = { upstream: "it", tenant: "acme", tier: "gold" };
  expect(events).toEqual([
    { ...whose, decision: "grant", code: null, waitMs: 0 },
    { ...whose, decision: "refuse", code: "max_wait_exceeded", waitMs: 0 },
  ]);
  expect(answers.map(({ headers }) => headers.get("x-sluice-shadow-refused"))).toEqual([
    null,
    "max_wait_exceeded",
  ]);
  await sluice.close();
});

describe("a reload", () => {
  test("puts Sluice in charge: what goes at once before it, waits after it", async () => {
    const { held, handler, releaseAll } = holding();
    await using upstream = await startUpstream(handler);
    const limits = [{ max_parallel_requests: 2 }];
    await using gateway = await startTestGateway(configOf(upstream.url, limits));
    const url = `${gateway.url}/v1/chat/completions`;
    const before = Array.from({ length: 5 }, () => post(url, chat()));
    await until(() => held.length === 5, "all are there");
    gateway.reload(configOf(upstream.url, limits, { ...SHADOW, shadow: false }));
    const after = Array.from({ length: 3 }, () => post(url, chat()));
    await until(() => gateway.runtime.load.waiting === 3, "they wait for what went before");
    expect(held).toHaveLength(5);
    expect((await gateway.state()) as object).not.toHaveProperty("shadow");
    releaseAll();
    await until(() => held.length === 2, "two of them are there");
    expect(gateway.runtime.load.waiting).toBe(1);
    const rest = until(() => {
      releaseAll();
      return gateway.runtime.load.running + gateway.runtime.load.waiting === 0;
    }, "all are served");
    for (const answer of await Promise.all([...before, ...after])) expect(answer.status).toBe(200);
    await rest;
    await atRest(gateway);
    const [slots] = (await gateway.state()).upstreams.it.meters;
    expect(slots).toMatchObject({ limit: 2, level: 2, reserved: 0 });
  });

  test("takes it out of charge: what waited is sent when its turn comes, what comes goes at once", async () => {
    const { held, handler, releaseAll } = holding();
    await using upstream = await startUpstream(handler);
    const limits = [{ max_parallel_requests: 1 }];
    const inCharge = { ...SHADOW, shadow: false };
    await using gateway = await startTestGateway(configOf(upstream.url, limits, inCharge));
    const url = `${gateway.url}/v1/chat/completions`;
    const waiting = [post(url, chat()), post(url, chat())];
    await until(() => gateway.runtime.load.waiting === 1, "the second waits");
    gateway.reload(configOf(upstream.url, limits));
    const passing = [post(url, chat()), post(url, chat())];
    await until(() => held.length === 3, "two more are there");
    releaseAll();
    await until(() => held.length === 1, "the second is there");
    releaseAll();
    for (const answer of await Promise.all([...waiting, ...passing])) {
      expect(answer.status).toBe(200);
    }
    await atRest(gateway);
  });
});

test("a gateway that is closed meanwhile waits for what runs and leaves nothing", async () => {
  const { held, handler, releaseAll } = holding();
  await using upstream = await startUpstream(handler);
  const limits = [{ rpm: 1, max_parallel_requests: 1 }];
  const gateway = await startTestGateway({
    ...configOf(upstream.url, limits),
    server: { timeouts: { drain: "10s" } },
  });
  const all = Array.from({ length: 10 }, () => post(`${gateway.url}/v1/chat/completions`, chat()));
  await until(() => held.length === 10, "all are there");
  const closed = gateway.close();
  releaseAll();
  for (const answer of await Promise.all(all)) expect(answer.status).toBe(200);
  await closed;
  expect(gateway.runtime.load).toEqual({ waiting: 0, running: 0, bytes: 0 });
  const { twins } = gateway.runtime.upstreams.get("it") ?? { twins: [] };
  expect(twins.map(({ scheduler }) => scheduler.waiting)).toEqual([0]);
});
