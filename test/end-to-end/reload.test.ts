/** Reload: another configuration, while levels, waits and connections go on. */
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import {
  atRest,
  type ConfigObject,
  chat,
  EXACT,
  levelIn,
  post,
  startTestGateway,
  until,
} from "../support/gateway.ts";
import { answerJson, answerStream, chatEvent, startUpstream } from "../support/gateway-upstream.ts";

/** A gateway whose upstream answers when the test says. */
async function start(configOf: (it: object) => ConfigObject) {
  const held: ServerResponse[] = [];
  const upstream = await startUpstream((response) => void held.push(response));
  const it = { dialect: "openai", base_url: upstream.url, api_key: "k" };
  const gateway = await startTestGateway({ policy: EXACT, ...configOf(it) });
  const answer = (response: ServerResponse) => {
    if (!response.headersSent) answerJson(response, 200, {});
  };
  return {
    ...gateway,
    it,
    upstream,
    held,
    answer,
    send: (path = "/v1/chat/completions", headers: Record<string, string> = {}) =>
      post(gateway.url + path, chat(), { headers }),
    reload: (config: ConfigObject) => gateway.reload({ policy: EXACT, ...config }),
    async [Symbol.asyncDispose]() {
      for (const response of held) answer(response);
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const slots = (count: number) => [{ max_parallel_requests: count }];
const hourly = (amount: number) => [{ requests: { amount, per: "1h" } }];

describe("what is kept", () => {
  test("levels: what was used stays used, under a higher limit and a lower one", async () => {
    await using gateway = await start((it) => ({
      upstreams: { it: { ...it, limits: hourly(10) } },
    }));
    for (let i = 0; i < 4; i++) {
      const answered = gateway.send();
      await until(() => gateway.held.length === i + 1, "it is sent");
      gateway.answer(gateway.held[i]);
      await answered;
    }
    const level = async () => levelIn(await gateway.state(), "it", "requests");
    expect(await level()).toBeCloseTo(6, 1);
    gateway.reload({ upstreams: { it: { ...gateway.it, limits: hourly(20) } } });
    expect(await level()).toBeCloseTo(6, 1);
    gateway.reload({ upstreams: { it: { ...gateway.it, limits: hourly(5) } } });
    expect(await level()).toBeCloseTo(5, 1);
  });

  test("levels of an upstream that is taken out and put back", async () => {
    await using gateway = await start((it) => ({
      upstreams: { it: { ...it, limits: hourly(10) } },
    }));
    const answered = gateway.send();
    await until(() => gateway.held.length === 1, "it is sent");
    gateway.answer(gateway.held[0]);
    await answered;
    gateway.reload({ upstreams: { other: gateway.it } });
    expect(Object.keys((await gateway.state()).upstreams)).toEqual(["other"]);
    gateway.reload({ upstreams: { it: { ...gateway.it, limits: hourly(10) } } });
    expect(levelIn(await gateway.state(), "it", "requests")).toBeCloseTo(9, 1);
  });

  test("waits: whoever waits goes on waiting and is served in the old order", async () => {
    await using gateway = await start((it) => ({ upstreams: { it: { ...it, limits: slots(1) } } }));
    const order: number[] = [];
    const all = [0, 1, 2, 3].map(async (i) => {
      await until(
        () => gateway.runtime.load.waiting + gateway.runtime.load.running === i,
        "its turn",
      );
      const answer = await gateway.send();
      order.push(i);
      return answer.status;
    });
    await until(() => gateway.runtime.load.waiting === 3, "three wait");
    gateway.reload({ upstreams: { it: { ...gateway.it, limits: slots(1) } }, tiers: { only: {} } });
    const state = await gateway.state();
    expect(state.queue.waiting).toBe(3);
    expect(state.queue.bands.every(({ tier }) => tier === "only")).toBe(true);
    expect(levelIn(state, "it", "concurrency")).toBe(0);
    expect(state.tenants.default).toMatchObject({ waiting: 3, running: 1 });
    for (let i = 0; i < 4; i++) {
      await until(() => gateway.held.length === i + 1, "the next is sent");
      gateway.answer(gateway.held[i]);
      await until(() => order.length === i + 1, "it is answered");
    }
    expect(order).toEqual([0, 1, 2, 3]);
    expect(await Promise.all(all)).toEqual([200, 200, 200, 200]);
    await atRest(gateway);
    expect(levelIn(await gateway.state(), "it", "concurrency")).toBe(1);
  });

  test("running streams and their settlement", async () => {
    await using gateway = await start((it) => ({ upstreams: { it: { ...it, limits: slots(2) } } }));
    const answer = gateway.send();
    await until(() => gateway.held.length === 1, "it is sent");
    const [stream] = gateway.held;
    answerStream(stream);
    stream.write(chatEvent("one"));
    const reader = (await answer).body?.getReader();
    expect(String(Buffer.from((await reader?.read())?.value ?? []))).toContain("one");
    for (let i = 0; i < 3; i++) {
      gateway.reload({
        upstreams: { it: { ...gateway.it, limits: slots(2) } },
        retry: { attempts: 2 },
      });
    }
    const { tenants } = await gateway.state();
    expect(tenants.default).toMatchObject({ running: 1 });
    expect(levelIn(await gateway.state(), "it", "concurrency")).toBe(1);
    stream.write(chatEvent("two"));
    expect(String(Buffer.from((await reader?.read())?.value ?? []))).toContain("two");
    stream.end("data: [DONE]\n\n");
    let rest = "";
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      rest += Buffer.from(piece.value).toString();
    }
    expect(rest).toContain("[DONE]");
    await atRest(gateway);
    expect(levelIn(await gateway.state(), "it", "concurrency")).toBe(2);
  });

  test("a retry that comes after it", async () => {
    await using gateway = await start((it) => ({
      retry: { base: "100ms" },
      upstreams: { it: { ...it, limits: slots(1) } },
    }));
    const answered = gateway.send();
    await until(() => gateway.held.length === 1, "it is sent");
    gateway.reload({ upstreams: { it: { ...gateway.it, limits: slots(1) } } });
    answerJson(gateway.held[0], 500, {});
    await until(() => gateway.held.length === 2, "it is sent again");
    gateway.answer(gateway.held[1]);
    expect((await answered).status).toBe(200);
    await atRest(gateway);
  });
});

describe("what changes", () => {
  test("a raised limit lets in who waits at once", async () => {
    await using gateway = await start((it) => ({ upstreams: { it: { ...it, limits: slots(1) } } }));
    const all = [gateway.send(), gateway.send(), gateway.send()];
    await until(() => gateway.runtime.load.waiting === 2, "two wait");
    gateway.reload({ upstreams: { it: { ...gateway.it, limits: slots(3) } } });
    await until(() => gateway.held.length === 3, "all are sent");
    for (const response of gateway.held) gateway.answer(response);
    for (const answer of await Promise.all(all)) expect(answer.status).toBe(200);
  });

  test("a lowered limit holds from now on, whatever runs", async () => {
    await using gateway = await start((it) => ({ upstreams: { it: { ...it, limits: slots(3) } } }));
    const all = [gateway.send(), gateway.send(), gateway.send()];
    await until(() => gateway.held.length === 3, "all are sent");
    gateway.reload({ upstreams: { it: { ...gateway.it, limits: slots(1) } } });
    all.push(gateway.send());
    await until(() => gateway.runtime.load.waiting === 1, "the fourth waits");
    gateway.answer(gateway.held[0]);
    gateway.answer(gateway.held[1]);
    await all[0];
    await all[1];
    expect(gateway.held).toHaveLength(3);
    gateway.answer(gateway.held[2]);
    await until(() => gateway.held.length === 4, "the fourth is sent");
  });

  test("who no longer fits at all is told so", async () => {
    await using gateway = await start((it) => ({
      upstreams: { it: { ...it, limits: [{ tpm: 1_000, max_parallel_requests: 1 }] } },
    }));
    const running = gateway.send();
    await until(() => gateway.held.length === 1, "the first is sent");
    const large = post(`${gateway.url}/v1/chat/completions`, chat({ max_tokens: 900 }));
    await until(() => gateway.runtime.load.waiting === 1, "the second waits");
    gateway.reload({
      upstreams: { it: { ...gateway.it, limits: [{ tpm: 100, max_parallel_requests: 1 }] } },
    });
    const refused = await large;
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ error: { code: "demand_exceeds_limit" } });
    gateway.answer(gateway.held[0]);
    expect((await running).status).toBe(200);
    await atRest(gateway);
  });

  test("a removed upstream takes nothing new; who runs or waits there is still served", async () => {
    await using gateway = await start((it) => ({
      upstreams: { it: { ...it, limits: slots(1) }, other: it },
    }));
    const running = gateway.send("/it/chat/completions");
    const waiting = gateway.send("/it/chat/completions");
    await until(() => gateway.runtime.load.waiting === 1, "the second waits");
    gateway.reload({ upstreams: { other: gateway.it } });
    expect((await gateway.send("/it/chat/completions")).status).toBe(404);
    const { queue } = await gateway.state();
    expect(queue.waiting).toBe(1);
    for (let i = 0; i < 2; i++) {
      await until(() => gateway.held.length === i + 1, "the next is sent");
      gateway.answer(gateway.held[i]);
    }
    expect((await running).status).toBe(200);
    expect((await waiting).status).toBe(200);
    await atRest(gateway);
  });

  test("a tenant's slots go over a removed upstream too", async () => {
    const tenants = { default: { max_parallel_requests: 1 } };
    await using gateway = await start((it) => ({ upstreams: { it, other: it }, tenants }));
    const running = gateway.send("/other/chat/completions");
    await until(() => gateway.held.length === 1, "the first runs");
    const waiting = gateway.send("/it/chat/completions");
    await until(() => gateway.runtime.load.waiting === 1, "the second waits");
    gateway.reload({ upstreams: { other: gateway.it }, tenants });
    gateway.answer(gateway.held[0]);
    await running;
    await until(() => gateway.held.length === 2, "the second is sent");
    gateway.answer(gateway.held[1]);
    expect((await waiting).status).toBe(200);
  });

  test("the first upstream in the new order is the default", async () => {
    await using gateway = await start((it) => ({ upstreams: { one: it, two: it } }));
    const upstreamOf = async () => {
      const count = gateway.held.length;
      const answered = gateway.send();
      await until(() => gateway.held.length > count, "it is sent");
      gateway.answer(gateway.held[count]);
      return (await answered).headers.get("x-sluice-upstream");
    };
    expect(await upstreamOf()).toBe("one");
    gateway.reload({ upstreams: { two: gateway.it, one: gateway.it } });
    expect(await upstreamOf()).toBe("two");
    gateway.reload({ upstreams: { zero: gateway.it, two: gateway.it } });
    expect(await upstreamOf()).toBe("zero");
  });

  test("aliases, keys and credentials hold for the next request", async () => {
    await using gateway = await start((it) => ({ upstreams: { it } }));
    const next = async (headers: Record<string, string> = {}) => {
      const count = gateway.held.length;
      const answered = gateway.send(undefined, headers);
      await Promise.race([answered, until(() => gateway.held.length > count, "it is sent")]);
      if (gateway.held.length > count) gateway.answer(gateway.held[count]);
      return (await answered).status;
    };
    expect(await next()).toBe(200);
    expect(gateway.upstream.received.at(-1)?.headers.authorization).toBe("Bearer k");
    gateway.reload({
      upstreams: { it: { ...gateway.it, api_key: "k2" } },
      models: { "gpt-5": [{ upstream: "it", model: "renamed" }] },
      tenants: { acme: { keys: [keyHash("sk-acme")] } },
    });
    expect(await next()).toBe(401);
    expect(await next({ "x-sluice-key": "sk-acme" })).toBe(200);
    const last = gateway.upstream.received.at(-1);
    expect(last?.headers.authorization).toBe("Bearer k2");
    expect(JSON.parse(String(last?.body)).model).toBe("renamed");
  });
});

test("a hundred reloads under load lose nobody", async () => {
  await using upstream = await startUpstream((response) => {
    setTimeout(() => answerJson(response, 200, {}), 2);
  });
  const it = { dialect: "openai", base_url: upstream.url, api_key: "k" };
  const configWith = (count: number): ConfigObject => ({
    policy: EXACT,
    upstreams: { it: { ...it, limits: [{ rpm: 60_000 }, ...slots(count)] } },
  });
  await using gateway = await startTestGateway(configWith(4));
  let isLoading = true;
  const clients = Array.from({ length: 12 }, async () => {
    const statuses: number[] = [];
    while (isLoading)
      statuses.push((await post(`${gateway.url}/v1/chat/completions`, chat())).status);
    return statuses;
  });
  for (let i = 0; i < 100; i++) {
    await until(() => gateway.runtime.load.waiting > 0, "some wait");
    gateway.reload(configWith(1 + (i % 7)));
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  isLoading = false;
  const statuses = (await Promise.all(clients)).flat();
  expect(statuses.length).toBeGreaterThan(100);
  expect(new Set(statuses)).toEqual(new Set([200]));
  await atRest(gateway);
  expect(upstream.received).toHaveLength(statuses.length);
  expect((await gateway.state()).upstreams.it.meters[1]).toMatchObject({ level: 2, reserved: 0 });
});
