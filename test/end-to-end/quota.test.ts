/** Quota: what a provider's refusals do to the budget: as much as they say, once, and no longer than they are true. */
import { describe, expect, test } from "vitest";
import {
  chat,
  type GatewayState,
  meterIn,
  post,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import {
  type House,
  OK,
  queue,
  refusal,
  startHouse,
  startScript,
  statusesOf,
  waiting,
} from "../support/scripted-provider.ts";

async function errorOf(answer: Response) {
  const { error } = (await answer.json()) as { error: { code: string; details: object } };
  return error;
}

describe("a 429 that says how long to wait", () => {
  const TOKENS = "in organization org-x on tokens per min (TPM): Limit 90000, Used 90000.";
  const REQUESTS = "in organization org-x on requests per min (RPM): Limit 600, Used 600.";
  const RETRY = { "retry-after": "20" };

  test("rests the model's limit that it names; another model goes on", async () => {
    const limits = [{ rpm: 6_000 }, { model: "gpt-5", tpm: 90_000 }, { model: "gpt-4", tpm: 900 }];
    await using house = await startHouse(limits);
    house.provider.next = null;
    const first = house.send();
    await until(() => house.provider.held.length === 1, "it is there");
    house.provider.answer(refusal(TOKENS, RETRY));
    await until(() => waiting(house) === 1, "it waits again");
    const second = await queue(house, () => house.send());
    house.provider.next = OK;
    expect((await house.send("gpt-4")).status).toBe(200);
    expect((await fetch(`${house.gateway.url}/it/models`)).status).toBe(200);
    await house.clock.advance(19_999);
    expect(waiting(house)).toBe(2);
    await house.clock.advance(1);
    expect(await statusesOf([first, ...second])).toEqual([200, 200]);
    expect((await first).headers.get("x-sluice-attempts")).toBe("2");
    expect(Number((await first).headers.get("x-sluice-wait-ms"))).toBe(20_000);
  });

  test("for tokens lets through what takes none; for requests it lets nothing through", async () => {
    for (const [words, passes] of [
      [TOKENS, true],
      [REQUESTS, false],
    ] as const) {
      await using house = await startHouse([{ rpm: 600, tpm: 90_000 }]);
      house.provider.next = refusal(words, RETRY);
      const first = await queue(house, () => house.send());
      house.provider.next = OK;
      const list = fetch(`${house.gateway.url}/it/models`);
      if (passes) expect((await list).status).toBe(200);
      else await until(() => waiting(house) === 2, "it waits, too");
      await house.clock.advance(19_900);
      expect(waiting(house)).toBe(passes ? 1 : 2);
      await house.clock.advance(1_000);
      expect(await statusesOf([...first, list])).toEqual([200, 200]);
    }
  });

  test("of two limits alike rests the one that its headers say is spent", async () => {
    const limits = [{ tpm: 90_000 }, { model: "gpt-5", tpm: 5_000 }];
    await using house = await startHouse(limits);
    const told = {
      "x-ratelimit-limit-tokens": "5000",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "60s",
    };
    house.provider.next = refusal(TOKENS, { ...RETRY, ...told });
    const first = await queue(house, () => house.send());
    house.provider.next = OK;
    expect((await house.send("gpt-4")).status).toBe(200);
    expect(waiting(house)).toBe(1);
    await house.clock.advance(60_000);
    expect(await statusesOf(first)).toEqual([200]);
  });

  test("never slows another upstream", async () => {
    await using other = await startScript();
    const provider = await startScript(refusal(REQUESTS, RETRY));
    const limits = [{ rpm: 600 }];
    const one = { dialect: "openai", base_url: provider.upstream.url, api_key: "k", limits };
    const two = { ...one, base_url: other.upstream.url };
    const clock = new TestClock();
    await using gateway = await startTestGateway({ upstreams: { one, two } }, { clock });
    const refused = post(`${gateway.url}/one/chat/completions`, chat());
    await until(() => gateway.runtime.load.waiting === 1, "it waits");
    expect((await post(`${gateway.url}/two/chat/completions`, chat())).status).toBe(200);
    provider.next = OK;
    await clock.advance(21_000);
    expect((await refused).status).toBe(200);
    await provider[Symbol.asyncDispose]();
  });

  test("told by whoever held a slot counts as well", async () => {
    await using house = await startHouse([{ rpm: 600 }]);
    const { url } = house.gateway;
    const slot = async () => {
      const answer = await post(`${url}/sluice/v1/slots`, { upstream: "it", max_wait_ms: 60_000 });
      return (await answer.json()) as { slot: string };
    };
    const { slot: id } = await slot();
    await post(`${url}/sluice/v1/slots/${id}/settle`, { status: 429, headers: RETRY });
    const next = slot();
    await until(() => waiting(house) === 1, "the next waits");
    await house.clock.advance(19_000);
    expect(waiting(house)).toBe(1);
    await house.clock.advance(1_000);
    expect((await next).slot).toMatch(/^slot_/);
  });
});

describe("two hundred 429s that were in flight together", () => {
  /** What is limited by nothing but a rate that is felt out has two hundred on their way. */
  async function crowd(): Promise<{ readonly house: House; readonly all: Promise<Response>[] }> {
    const adaptive = { initial: 1_000, min: 1, max: 1_000 };
    const house = await startHouse(undefined, { upstream: { adaptive } });
    // Answers open the way: at first only four may be under way.
    const opening = Array.from({ length: 260 }, () => house.send());
    expect(new Set(await statusesOf(opening))).toEqual(new Set([200]));
    house.provider.next = null;
    const all = Array.from({ length: 200 }, () => house.send());
    await until(
      () => house.provider.held.length === 200,
      () => `${house.provider.held.length} are there`,
    );
    return { house, all };
  }

  const rateOf = (state: GatewayState) => meterIn(state, "it", "requests", "adaptive rate").limit;

  test("halve the rate once, and all are served by it", async () => {
    const { house, all } = await crowd();
    expect(rateOf(await house.gateway.state())).toBe(1_000);
    house.provider.answer(refusal("."));
    await until(() => waiting(house) === 200, "all wait again");
    expect(rateOf(await house.gateway.state())).toBe(500);
    house.provider.next = OK;
    await house.clock.advance(3_000);
    expect(new Set(await statusesOf(all))).toEqual(new Set([200]));
    expect(rateOf(await house.gateway.state())).toBeGreaterThanOrEqual(500);
    await house[Symbol.asyncDispose]();
  });

  test("and the one that is sent to find out whether it is over halves it once more", async () => {
    const { house, all } = await crowd();
    house.provider.answer(refusal("."));
    await until(() => waiting(house) === 200, "all wait again");
    await house.clock.advance(2_000);
    await until(() => house.provider.held.length === 1, "one is there again");
    expect(waiting(house)).toBe(199);
    house.provider.answer(refusal("."));
    await until(() => waiting(house) === 200, "all wait once more");
    expect(rateOf(await house.gateway.state())).toBe(250);
    house.provider.next = OK;
    await house.clock.advance(5_000);
    expect(new Set(await statusesOf(all))).toEqual(new Set([200]));
    await house[Symbol.asyncDispose]();
  });

  test("raise the margin of the limit they name once", async () => {
    await using house = await startHouse([{ rpm: 60_000 }], { policy: { holdback: 0 } });
    const [meter] = house.gateway.runtime.upstreams.get("it")?.shared.meters ?? [];
    house.provider.next = null;
    const all = Array.from({ length: 200 }, () => house.send());
    await until(() => house.provider.held.length === 200, "all are there");
    const before = meter.margin ?? Number.NaN;
    house.provider.answer(refusal("on requests per min (RPM): Limit 60000."));
    await until(() => waiting(house) === 200, "all wait again");
    expect(before).toBe(0.1);
    expect(meter.margin).toBeCloseTo(0.12, 10);
    house.provider.next = OK;
    await house.clock.advance(10_000);
    expect(new Set(await statusesOf(all))).toEqual(new Set([200]));
  });
});

describe("a 429 for hours", () => {
  const HOURS = refusal(".", { "retry-after": "7200" });
  const secondsOf = (answer: Response) => Number(answer.headers.get("retry-after"));

  test("refuses at once whoever waits and whoever comes, with the time that is left", async () => {
    await using house = await startHouse([{ rpm: 600, max_parallel_requests: 1 }]);
    house.provider.next = null;
    const first = house.send();
    await until(() => house.provider.held.length === 1, "it is there");
    const others = await queue(house, ...Array(5).fill(() => house.send()));
    house.provider.answer(HOURS);
    for (const answer of await Promise.all([first, ...others])) {
      expect([answer.status, secondsOf(answer)]).toEqual([429, 7_200]);
      expect(answer.headers.get("retry-after-ms")).toBe("7200000");
      expect(answer.headers.get("x-should-retry")).toBe("false");
      expect(await errorOf(answer)).toMatchObject({ code: "max_wait_exceeded" });
    }
    await house.clock.advance(30_000);
    const later = await house.send();
    expect([later.status, secondsOf(later)]).toEqual([429, 7_170]);
    expect(await errorOf(later)).toMatchObject({
      details: { meter: "requests of account", limit: 600, retry_after_ms: 7_170_000 },
    });
    expect(waiting(house)).toBe(0);
    expect(house.provider.upstream.received).toHaveLength(1);
  });

  test("is probed by one request a minute, and what that is told holds", async () => {
    await using house = await startHouse([{ rpm: 600 }]);
    const { received } = house.provider.upstream;
    house.provider.next = HOURS;
    expect((await house.send()).status).toBe(429);
    for (let minute = 1; minute <= 3; minute++) {
      await house.clock.advance(59_999);
      expect((await house.send()).status).toBe(429);
      expect(received).toHaveLength(minute);
      await house.clock.advance(1);
      house.provider.next = refusal(".", { "retry-after": String(3_600 * minute) });
      const both = [await house.send(), await house.send()];
      expect(both.map(({ status }) => status)).toEqual([429, 429]);
      expect(both.map(secondsOf)).toEqual([3_600 * minute, 3_600 * minute]);
      expect(received).toHaveLength(minute + 1);
    }
  });

  test("two at once are one probe; the other is not let through beside it", async () => {
    await using house = await startHouse([{ rpm: 600 }]);
    house.provider.next = HOURS;
    await house.send();
    await house.clock.advance(60_000);
    house.provider.next = null;
    const probe = house.send();
    await until(() => house.provider.held.length === 1, "one is there");
    expect((await house.send()).status).toBe(429);
    expect(house.provider.held).toHaveLength(1);
    house.provider.answer(OK);
    expect((await probe).status).toBe(200);
  });

  test("ends with the success of a probe, however long it was said to last", async () => {
    await using house = await startHouse([{ rpm: 600 }]);
    house.provider.next = HOURS;
    await house.send();
    await house.clock.advance(60_000);
    house.provider.next = OK;
    expect((await house.send()).status).toBe(200);
    expect(await statusesOf([house.send(), house.send(), house.send()])).toEqual([200, 200, 200]);
    expect(house.provider.upstream.received).toHaveLength(5);
  });

  test("is probed by whoever has the patience to wait for it, too", async () => {
    await using house = await startHouse([{ rpm: 600 }]);
    const { received } = house.provider.upstream;
    const patient = () => house.send("gpt-5", { "x-sluice-max-wait-ms": "3600000" });
    house.provider.next = refusal(".", { "retry-after": "1800" });
    const all = await queue(house, patient);
    all.push(...(await queue(house, patient, patient)));
    await house.clock.advance(59_999);
    expect(received).toHaveLength(1);
    house.provider.next = null;
    await house.clock.advance(1);
    await until(() => house.provider.held.length === 1, "one of them is there");
    expect(waiting(house)).toBe(2);
    house.provider.next = OK;
    house.provider.answer(OK);
    expect(await statusesOf(all)).toEqual([200, 200, 200]);
  });

  test("ends by itself when its time is over", async () => {
    await using house = await startHouse([{ rpm: 600 }]);
    house.provider.next = HOURS;
    await house.send();
    house.provider.next = OK;
    await house.clock.advance(7_200_000);
    expect(await statusesOf([house.send(), house.send()])).toEqual([200, 200]);
  });
});
