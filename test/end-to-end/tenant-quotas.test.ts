/** Tenant quotas: counted by real use, in windows of UTC, told at 80 and 90 %, refused when they are used up. */
import { describe, expect, test } from "vitest";
import { createSluice } from "../../src/index.ts";
import { atRest, post } from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import { answerJson } from "../support/gateway-upstream.ts";
import { DataFolder, KEY, OTHER_KEY, startTenantGateway, USED } from "../support/tenant-gateway.ts";

const HALF_DAY_S = 12 * 3_600;
/** Of gpt-5, whose price is USD 1.25 and 10 per million tokens. */
const USD_A_CALL = (USED.prompt_tokens * 1.25 + USED.completion_tokens * 10) / 1e6;

describe("a quota of tokens", () => {
  test("refuses when it is used up, names the meter, and says when it begins again", async () => {
    await using gateway = await startTenantGateway({
      tenants: { acme: { quotas: { tpd: 1_000 } } },
    });
    expect(await gateway.sendMany(10)).toEqual(Array.from({ length: 10 }, () => 200));
    const refused = await gateway.send();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBe(HALF_DAY_S);
    expect(Number(refused.headers.get("retry-after-ms"))).toBe(HALF_DAY_S * 1_000);
    expect(refused.headers.get("x-should-retry")).toBe("false");
    const meter = "tokens of tenant:acme tpd";
    expect(await refused.json()).toMatchObject({
      error: {
        code: "tenant_quota_exhausted",
        message: expect.stringContaining(meter),
        details: { meter, limit: 1_000, retry_after_ms: HALF_DAY_S * 1_000 },
      },
    });
    expect(gateway.upstream.received).toHaveLength(10);
    await gateway.clock.advance(HALF_DAY_S * 1_000);
    expect((await gateway.send()).status).toBe(200);
  });

  test("counts what was used, not what was reserved for it", async () => {
    await using gateway = await startTenantGateway({
      tenants: { acme: { quotas: { tpd: 5_000 } } },
    });
    await gateway.sendMany(3, KEY, { max_tokens: 1_500 });
    const { quotas, use } = await gateway.me();
    expect(quotas.tpd).toMatchObject({ limit: 5_000, used: 300, remaining: 4_700, raise: null });
    expect(use.day).toMatchObject({ requests: 3, tokens: 300 });
  });

  test("reserves while calls run, so that many at once cannot overdraw it", async () => {
    const quotas = { tpd: 450 };
    await using gateway = await startTenantGateway({ tenants: { acme: { quotas } } });
    const all = await Promise.all(Array.from({ length: 20 }, () => gateway.send()));
    const statuses = all.map(({ status }) => status);
    await atRest(gateway);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect((await gateway.me()).quotas.tpd.used).toBeLessThanOrEqual(450);
  });

  test("refuses what could never fit as too large", async () => {
    await using gateway = await startTenantGateway({ tenants: { acme: { quotas: { tpd: 50 } } } });
    const answer = await gateway.send();
    expect(answer.status).toBe(413);
    const error = { code: "demand_exceeds_limit", details: { meter: "tokens of tenant:acme tpd" } };
    expect(await answer.json()).toMatchObject({ error });
  });

  test("holds back nobody else", async () => {
    const tenants = { acme: { quotas: { rpd: 1 } }, other: {} };
    await using gateway = await startTenantGateway({ tenants });
    expect(await gateway.sendMany(2)).toEqual([200, 429]);
    expect(await gateway.sendMany(3, OTHER_KEY)).toEqual([200, 200, 200]);
  });
});

describe("a quota of requests", () => {
  test("counts a call once, however often it was tried", async () => {
    let calls = 0;
    await using gateway = await startTenantGateway({
      tenants: { acme: { quotas: { rpd: 2 } } },
      more: { retry: { base: "1ms" } },
      handler: (response) => {
        calls++;
        if (calls % 2 === 0) answerJson(response, 200, { usage: USED });
        else answerJson(response, 500, { error: { message: "it broke" } });
      },
    });
    const first = gateway.send();
    await gateway.clock.advance(0);
    while (calls < 2) await gateway.clock.advance(100);
    expect((await first).status).toBe(200);
    await atRest(gateway);
    expect((await gateway.me()).quotas.rpd).toMatchObject({ used: 1, remaining: 1 });
  });

  test("does not count what the provider has refused", async () => {
    await using gateway = await startTenantGateway({
      tenants: { acme: { quotas: { rpd: 2 } } },
      handler: (response) =>
        answerJson(response, 429, { error: { code: "rate_limit_exceeded", message: "later" } }),
    });
    expect(await gateway.sendMany(1)).toEqual([429]);
    expect((await gateway.me()).quotas.rpd.used).toBe(0);
  });

  test("of a month lives on at midnight", async () => {
    const tenants = { acme: { quotas: { rpd: 2, requests_per_month: 3, tokens_per_month: 900 } } };
    await using gateway = await startTenantGateway({ tenants });
    expect(await gateway.sendMany(3)).toEqual([200, 200, 429]);
    await gateway.clock.advance(HALF_DAY_S * 1_000);
    const refused = await gateway.sendMany(2);
    expect(refused).toEqual([200, 429]);
    const { quotas } = await gateway.me();
    expect(quotas.rpd.used).toBe(1);
    expect(quotas.requests_per_month).toMatchObject({
      used: 3,
      resetsAt: Date.parse("2026-02-01T00:00:00Z"),
    });
    expect(quotas.tokens_per_month.used).toBe(300);
  });
});

describe("a quota of money", () => {
  test("counts the list price of what was used", async () => {
    const tenants = { acme: { quotas: { usd_per_day: 0.002, usd_per_month: 1 } } };
    await using gateway = await startTenantGateway({ tenants });
    expect(await gateway.sendMany(4)).toEqual([200, 200, 200, 429]);
    const { quotas, use } = await gateway.me();
    expect(quotas.usd_per_day.used).toBeCloseTo(3 * USD_A_CALL, 5);
    expect(quotas.usd_per_month.used).toBeCloseTo(3 * USD_A_CALL, 5);
    expect(use.month.usd).toBeCloseTo(3 * USD_A_CALL, 5);
  });

  test("takes the price of the configuration before the list's", async () => {
    const price = { input: 0, output: 1_000 };
    const models = { smart: [{ upstream: "it", model: "gpt-5", price }] };
    const tenants = { acme: { quotas: { usd_per_day: 10 } } };
    await using gateway = await startTenantGateway({ tenants, more: { models } });
    await gateway.sendMany(1, KEY, { model: "smart" });
    expect((await gateway.me()).quotas.usd_per_day.used).toBeCloseTo(0.04, 6);
  });

  test("does not see a model whose price nobody knows, and says so once", async () => {
    const tenants = { acme: { quotas: { usd_per_day: 0.001 } } };
    await using gateway = await startTenantGateway({ tenants });
    expect(await gateway.sendMany(3, KEY, { model: "nobodys-7b" })).toEqual([200, 200, 200]);
    const { body } = await gateway.admin("GET", "alerts");
    expect(body.alerts).toEqual([
      { at: expect.any(String), kind: "price-unknown", upstream: "it", model: "nobodys-7b" },
    ]);
  });

  test("of an upstream is kept, too", async () => {
    await using gateway = await startTenantGateway({
      tenants: { acme: {} },
      limits: [{ usd_per_day: 0.002 }],
    });
    expect(await gateway.sendMany(5)).toEqual([200, 200, 200, 429, 429]);
    const state = await gateway.state();
    expect(state.upstreams.it.meters[0].level).toBeCloseTo(0.002 - 3 * USD_A_CALL, 5);
  });
});

test("80 and 90 % of a quota are told once each, in the API and to listeners", async () => {
  await using gateway = await startTenantGateway({ tenants: { acme: { quotas: { rpd: 10 } } } });
  await gateway.sendMany(11);
  const { body } = await gateway.admin("GET", "alerts");
  const told = { kind: "quota", tenant: "acme", quota: "rpd", limit: 10 };
  expect(body.alerts).toMatchObject([
    { ...told, level: "act", used: 9 },
    { ...told, level: "warn", used: 8 },
  ]);
  expect(body.alerts[0].resetsAt).toBe(Date.parse("2026-01-02T00:00:00Z"));
});

test("the library counts and tells the same", async () => {
  using folder = new DataFolder();
  const sluice = await createSluice({
    config: {
      server: { data_dir: folder.path },
      tenants: { acme: { quotas: { rpd: 5 } } },
      upstreams: { it: { dialect: "openai", base_url: "http://it.example/v1", limits: [] } },
    },
    clock: new TestClock(),
    fetch: async () => Response.json({ usage: USED }),
  });
  const events: unknown[] = [];
  sluice.on("quota", (event) => events.push(event));
  const body = JSON.stringify({ model: "gpt-5", messages: [], max_tokens: 5 });
  const statuses: number[] = [];
  for (let i = 0; i < 6; i++) {
    const answer = await sluice.task({ tenant: "acme" }, () =>
      sluice.fetch("http://it.example/v1/chat/completions", { method: "POST", body }),
    );
    await answer.text();
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  const told = { tenant: "acme", quota: "rpd", limit: 5, resetsAt: expect.any(Number) };
  expect(events).toEqual([
    { ...told, level: "warn", used: 4 },
    { ...told, level: "act", used: 5 },
  ]);
  const slot = sluice.acquire({ upstream: "it", tenant: "acme" });
  await expect(slot).rejects.toMatchObject({ code: "tenant_quota_exhausted" });
  await sluice.close();
});

test("a slot counts by what it is settled with", async () => {
  const tenants = { acme: { quotas: { tpd: 1_000, rpd: 3 } } };
  await using gateway = await startTenantGateway({ tenants });
  const headers = { "x-sluice-key": KEY };
  const slots = `${gateway.url}/sluice/v1/slots`;
  const demand = { requests: 1, input_tokens: 500, output_tokens: 300 };
  const open = async () => {
    const answer = await post(slots, { upstream: "it", demand, max_wait_ms: 0 }, { headers });
    return { status: answer.status, ...((await answer.json()) as { slot: string }) };
  };
  const first = await open();
  expect((await open()).status).toBe(429);
  await post(
    `${slots}/${first.slot}/settle`,
    { usage: { input_tokens: 100, output_tokens: 20 } },
    { headers },
  );
  const second = await open();
  expect(second.status).toBe(200);
  await post(`${slots}/${second.slot}/release`, {}, { headers });
  const { quotas } = await gateway.me();
  expect([quotas.tpd.used, quotas.rpd.used]).toEqual([120, 1]);
});

test("nobody sees another tenant's quotas, use or load", async () => {
  const tenants = { acme: { quotas: { rpd: 10 } }, other: { quotas: { tpd: 700 } } };
  await using gateway = await startTenantGateway({ tenants });
  await gateway.sendMany(3);
  await gateway.sendMany(1, OTHER_KEY);
  const [acme, other] = [await gateway.me(), await gateway.me(OTHER_KEY)];
  expect(acme).toMatchObject({ tenant: "acme", quotas: { rpd: { used: 3 } } });
  expect(other).toMatchObject({ tenant: "other", use: { day: { requests: 1 } } });
  expect(Object.keys(other.quotas)).toEqual(["tpd"]);
  expect(JSON.stringify(acme)).not.toContain("other");
  expect(JSON.stringify(other)).not.toContain("acme");
});
