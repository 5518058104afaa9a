import { describe, expect, test } from "vitest";
import {
  accountsOf,
  allSent,
  expectAtRest,
  MINUTE_MS,
  startShadow,
  URL,
  type WorldOptions,
} from "../../../test/support/shadow-world.ts";

const TENANTS = { acme: { tier: "gold" }, big: { tier: "gold", weight: 3 }, one: {}, two: {} };

function unreachable(): never {
  throw new Error("nobody listens");
}

describe("nothing is held back", () => {
  test("three times what the limits hold goes at once, calls and slots", async () => {
    const world = await startShadow({
      limits: [{ rpm: 60, tpm: 2_000, max_parallel_requests: 3 }],
    });
    const calls = Array.from({ length: 90 }, () => world.call({ tokens: 100 }));
    const slots = Array.from({ length: 90 }, () => world.sluice.acquire({ upstream: "it" }));
    await world.clock.advance(0);
    for (const slot of await Promise.all(slots)) {
      expect(slot.waitMs).toBe(0);
      slot.settle();
    }
    for (const { status } of await Promise.all(calls)) expect(status).toBe(200);
    expect(world.sentAt).toEqual(Array(90).fill(0));
    await world.sluice.close();
  });

  test("neither a deadline that is over nor a max wait of nothing refuses", async () => {
    const world = await startShadow({ limits: [{ rpm: 1 }] });
    const headers = { "x-sluice-deadline-ms": "0", "x-sluice-max-wait-ms": "0" };
    const all = [1, 2, 3].map(() => world.call({ headers }));
    await world.clock.advance(0);
    for (const { status } of await Promise.all(all)) expect(status).toBe(200);
    await world.sluice.close();
  });

  test("what can never fit is sent, and told to be refused", async () => {
    const world = await startShadow({ limits: [{ tpm: 100 }] });
    const answer = await world.call({ tokens: 101 });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-sluice-shadow-refused")).toBe("demand_exceeds_limit");
    expect(world.events).toMatchObject([{ decision: "refuse", code: "demand_exceeds_limit" }]);
    await world.sluice.close();
  });

  test("nothing is tried again: the provider's refusal is the client's answer", async () => {
    const refusal = () => {
      const error = { message: "Slow down", code: "rate_limit_exceeded", type: "requests" };
      const headers = { "retry-after": "7", "x-ratelimit-remaining-requests": "0" };
      return { response: () => Response.json({ error }, { status: 429, headers }) };
    };
    const world = await startShadow({ limits: [{ rpm: 60 }], respond: refusal });
    const answer = await world.call();
    expect(answer.status).toBe(429);
    expect(await answer.json()).toMatchObject({ error: { message: "Slow down" } });
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(answer.headers.get("x-ratelimit-remaining-requests")).toBe("0");
    // A rest is a holding back, too.
    expect((await world.call()).status).toBe(429);
    expect(world.sentAt).toEqual([0, 0]);
    await world.sluice.close();
  });
});

describe("what would have been done", () => {
  test("is told with each answer, as foreseen while it is not decided yet", async () => {
    const limits = [{ requests: { amount: 4, per: "4s" } }];
    const world = await startShadow({ limits, respond: () => ({ afterMs: 100 }) });
    const all = Array.from({ length: 12 }, () => world.call());
    await allSent(world, 12);
    await world.clock.advance(100);
    const told = (await Promise.all(all)).map(({ headers }) => ({
      waitMs: Number(headers.get("x-sluice-shadow-wait-ms")),
      refused: headers.get("x-sluice-shadow-refused"),
      reallyWaitedMs: headers.get("x-sluice-wait-ms"),
    }));
    expect(told.map(({ refused }) => refused)).toEqual([
      ...Array(9).fill(null),
      ...Array(3).fill("max_wait_exceeded"),
    ]);
    // Four are there at once, then one a second comes back.
    const expected = [0, 0, 0, 0, 1_000, 2_000, 3_000, 4_000, 5_000, 0, 0, 0];
    told.forEach(({ waitMs }, i) => {
      expect(Math.abs(waitMs - expected[i])).toBeLessThan(101);
    });
    expect(new Set(told.map(({ reallyWaitedMs }) => reallyWaitedMs))).toEqual(new Set(["0.0"]));
    await world.sluice.close();
  });

  test("is told once, when it is decided, with whose it was", async () => {
    const world = await startShadow({
      limits: [{ requests: { amount: 1, per: "2s" } }],
      tenants: { acme: { tier: "gold" } },
    });
    const all = world.sluice.task({ tenant: "acme" }, () => [world.call(), world.call()]);
    await Promise.all(all);
    const event = { upstream: "it", tenant: "acme", tier: "gold", decision: "grant", code: null };
    expect(world.events).toEqual([{ ...event, waitMs: 0 }]);
    await world.clock.advance(MINUTE_MS);
    expect(world.events).toEqual([
      { ...event, waitMs: 0 },
      { ...event, waitMs: expect.closeTo(2_000, -1) },
    ]);
    expect(world.sluice.runtime.shadow.figures.state(["gold"]).gold).toMatchObject({
      granted: 2,
      wouldRefuse: {},
      upstream429: 0,
    });
    expectAtRest(world);
    await world.sluice.close();
  });

  test("counts tenants' own parallel requests, which none of them waits for", async () => {
    const world = await startShadow({
      limits: [{ rpm: 60_000 }],
      tenants: { acme: { tier: "gold", max_parallel_requests: 1 } },
      respond: () => ({ afterMs: 1_000 }),
    });
    const all = world.sluice.task({ tenant: "acme" }, () => [1, 2, 3].map(() => world.call()));
    await allSent(world, 3);
    await world.clock.advance(1_000);
    await Promise.all(all);
    expect(world.sentAt).toEqual([0, 0, 0]);
    await world.clock.advance(10_000);
    const waits = world.events.map(({ waitMs }) => Math.round(waitMs / 100) * 100);
    expect(waits).toEqual([0, 1_000, 2_000]);
    expectAtRest(world);
    await world.sluice.close();
  });
});

describe("learned limits", () => {
  const told = () => {
    const headers = {
      "x-ratelimit-limit-requests": "60",
      "x-ratelimit-remaining-requests": "30",
      "x-ratelimit-reset-requests": "30s",
    };
    return { response: () => Response.json({}, { headers }) };
  };

  test("hold in the shadow, too, from where the provider says they are", async () => {
    const world = await startShadow({ respond: told });
    await world.call();
    const { twin } = accountsOf(world);
    expect(twin.meters.map(({ label }) => label)).toEqual([
      { dimension: "requests", selector: "model:m" },
    ]);
    const all = await Promise.all(Array.from({ length: 100 }, () => world.call()));
    for (const { status } of all) expect(status).toBe(200);
    await world.clock.advance(MINUTE_MS);
    const granted = world.events.filter(({ decision }) => decision === "grant");
    // Itself, thirty that are left, and six that come back while the others have patience.
    expect(granted.length).toBeGreaterThan(34);
    expect(granted.length).toBeLessThan(40);
    const { waiting, running } = twin.scheduler;
    expect([waiting, running]).toEqual([0, 0]);
    await world.sluice.close();
  });

  test("that were learned before are known to a shadow that begins later", async () => {
    const world = await startShadow({ shadow: false, respond: told });
    await world.call();
    const { account, twin } = accountsOf(world);
    expect(account.learned).toHaveLength(1);
    expect(twin.meters.map(({ capacity }) => capacity)).toEqual([60e6]);
    await world.sluice.close();
  });
});

describe("nothing leaks", () => {
  test.each<[string, WorldOptions["respond"]]>([
    ["answers", () => ({ afterMs: 300 })],
    ["refusals", () => ({ afterMs: 300, response: () => new Response("no", { status: 429 }) })],
    ["failures", () => ({ afterMs: 300, response: () => new Response("no", { status: 500 }) })],
    ["no connection", () => ({ afterMs: 300, response: unreachable })],
  ])("%s", async (_, respond) => {
    const limits = [{ rpm: 30, tpm: 10_000, max_parallel_requests: 2 }];
    const world = await startShadow({
      limits,
      respond,
      tenants: { acme: { max_parallel_requests: 1 } },
    });
    const all = world.sluice.task({ tenant: "acme" }, () =>
      Array.from({ length: 30 }, () => world.call().catch(() => null)),
    );
    await allSent(world, 30);
    await world.clock.advance(100);
    expect(world.sluice.runtime.load.running).toBe(30);
    expect(world.sluice.runtime.shadow.running.get("acme")).toBe(30);
    await world.clock.advance(300);
    await Promise.all(all);
    expect(world.sluice.runtime.load.running).toBe(0);
    await world.clock.advance(10 * MINUTE_MS);
    expect(world.events).toHaveLength(30);
    expectAtRest(world);
    expect(world.clock.pending).toBe(0);
    await world.sluice.close();
  });

  test("who leaves before the answer", async () => {
    const limits = [{ rpm: 30, max_parallel_requests: 1 }];
    const world = await startShadow({ limits, respond: () => ({ afterMs: 60_000 }) });
    const abort = new AbortController();
    const init = { method: "POST", body: "{}", signal: abort.signal };
    const all = Array.from({ length: 5 }, () => world.sluice.fetch(URL, init).catch(() => null));
    await allSent(world, 5);
    await world.clock.advance(500);
    expect(world.sluice.runtime.load.running).toBe(5);
    abort.abort();
    await Promise.all(all);
    expect(world.sluice.runtime.load.running).toBe(0);
    await world.clock.advance(2 * MINUTE_MS);
    expectAtRest(world);
    await world.sluice.close();
  });

  test("a close takes the timers with it, also of what ends after it", async () => {
    const limits = [{ requests: { amount: 1, per: "3s" }, max_parallel_requests: 1 }];
    const world = await startShadow({ limits });
    const slots = await Promise.all([1, 2, 3].map(() => world.sluice.acquire({ upstream: "it" })));
    await world.clock.advance(1_000);
    slots[0].settle();
    await world.clock.advance(1_000);
    slots[1].settle();
    // Now the second has its turn in the shadow, and holds its slot there for two seconds.
    await world.clock.advance(1_500);
    expect(world.clock.pending).toBeGreaterThan(0);
    await world.sluice.close();
    expect(world.clock.pending).toBe(0);
    for (const slot of slots) slot.settle();
    await world.clock.advance(0);
    expect(world.clock.pending).toBe(0);
    expect(world.sluice.runtime.load.running).toBe(0);
  });

  test("ended twice is ended once", async () => {
    const world = await startShadow({ limits: [{ requests: { amount: 10, per: "1h" } }] });
    const slot = await world.sluice.acquire({ upstream: "it", demand: { requests: 4 } });
    slot.release();
    slot.settle();
    slot.release();
    expectAtRest(world);
    expect(world.events).toHaveLength(1);
    await world.sluice.close();
  });
});

test("figures count what the provider has really refused, by tier", async () => {
  const respond = (i: number) =>
    i < 4 ? { response: () => Response.json({ error: {} }, { status: 429 }) } : {};
  const world = await startShadow({ respond, limits: [{ rpm: 6_000 }], tenants: TENANTS });
  const as = (tenant: string) => world.sluice.task({ tenant }, () => world.call());
  for (const tenant of ["acme", "one", "one", "two", "acme"]) await as(tenant);
  const { gold, tin } = world.sluice.runtime.shadow.figures.state(["gold", "tin"]);
  expect([gold.upstream429, tin.upstream429]).toEqual([1, 3]);
  expect([gold.granted, tin.granted]).toEqual([2, 3]);
  await world.sluice.close();
});
