/** Failover: what is unwell, unpaid or full at one candidate is served by another, and no storm of retries follows. */
import { describe, expect, test } from "vitest";
import {
  type ConfigObject,
  chat,
  EXACT,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import { type Answer, OK, type Script, startScript } from "../support/scripted-provider.ts";

const OVERLOADED: Answer = {
  status: 529,
  body: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
};
const RATED = { quality: 0.9 };

interface World extends AsyncDisposable {
  readonly clock: TestClock;
  readonly gateway: TestGateway;
  readonly first: Script;
  readonly second: Script;
  send(fields?: object, headers?: Record<string, string>): Promise<Response>;
  /** Time passes once every call that was sent has ended or waits. */
  pass(ms: number): Promise<void>;
  /** Sends one call every `everyMs` for `ms`, whatever comes of the ones before. */
  stream(ms: number, everyMs: number, headers?: Record<string, string>): Promise<Response[]>;
}

interface Setup {
  readonly candidates?: readonly object[];
  readonly more?: ConfigObject;
  readonly limits?: readonly object[];
}

const CANDIDATES = [
  { upstream: "first", model: "large", ...RATED },
  { upstream: "second", model: "other", ...RATED },
];

async function start({ candidates = CANDIDATES, more, limits }: Setup = {}): Promise<World> {
  const clock = new TestClock();
  const first = await startScript();
  const second = await startScript();
  const upstream = ({ upstream: { url } }: Script) => ({
    dialect: "openai",
    base_url: `${url}/v1`,
    api_key: "k",
    limits: limits ?? [{ rpm: 600_000 }],
  });
  const gateway = await startTestGateway(
    {
      policy: EXACT,
      tiers: { only: { max_wait: "20s" } },
      defaults: { tier: "only" },
      upstreams: { first: upstream(first), second: upstream(second) },
      models: { smart: candidates },
      ...more,
    },
    { clock, random: () => 0.5 },
  );
  let pending = 0;
  const send: World["send"] = async (fields = {}, headers = {}) => {
    pending++;
    const body = chat({ model: "smart", ...fields });
    try {
      return await post(`${gateway.url}/v1/chat/completions`, body, { headers });
    } finally {
      pending--;
    }
  };
  const pass = async (ms: number) => {
    const { runtime } = gateway;
    const isSettled = () => runtime.load.running === 0 && runtime.load.waiting >= pending;
    await until(isSettled, () => ({ ...runtime.load, pending }));
    await clock.advance(ms);
  };
  return {
    clock,
    gateway,
    first,
    second,
    send,
    pass,
    stream: async (ms, everyMs, headers) => {
      const all: Promise<Response>[] = [];
      for (let at = 0; at < ms; at += everyMs) {
        all.push(send({}, headers));
        await pass(everyMs);
      }
      for (let i = 0; i < 60; i++) await pass(1_000);
      return await Promise.all(all);
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

const statuses = (all: readonly Response[]) => [...new Set(all.map(({ status }) => status))];
const upstreamOf = ({ headers }: Response) => headers.get("x-sluice-upstream");
const calls = ({ upstream }: Script) => upstream.received.length;
const codeOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string } }).error.code;

describe("an episode of 529 for ten seconds", () => {
  test("opens the breaker at the fifth, sends probes only, and shows no client an error", async () => {
    await using world = await start();
    expect(upstreamOf(await world.send())).toBe("first");
    world.first.next = OVERLOADED;
    const during: number[] = [];
    const all: Promise<Response>[] = [];
    for (let second = 0; second < 20; second++) {
      if (second === 10) world.first.next = OK;
      const before = calls(world.first);
      for (let i = 0; i < 10; i++) {
        all.push(world.send());
        await world.pass(100);
      }
      during.push(calls(world.first) - before);
    }
    const answers = await Promise.all(all);
    expect(statuses(answers)).toEqual([200]);
    const alerts = world.gateway.runtime.tenancy.alerts.alerts.toReversed();
    const about = { kind: "breaker", upstream: "first", model: "large" };
    expect(alerts).toMatchObject([
      { ...about, state: "open" },
      { ...about, state: "closed" },
    ]);
    expect((await world.gateway.state()).upstreams.first.breakers).toEqual({ large: "closed" });
    // Five failures; then one probe after 5 s, and one each 2.5 s, until all goes to the first again.
    expect(during[0]).toBe(5);
    expect(during.slice(1, 10).reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(3);
    expect(during.slice(15)).toEqual([10, 10, 10, 10, 10]);
    expect(answers.slice(150).map(upstreamOf)).toEqual(Array(50).fill("first"));
  });

  test("is told as it is where there is no other candidate, and the wait with it", async () => {
    await using world = await start({ candidates: CANDIDATES.slice(0, 1) });
    world.first.next = OVERLOADED;
    const impatient = { "x-sluice-max-wait-ms": "100" };
    for (let i = 0; i < 5; i++) expect((await world.send({}, impatient)).status).toBe(529);
    const refused = await world.send({}, impatient);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after-ms")).toBe("5000");
    expect(await codeOf(refused)).toBe("upstream_unavailable");
    expect(calls(world.first)).toBe(5);
  });
});

describe("a 429", () => {
  test("that means overload is the breaker's affair, and the budget's level stays", async () => {
    await using world = await start({ candidates: CANDIDATES.slice(0, 1) });
    world.first.next = {
      status: 429,
      body: { error: { type: "overloaded_error", message: "The engine is currently overloaded" } },
    };
    await world.stream(2_000, 50);
    const [account] = world.gateway.runtime.accounts;
    expect(account.breakerOf("large").kind).not.toBe("closed");
  });

  test("that names six hours holds nobody beyond the max wait", async () => {
    await using world = await start({ candidates: CANDIDATES.slice(0, 1) });
    world.first.next = {
      status: 429,
      body: { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } },
      headers: { "retry-after": "21600" },
    };
    const [refused] = await world.stream(100, 100);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("x-sluice-wait-ms"))).toBeLessThanOrEqual(20_000);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(20_000);
  });

  test.each([{ retryAfter: "21600" }, { retryAfter: "Mon, 01 Jan 2001 00:00:00 GMT" }])(
    "of the first candidate is served by the second, at once: come back $retryAfter",
    async ({ retryAfter }) => {
      await using world = await start();
      world.first.next = {
        status: 429,
        body: { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } },
        headers: { "retry-after": retryAfter },
      };
      const [answer] = await world.stream(100, 100);
      expect([answer.status, upstreamOf(answer)]).toEqual([200, "second"]);
      expect(Number(answer.headers.get("x-sluice-wait-ms"))).toBeLessThan(1_000);
      expect(calls(world.first)).toBe(1);
    },
  );
});

const UNPAID: readonly Answer[] = [
  {
    status: 429,
    body: {
      error: {
        message: "You exceeded your current quota",
        type: "insufficient_quota",
        code: "insufficient_quota",
      },
    },
  },
  { status: 402, body: { error: { message: "Insufficient Balance", type: "unknown_error" } } },
  { status: 402, body: { error: { message: "Payment required", code: "billing_not_active" } } },
];

describe.each(UNPAID)("without money: $status $body", (unpaid) => {
  test("it is called once, everybody goes elsewhere, and payment is noticed within a minute", async () => {
    await using world = await start();
    world.first.next = unpaid;
    expect(upstreamOf(await world.send())).toBe("second");
    const answers = await world.stream(2_000, 50);
    expect(statuses(answers)).toEqual([200]);
    expect(answers.every((answer) => upstreamOf(answer) === "second")).toBe(true);
    expect(calls(world.first)).toBe(1);
    expect(world.gateway.runtime.tenancy.alerts.alerts).toMatchObject([
      { kind: "stopped", upstream: "first", credential: "default", reason: "billing" },
    ]);
    world.first.next = OK;
    await world.clock.advance(60_000);
    expect(upstreamOf(await world.send())).toBe("first");
    expect(upstreamOf(await world.send())).toBe("first");
  });

  test("and without another candidate it is refused, and called once a minute", async () => {
    await using world = await start({ candidates: CANDIDATES.slice(0, 1) });
    world.first.next = unpaid;
    expect((await world.send()).status).toBe(503);
    const answers = await world.stream(59_000, 1_000);
    expect(statuses(answers)).toEqual([503]);
    expect(await codeOf(answers[9])).toBe("upstream_billing");
    expect(calls(world.first)).toBe(1);
    await world.send();
    expect(calls(world.first)).toBe(2);
  });
});

describe("a credential of ours that is not accepted", () => {
  test("is tried once, and others serve", async () => {
    await using world = await start();
    world.first.next = { status: 401, body: { error: { message: "Incorrect API key provided" } } };
    expect((await world.send()).status).toBe(200);
    const answers = await world.stream(2_000, 50);
    expect(statuses(answers)).toEqual([200]);
    expect(calls(world.first)).toBe(1);
  });

  test("is its owner's affair: no client reads the provider's words of it", async () => {
    await using world = await start({ candidates: CANDIDATES.slice(0, 1) });
    const message = "Incorrect API key provided: sk-pr****1234";
    world.first.next = { status: 401, body: { error: { message } } };
    for (let i = 0; i < 3; i++) {
      const answer = await world.send();
      expect(answer.status).toBe(503);
      const { error } = (await answer.json()) as { error: { code: string; message: string } };
      expect(error.code).toBe("upstream_unavailable");
      expect(error.message).not.toContain("1234");
      expect(Number(answer.headers.get("retry-after-ms"))).toBeGreaterThan(50_000);
    }
    expect(calls(world.first)).toBe(1);
  });
});

describe("a call that is forbidden", () => {
  const FORBIDDEN: Answer = {
    status: 403,
    body: { error: { message: "No access to file-1", type: "permission_error" } },
  };

  test("is answered so and stops nobody else, where the model has just served with that credential", async () => {
    await using world = await start({ candidates: CANDIDATES.slice(0, 1) });
    await world.send();
    for (let i = 0; i < 3; i++) {
      world.first.next = FORBIDDEN;
      const answer = await world.send();
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain("No access to file-1");
      world.first.next = OK;
      expect((await world.send()).status).toBe(200);
    }
    expect(world.gateway.runtime.tenancy.alerts.alerts).toEqual([]);
  });

  test("stops a model that has not served with it", async () => {
    await using world = await start({ candidates: CANDIDATES.slice(0, 1) });
    world.first.next = FORBIDDEN;
    const answers = await world.stream(2_000, 50);
    expect(statuses(answers)).toEqual([403, 503]);
    expect(calls(world.first)).toBe(1);
  });
});

describe("a budget that was not what we thought", () => {
  const REFUSED: Answer = { status: 429, body: {}, headers: { "retry-after": "2" } };
  const single = { candidates: CANDIDATES.slice(0, 1) };

  test("refuses at once who cannot be served in time by the limit of requests, and says when", async () => {
    await using world = await start({ ...single, limits: [{ rpm: 1 }] });
    world.first.next = REFUSED;
    const answer = await world.send();
    expect(answer.status).toBe(429);
    expect(await codeOf(answer)).toBe("max_wait_exceeded");
    expect(Number(answer.headers.get("retry-after-ms"))).toBeGreaterThan(50_000);
    expect(calls(world.first)).toBe(1);
  });

  test("lets who falls back to the queue wait there, to the end of its max wait", async () => {
    await using world = await start(single);
    world.first.next = { ...REFUSED, headers: { "retry-after": "50" } };
    const answer = world.send({}, { "x-sluice-fallback": "queue" });
    await world.pass(19_000);
    expect(world.gateway.runtime.load.waiting).toBe(1);
    await world.pass(1_000);
    expect((await answer).status).toBe(429);
    expect(await codeOf(await answer)).toBe("max_wait_exceeded");
    const wait = Number((await answer).headers.get("retry-after-ms"));
    expect(wait).toBeGreaterThan(29_000);
    expect(wait).toBeLessThan(31_000);
    expect(calls(world.first)).toBe(1);
  });

  test("does not let it wait where the provider is unwell", async () => {
    await using world = await start({ ...single, more: { retry: { attempts: 1 } } });
    world.first.next = OVERLOADED;
    expect((await world.send({}, { "x-sluice-fallback": "queue" })).status).toBe(503);
    expect(calls(world.first)).toBe(1);
  });
});

describe("under failure of everything", () => {
  test.each([OVERLOADED, { status: 500, body: {} }])(
    "$status: no upstream gets more than 1.2 calls for each of a thousand",
    async (failure) => {
      await using world = await start();
      world.first.next = failure;
      world.second.next = failure;
      const answers = await world.stream(20_000, 20);
      expect(answers).toHaveLength(1_000);
      expect(answers.every(({ status }) => status >= 500)).toBe(true);
      expect(calls(world.first)).toBeLessThanOrEqual(1_200);
      expect(calls(world.second)).toBeLessThanOrEqual(1_200);
    },
    60_000,
  );

  test("retries alone stay within a fifth, where no breaker opens", async () => {
    await using world = await start({
      candidates: CANDIDATES.slice(0, 1),
      more: { breaker: { failures: 1_000_000, rate: 1 } },
    });
    world.first.next = { status: 500, body: {} };
    await world.stream(20_000, 20);
    expect(calls(world.first)).toBeGreaterThan(1_000);
    expect(calls(world.first)).toBeLessThanOrEqual(1_200);
  }, 60_000);
});

describe("two upstreams of 600 requests a minute", () => {
  test("serve 1,200", async () => {
    const limits = [{ requests: { amount: 600, per: "1m", window: "bucket" } }];
    await using world = await start({ limits });
    const all: Promise<Response>[] = [];
    const served = () => calls(world.first) + calls(world.second);
    let before = 0;
    // At 50 a second both are used up after 40 s; then each gives 10 a second.
    for (let at = 0; at < 60_000; at += 20) {
      if (at === 40_000) before = served();
      all.push(world.send());
      await world.pass(20);
    }
    expect(served() - before).toBeGreaterThanOrEqual(0.95 * 2 * 10 * 20);
    for (let i = 0; i < 30; i++) await world.pass(1_000);
    expect(statuses(await Promise.all(all)).sort()).toEqual([200, 429]);
  }, 60_000);
});

describe("fallbacks", () => {
  const SMALLER = [
    { upstream: "first", model: "large", quality: 0.9 },
    { upstream: "second", model: "small", quality: 0.6 },
  ];
  const NARROW = [{ requests: { amount: 1, per: "1m", window: "bucket" } }];
  const said = (fallback: string) => ({
    "x-sluice-fallback": fallback,
    "x-sluice-max-wait-ms": "1000",
  });

  test("a smaller model serves what the best cannot in time", async () => {
    await using world = await start({ candidates: SMALLER, limits: NARROW });
    const [one, two] = await world.stream(200, 100, said("smaller-model"));
    expect([one, two].map(upstreamOf)).toEqual(["first", "second"]);
    expect(two.headers.get("x-sluice-fallback")).toBe("smaller-model");
    expect(two.headers.get("x-sluice-model")).toBe("small");
  });

  test("but not one below the quality that is asked for", async () => {
    await using world = await start({ candidates: SMALLER, limits: NARROW });
    const headers = { ...said("smaller-model"), "x-sluice-min-quality": "0.8" };
    const [, two] = await world.stream(200, 100, headers);
    expect(two.status).toBe(429);
  });

  test("an answer that was kept serves the same request", async () => {
    await using world = await start({ candidates: SMALLER.slice(0, 1), limits: NARROW });
    world.first.next = { status: 200, body: { id: "kept", choices: [] } };
    const one = await world.send({}, said("cached"));
    const two = await world.send({}, said("cached"));
    expect([one.headers.get("x-sluice-fallback"), two.headers.get("x-sluice-fallback")]).toEqual([
      "none",
      "cached",
    ]);
    expect(await two.json()).toEqual(await one.json());
    expect((await world.send({ temperature: 0.1 }, said("cached"))).status).toBe(429);
  });

  test("an answer kept for one client's own credential is no other's", async () => {
    await using provider = await startScript({ status: 200, body: { id: "kept", choices: [] } });
    const base_url = `${provider.upstream.url}/v1`;
    await using gateway = await startTestGateway({
      policy: EXACT,
      upstreams: { open: { dialect: "openai", base_url, limits: NARROW } },
    });
    const send = async (key: string, fields = {}) => {
      const headers = { ...said("cached"), authorization: `Bearer ${key}` };
      const answer = await post(`${gateway.url}/v1/chat/completions`, chat(fields), { headers });
      return [answer.status, answer.headers.get("x-sluice-fallback")];
    };
    expect(await send("one")).toEqual([200, "none"]);
    expect(await send("one")).toEqual([200, "cached"]);
    // Each has an account with room for one.
    expect(await send("two", { temperature: 0.1 })).toEqual([200, "none"]);
    expect(await send("two")).toEqual([429, "none"]);
  });

  test("a degraded answer says when to come back", async () => {
    await using world = await start({ candidates: SMALLER.slice(0, 1), limits: NARROW });
    const [, two] = await world.stream(200, 100, said("degrade"));
    expect([two.status, two.headers.get("x-sluice-fallback")]).toEqual([200, "degrade"]);
    const { choices } = (await two.json()) as { choices: { message: { content: string } }[] };
    expect(choices[0].message.content).toMatch(/try again in about 60 seconds/);
    expect(Number(two.headers.get("retry-after"))).toBeGreaterThan(50);
  });

  test("where it is to queue it waits to the end of its max wait", async () => {
    await using world = await start({ candidates: SMALLER.slice(0, 1), limits: NARROW });
    const [, two] = await world.stream(200, 100, said("queue"));
    expect(two.status).toBe(429);
    expect(Number(two.headers.get("x-sluice-wait-ms"))).toBeGreaterThan(900);
  });
});
