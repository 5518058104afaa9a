/** Unsent: what never left may be repeated, and a library that was closed takes nothing more. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { createSluice } from "../../src/index.ts";
import { chat, post, startTestGateway } from "../support/gateway.ts";
import { startUpstream } from "../support/gateway-upstream.ts";

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const RETRY = { attempts: 1 };

function refusedBy(base_url: string) {
  return {
    retry: RETRY,
    upstreams: { it: { dialect: "generic", base_url, limits: [{ rpm: 1_000 }] } },
  };
}

describe("a connection that is refused", () => {
  test("by the gateway's upstream: 502, to be tried again", async () => {
    await using gateway = await startTestGateway(
      refusedBy(`http://127.0.0.1:${await closedPort()}`),
    );
    const answer = await post(`${gateway.url}/it/things`, chat());
    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([502, "true"]);
    const { error } = (await answer.json()) as { error: { code: string } };
    expect(error.code).toBe("upstream_error");
  });

  test("one that broke after it was sent: not", async () => {
    await using upstream = await startUpstream((response) => void response.destroy());
    await using gateway = await startTestGateway(refusedBy(upstream.url));
    const answer = await post(`${gateway.url}/it/things`, chat());
    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([502, "false"]);
  });

  test.each(["127.0.0.1", "localhost"])("by the library's, at %s: the same", async (host) => {
    const base = `http://${host}:${await closedPort()}`;
    const sluice = await createSluice({ config: refusedBy(base) });
    const answer = await sluice.fetch(`${base}/things`, { method: "POST", body: "x" });
    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([502, "true"]);
    await sluice.close();
  });
});

describe("a library that was closed", () => {
  const CLOSED = { code: "upstream_unavailable", message: /was closed/ };

  test("rejects fetch and acquire at once, inside a task too", async () => {
    let sent = 0;
    const sluice = await createSluice({
      config: refusedBy("http://it.test"),
      fetch: async () => {
        sent++;
        return Response.json({});
      },
    });
    expect((await sluice.fetch("http://it.test/x")).status).toBe(200);
    await sluice.close();
    const rejected = async (work: Promise<unknown>) => {
      const error = await work.catch((found: unknown) => found);
      expect(error).toMatchObject({ code: CLOSED.code });
      expect((error as Error).message).toMatch(CLOSED.message);
    };
    await rejected(sluice.fetch("http://it.test/x"));
    await rejected(sluice.acquire({ upstream: "it" }));
    await rejected(sluice.task({ latency: "batch" }, () => sluice.fetch("http://it.test/x")));
    await sluice.close();
    expect(sent).toBe(1);
  });

  test("sends nothing of what still waited for a decision", async () => {
    let sent = 0;
    const sluice = await createSluice({
      config: {
        policy: { pressure: { warn: 0, act: 0 } },
        upstreams: { it: { dialect: "openai", base_url: "http://it.test/v1", api_key: "k" } },
        models: {
          smart: [
            { upstream: "it", model: "large", quality: 0.9 },
            { upstream: "it", model: "small", quality: 0.5 },
          ],
        },
        classifier: { timeout: "20s" },
      },
      classify: () => new Promise(() => {}),
      fetch: async () => {
        sent++;
        return Response.json({});
      },
    });
    const answer = sluice.fetch("http://it.test/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(chat({ model: "smart" })),
    });
    await new Promise((resolve) => setImmediate(resolve));
    await sluice.close();
    expect([(await answer).status, sent]).toEqual([503, 0]);
  });
});

test("a slip in the options of a task or slot is named, with what is allowed", async () => {
  const config = { ...refusedBy("http://it.test"), task_types: { chat: {} } };
  const sluice = await createSluice({ config });
  const code = "invalid_request";
  expect(() => sluice.task({ type: "chta" }, () => 1)).toThrow(/found "chta", allowed: .+`chat`/);
  expect(() => sluice.task({ maxWait: 1 } as object, () => 1)).toThrow(/did you mean `maxWaitMs`/);
  await expect(sluice.acquire({ upstream: "it", type: "x" })).rejects.toMatchObject({ code });
  const slip = { upstream: "it", task: { type: "chat" } };
  await expect(sluice.acquire(slip)).rejects.toThrow(/task.task: found .+allowed: only upstream/);
  await sluice.close();
  await using gateway = await startTestGateway(config);
  const body = { upstream: "it", task: { latencies: "batch" } };
  const answer = await post(`${gateway.url}/sluice/v1/slots`, body);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(/task.latencies: unknown, allowed: type, latency/);
});
