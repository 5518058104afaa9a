/** Repeats: what the provider may have done already is done again only where that does no harm. */
import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { atRest, pause, post, startTestGateway } from "../support/gateway.ts";
import { attemptsOf, codeOf, freePort, startPlain } from "../support/gateway-provider.ts";
import { answerJson, type Handler } from "../support/gateway-upstream.ts";

describe("what the provider may have done is repeated only if that is safe", () => {
  const failures: readonly [string, Handler][] = [
    ["a reset", (response) => void response.socket?.resetAndDestroy()],
    ["a failure", (response) => answerJson(response, 500, { error: "oops" })],
  ];

  describe.each(failures)("after %s", (_, fail) => {
    test.each<[string, string, Record<string, string>, object, number]>([
      ["POST", "/things", {}, {}, 1],
      ["PATCH", "/things", {}, {}, 1],
      ["GET", "/things", {}, {}, 2],
      ["HEAD", "/things", {}, {}, 2],
      ["PUT", "/things", {}, {}, 2],
      ["DELETE", "/things", {}, {}, 2],
      ["POST", "/things", { "idempotency-key": "once" }, {}, 2],
      ["POST", "/things", {}, { retry_unsafe: true }, 2],
    ])("%s %s with %o and %o is sent %5$i times", async (method, path, headers, config, times) => {
      let calls = 0;
      await using gateway = await startPlain((response, received, incoming) => {
        calls++;
        if (calls === 1) return fail(response, received, incoming);
        return answerJson(response, 200, {});
      }, config);
      const body = ["GET", "HEAD"].includes(method) ? undefined : "{}";
      const all = { "content-type": "application/json", ...headers };
      const answer = await fetch(`${gateway.url}/plain${path}`, { method, headers: all, body });
      expect(gateway.received).toHaveLength(times);
      if (times === 2) expect(answer.status).toBe(200);
      else expect(answer.status).toBeGreaterThanOrEqual(500);
      await atRest(gateway);
    });
  });

  test("a POST that was cut off: 502, not to be repeated by the SDK either", async () => {
    await using gateway = await startPlain((response) => void response.destroy());
    const answer = await post(`${gateway.url}/plain/things`, {});
    expect(answer.status).toBe(502);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(await codeOf(answer)).toBe("upstream_error");
  });

  test("a body that streams cannot be sent twice, even by PUT", async () => {
    await using gateway = await startPlain((response) => answerJson(response, 503, {}));
    const headers = { "content-type": "application/octet-stream" };
    const put = { method: "PUT", body: Buffer.alloc(1_000), headers };
    const answer = await fetch(`${gateway.url}/plain/x`, put);
    expect(answer.status).toBe(503);
    expect(gateway.received).toHaveLength(1);
    await atRest(gateway);
  });

  test("what was never sent is sent again, whatever it is", async () => {
    const port = await freePort();
    await using gateway = await startTestGateway({
      retry: { base: "200ms" },
      upstreams: { plain: { dialect: "generic", base_url: `http://127.0.0.1:${port}` } },
    });
    const answered = post(`${gateway.url}/plain/things`, { a: 1 });
    await pause(100);
    let calls = 0;
    const late = createServer((_, response) => {
      calls++;
      response.end("{}");
    });
    await new Promise<void>((resolve) => late.listen(port, "127.0.0.1", resolve));
    const answer = await answered;
    expect(answer.status).toBe(200);
    expect(attemptsOf(answer)).toBeGreaterThan(1);
    expect(calls).toBe(1);
    late.closeAllConnections();
    await new Promise((resolve) => late.close(resolve));
  });

  test("who cannot be reached at all: 502 after the last attempt", async () => {
    const port = await freePort();
    await using gateway = await startTestGateway({
      retry: { base: "5ms" },
      upstreams: { plain: { dialect: "generic", base_url: `http://127.0.0.1:${port}` } },
    });
    const answer = await post(`${gateway.url}/plain/things`, {});
    expect(answer.status).toBe(502);
    expect(attemptsOf(answer)).toBe(3);
    expect(await codeOf(answer)).toBe("upstream_error");
    await atRest(gateway);
  });
});
