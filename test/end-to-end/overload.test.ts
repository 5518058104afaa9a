/** Overload: a provider that has too much gets fewer calls at once, before a breaker has to open. */
import { describe, expect, test } from "vitest";
import {
  atRest,
  chat,
  EXACT,
  type GatewayState,
  meterIn,
  post,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import {
  type Answer,
  type House,
  OK,
  startHouse,
  startScript,
  statusesOf,
  waiting,
} from "../support/scripted-provider.ts";

const OVERLOADED: Answer = {
  status: 503,
  body: { error: { message: "The server is overloaded, try again later", type: "server_error" } },
};

describe("overload", () => {
  /** No breaker opens meanwhile. */
  const ONCE = { retry: { attempts: 1 }, breaker: { failures: 1_000, rate: 1 } };
  const inFlightOf = ({ meters }: GatewayState["upstreams"][string], model: string) =>
    meters.find(
      ({ dimension, selector }) => dimension === "concurrency" && selector === `model:${model}`,
    );
  const slotsOf = async ({ gateway }: House, model = "gpt-5") =>
    inFlightOf((await gateway.state()).upstreams.it, model)?.limit ?? null;

  /** So many at the provider at once. */
  async function hold(house: House, count: number): Promise<Promise<Response>[]> {
    house.provider.next = null;
    const all = Array.from({ length: count }, () => house.send());
    await until(
      () => house.provider.held.length + waiting(house) === count,
      () => `${house.provider.held.length} are there, ${waiting(house)} wait`,
    );
    return all;
  }

  test("of ten at once cuts what may run once, by three tenths; successes raise it again", async () => {
    await using house = await startHouse([{ rpm: 60_000 }], ONCE);
    const overloaded = await hold(house, 10);
    expect(await slotsOf(house)).toBe(null);
    house.provider.answer(OVERLOADED);
    expect(await statusesOf(overloaded)).toEqual(Array(10).fill(503));
    expect(await slotsOf(house)).toBe(7);

    // What is sent in the moment of the cut may have been sent before it.
    await house.clock.advance(1_000);
    const all = await hold(house, 40);
    expect([house.provider.held.length, waiting(house)]).toEqual([7, 33]);
    house.provider.answer(OK, 6);
    await until(() => house.provider.held.length === 7, "as many are there again");
    expect(await slotsOf(house)).toBe(7);
    house.provider.answer(OK, 1);
    await until(() => house.provider.held.length === 8, "one more is there");
    expect(await slotsOf(house)).toBe(8);
    house.provider.answer(OK, 8);
    await until(() => house.provider.held.length === 9, "and one more");

    house.provider.answer(OVERLOADED, 9);
    await until(() => house.provider.held.length === 6, "fewer are there");
    expect(await slotsOf(house)).toBe(6);
    house.provider.next = OK;
    house.provider.answer(OK);
    const statuses = await statusesOf(all);
    expect(statuses.filter((status) => status === 503)).toHaveLength(9);
    expect(statuses.filter((status) => status === 200)).toHaveLength(31);
    await atRest(house.gateway);
  });

  test("does not raise what does not bind", async () => {
    await using house = await startHouse([{ rpm: 60_000 }], ONCE);
    const overloaded = await hold(house, 10);
    house.provider.answer(OVERLOADED);
    await statusesOf(overloaded);
    house.provider.next = OK;
    for (let i = 0; i < 50; i++) expect((await house.send()).status).toBe(200);
    expect(await slotsOf(house)).toBe(7);
  });

  test("of one model leaves the others alone, and takes nothing from the rate", async () => {
    await using house = await startHouse([{ rpm: 60_000 }], ONCE);
    const overloaded = await hold(house, 4);
    house.provider.answer(OVERLOADED);
    await statusesOf(overloaded);
    const all = await hold(house, 5);
    expect([house.provider.held.length, waiting(house)]).toEqual([2, 3]);
    const others = Array.from({ length: 20 }, () => house.send("gpt-4"));
    await until(() => house.provider.held.length === 22, "all of the other are there");
    expect(await slotsOf(house, "gpt-4")).toBe(null);
    house.provider.next = OK;
    house.provider.answer(OK);
    expect(new Set(await statusesOf([...all, ...others]))).toEqual(new Set([200]));
    const { level, limit } = meterIn(await house.gateway.state(), "it", "requests");
    // Each of the 29 counts as one request; none of them has frozen anything.
    expect(limit - level).toBe(29);
  });

  test("a refusal for too many at once is answered by fewer at once", async () => {
    await using house = await startHouse([{ rpm: 60_000 }]);
    const all = await hold(house, 10);
    const words = { error: { message: "Too many concurrent requests", type: "rate_limit_error" } };
    house.provider.answer({ status: 429, body: words, headers: { "retry-after": "1" } }, 3);
    await until(() => waiting(house) === 3, "they wait again");
    expect(await slotsOf(house)).toBe(7);
    expect((await house.gateway.state()).upstreams.it.meters[0].dimension).toBe("requests");
    house.provider.next = OK;
    house.provider.answer(OK);
    await house.clock.advance(2_000);
    expect(new Set(await statusesOf(all))).toEqual(new Set([200]));
  });
});

describe("a provider that does not answer", () => {
  /** On the real clock: what ends a call at the provider is a real timer. */
  async function inFlightAfter(
    timeouts: object,
    headers: Record<string, string>,
    count = 20,
  ): Promise<{ readonly statuses: readonly number[]; readonly slots: number | null }> {
    await using provider = await startScript(null);
    const upstreams = {
      it: {
        dialect: "openai",
        base_url: provider.upstream.url,
        api_key: "k",
        limits: [{ rpm: 6_000 }],
      },
    };
    const retry = { attempts: 1 };
    const config = { policy: EXACT, server: { timeouts }, retry, upstreams };
    await using gateway = await startTestGateway(config);
    const send = () => post(`${gateway.url}/it/chat/completions`, chat(), { headers });
    const statuses: number[] = [];
    // A few at a time, so that each timer falls at another moment.
    for (let i = 0; i < count; i += 4) {
      statuses.push(...(await statusesOf([send(), send(), send(), send()])));
    }
    await atRest(gateway);
    const { meters } = (await gateway.state()).upstreams.it;
    const slots = meters.find(({ dimension }) => dimension === "concurrency")?.limit ?? null;
    return { statuses, slots };
  }

  test("in a client's deadline has not shown to be overloaded", async () => {
    const { statuses, slots } = await inFlightAfter({}, { "x-sluice-deadline-ms": "150" });
    // A machine that is busy may not even send one in that time.
    expect(statuses.filter((status) => status === 504).length).toBeGreaterThan(10);
    expect(slots).toBe(null);
  });

  test("within its own time limits has", async () => {
    const { statuses, slots } = await inFlightAfter({ first_byte: "150ms" }, {}, 4);
    expect(new Set(statuses)).toEqual(new Set([504]));
    expect([1, 2]).toContain(slots);
    const whole = await inFlightAfter({ upstream: "150ms" }, {}, 4);
    expect(new Set(whole.statuses)).toEqual(new Set([504]));
    expect([1, 2]).toContain(whole.slots);
  });

  test("to clients that leave has not shown anything either", async () => {
    await using house = await startHouse([{ rpm: 6_000 }]);
    house.provider.next = null;
    const abort = new AbortController();
    const { url } = house.gateway;
    const init = { signal: abort.signal };
    const all = Array.from({ length: 10 }, () =>
      post(`${url}/it/chat/completions`, chat(), init).catch(() => null),
    );
    await until(() => house.provider.held.length === 10, "all are there");
    abort.abort();
    await Promise.all(all);
    await atRest(house.gateway);
    const { meters } = (await house.gateway.state()).upstreams.it;
    expect(meters.map(({ dimension }) => dimension)).toEqual(["requests"]);
  });
});
