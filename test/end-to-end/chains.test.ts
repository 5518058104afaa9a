/** Chains: a running workflow goes before a new one, and its sub-agents are as urgent as who waits for them. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSluice, type Sluice, type SluiceOptions } from "../../src/index.ts";
import type { Slot } from "../../src/runtime/slot.ts";
import { atRest, chat, EXACT, pause, startTestGateway, until } from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import { startUpstream, type TestUpstream } from "../support/gateway-upstream.ts";

const CONFIG = {
  policy: EXACT,
  tiers: { first: { max_wait: "60s" }, second: { max_wait: "60s" } },
  defaults: { tier: "second" },
  tenants: { big: { tier: "first" } },
  task_types: {
    default: { latency: "near-real-time" },
    chat: { latency: "real-time" },
    nightly: { latency: "batch" },
  },
};
/** One at a time, so that the order of arrival upstream is the order of grants. */
const LIMITS = [{ max_parallel_requests: 1 }];

let upstream: TestUpstream;

beforeEach(async () => {
  upstream = await startUpstream();
});

afterEach(() => upstream[Symbol.asyncDispose]());

const configFor = () => ({
  ...CONFIG,
  upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k", limits: LIMITS } },
});

async function start(options: Partial<SluiceOptions> = {}): Promise<Sluice & AsyncDisposable> {
  const sluice = await createSluice({ config: configFor(), ...options });
  return { ...sluice, [Symbol.asyncDispose]: () => sluice.close() };
}

async function send(sluice: Sluice, user: string, headers: Record<string, string> = {}) {
  const answer = await sluice.fetch(`${upstream.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(chat({ user })),
  });
  return { status: answer.status, body: (await answer.json()) as { error?: { code: string } } };
}

const served = () =>
  upstream.received.map(({ body }) => (JSON.parse(String(body)) as { user: string }).user);

/** Lets each of them queue up before the next, then opens the way, and tells who was served when. */
async function orderOf(
  sluice: Sluice,
  calls: Readonly<Record<string, () => unknown>>,
): Promise<string[]> {
  const holder = await sluice.acquire({ upstream: "it" });
  const all: unknown[] = [];
  for (const call of Object.values(calls)) {
    all.push(call());
    await until(() => sluice.runtime.load.waiting === all.length, "it waits");
  }
  holder.release();
  await Promise.all(all);
  await atRest(sluice);
  return served();
}

describe("a step of a running chain", () => {
  test("goes before whoever has nothing begun, and before newer deadlines", async () => {
    await using sluice = await start();
    const order = await orderOf(sluice, {
      alone: () => send(sluice, "alone"),
      urgent: () => sluice.task({ deadlineMs: 30_000 }, () => send(sluice, "urgent")),
      first: () => sluice.task({ chain: { id: "a" } }, () => send(sluice, "first")),
      second: () => sluice.task({ chain: { id: "b", step: 2 } }, () => send(sluice, "second")),
      third: () => sluice.task({ chain: { id: "a", step: 3 } }, () => send(sluice, "third")),
    });
    expect(order).toEqual(["second", "third", "urgent", "alone", "first"]);
  });

  test("of another class waits for its class", async () => {
    await using sluice = await start();
    const order = await orderOf(sluice, {
      batch: () =>
        sluice.task({ latency: "batch", chain: { id: "a", step: 9 } }, () => send(sluice, "batch")),
      chat: () => sluice.task({ type: "chat" }, () => send(sluice, "chat")),
    });
    expect(order).toEqual(["chat", "batch"]);
  });

  test("over HTTP is told by headers, by the body's metadata, and by baggage", async () => {
    await using gateway = await startTestGateway(configFor());
    const url = `${gateway.url}/v1/chat/completions`;
    const post = (user: string, headers: Record<string, string>, metadata?: object) =>
      fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(chat({ user, metadata })),
      });
    const slot = await fetch(`${gateway.url}/sluice/v1/slots`, {
      method: "POST",
      body: JSON.stringify({ upstream: "it" }),
    });
    const { slot: id } = (await slot.json()) as { slot: string };
    const calls = [
      () => post("alone", {}),
      () => post("header", { "x-sluice-chain": "a;step=2" }),
      () => post("body", {}, { sluice_chain: "b;step=2" }),
      () => post("baggage", { baggage: "sluice.chain=c%3Bstep%3D2" }),
    ];
    const all: Promise<Response>[] = [];
    for (const call of calls) {
      all.push(call());
      await until(() => gateway.runtime.load.waiting === all.length, "it waits");
    }
    await fetch(`${gateway.url}/sluice/v1/slots/${id}/release`, { method: "POST" });
    await Promise.all(all);
    expect(served()).toEqual(["header", "body", "baggage", "alone"]);
    expect(JSON.stringify(upstream.received.map(({ headers }) => headers))).not.toContain("sluice");
    expect(upstream.received.map(({ body }) => String(body)).join()).not.toContain("sluice");
  });
});

describe("a sub-agent's task", () => {
  test("inherits tenant, latency and chain from the one around it", async () => {
    await using sluice = await start();
    const inner = (name: string) =>
      sluice.task({ tags: ["inner"] }, async () => {
        await pause(1);
        return await send(sluice, name);
      });
    const order = await orderOf(sluice, {
      plain: () => send(sluice, "plain"),
      latency: () => sluice.task({ latency: "real-time" }, () => inner("latency")),
      chain: () => sluice.task({ chain: { id: "a", step: 2 } }, () => inner("chain")),
      tenant: () => sluice.task({ tenant: "big", latency: "batch" }, () => inner("tenant")),
      bigNow: () => sluice.task({ tenant: "big" }, () => inner("big now")),
    });
    expect(order).toEqual(["big now", "latency", "chain", "plain", "tenant"]);
  });

  test("with a type of its own is as urgent as its chain, whatever that type is", async () => {
    await using sluice = await start();
    const research = (depth: number) => () =>
      sluice.task({ type: "chat", chain: { id: "a" } }, () =>
        sluice.task({ type: "nightly", chain: { id: "a", depth } }, () =>
          send(sluice, `research at ${depth}`),
        ),
      );
    // The chain is known by its first call.
    await sluice.task({ type: "chat", chain: { id: "a" } }, () => send(sluice, "plan"));
    const order = await orderOf(sluice, {
      plain: () => send(sluice, "plain"),
      own: research(0),
      subAgent: research(1),
    });
    expect(order).toEqual(["plan", "research at 1", "plain", "research at 0"]);
  });

  test("slots inherit as calls do", async () => {
    await using sluice = await start();
    const holder = await sluice.acquire({ upstream: "it" });
    const order: string[] = [];
    const take = async (name: string, acquired: Promise<Slot>) => {
      const slot = await acquired;
      order.push(name);
      slot.release();
    };
    const acquire = () => sluice.acquire({ upstream: "it" });
    const all = [
      take("plain", acquire()),
      take(
        "inner",
        sluice.task({ tenant: "big" }, () => sluice.task({ tags: [] }, acquire)),
      ),
    ];
    await until(() => sluice.runtime.load.waiting === 2, "both wait");
    holder.release();
    await Promise.all(all);
    expect(order).toEqual(["inner", "plain"]);
  });
});

describe("the deadline of a task around another", () => {
  test("is counted from its own start", async () => {
    const clock = new TestClock();
    await using sluice = await start({ clock });
    const holder = await sluice.acquire({ upstream: "it" });
    const inner = () => sluice.task({ tags: ["inner"] }, () => send(sluice, "inner"));
    const all = sluice.task({ deadlineMs: 10_000 }, async () => {
      await clock.advance(4_000);
      return await Promise.all([
        inner(),
        sluice.task({ deadlineMs: 8_000 }, () => send(sluice, "with its own")),
      ]);
    });
    await until(() => sluice.runtime.load.waiting === 2, "both wait");
    await clock.advance(5_900);
    expect(sluice.runtime.load.waiting).toBe(2);
    await clock.advance(100);
    expect(sluice.runtime.load.waiting).toBe(1);
    await clock.advance(2_000);
    expect(sluice.runtime.load.waiting).toBe(0);
    for (const { status, body } of await all) {
      expect([status, body.error?.code]).toEqual([429, "max_wait_exceeded"]);
    }
    expect(upstream.received).toHaveLength(0);
    holder.release();
  });

  test("once over, refuses what is still asked for inside, and nothing outside", async () => {
    const clock = new TestClock();
    await using sluice = await start({ clock });
    const late = await sluice.task({ deadlineMs: 1_000 }, async () => {
      await clock.advance(1_000);
      return await sluice.task({}, () => send(sluice, "late"));
    });
    expect([late.status, late.body.error?.code]).toEqual([429, "max_wait_exceeded"]);
    expect((await send(sluice, "outside")).status).toBe(200);
    expect(served()).toEqual(["outside"]);
  });

  test("ends what is under way at the provider", async () => {
    await using silent = await startUpstream(() => {});
    const upstreams = { it: { dialect: "openai", base_url: silent.url, api_key: "k" } };
    const sluice = await createSluice({ config: { ...CONFIG, upstreams } });
    const status = await sluice.task({ deadlineMs: 300 }, () =>
      sluice.task({}, async () => {
        const init = { method: "POST", body: JSON.stringify(chat()) };
        return (await sluice.fetch(`${silent.url}/chat/completions`, init)).status;
      }),
    );
    expect(status).toBe(504);
    await until(() => silent.received[0].wasAborted, "the connection is closed");
    await sluice.close();
  });
});
