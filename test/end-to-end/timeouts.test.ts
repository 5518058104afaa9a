/** Timeouts: a provider that does not answer, or does not end, costs its time and no more. */
import { describe, expect, test } from "vitest";
import { atRest, chat, post, startTestGateway, until } from "../support/gateway.ts";
import { attemptsOf, callsOf, codeOf, startProvider } from "../support/gateway-provider.ts";
import { answerStream, chatEvent, startUpstream } from "../support/gateway-upstream.ts";

describe("the provider does not answer", () => {
  const server = { timeouts: { first_byte: "200ms" } };

  test("504 after the last attempt; each is closed and none keeps its slot", async () => {
    await using gateway = await startProvider(
      "openai",
      [{ kind: "hang" }],
      [{ max_parallel_requests: 1 }],
      {
        server,
      },
    );
    const answer = await gateway.send();
    expect(answer.status).toBe(504);
    expect(attemptsOf(answer)).toBe(3);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(await codeOf(answer)).toBe("upstream_timeout");
    await until(() => gateway.mock.stats().disconnects === 3, "all are closed");
    await atRest(gateway);
  });

  test("504 also where there is no time for another attempt", async () => {
    await using gateway = await startProvider("openai", [{ kind: "hang" }], [], {
      server,
      retry: { base: "10s" },
    });
    const answer = await gateway.send({}, { "x-sluice-max-wait-ms": "1000" });
    expect(answer.status).toBe(504);
    expect(await codeOf(answer)).toBe("upstream_timeout");
    expect(callsOf(gateway)).toBe(1);
  });

  test("a stream that opens and then says nothing is no first byte", async () => {
    let calls = 0;
    await using upstream = await startUpstream((response) => {
      answerStream(response);
      response.write(chatEvent(""));
      if (++calls === 2) response.end(`${chatEvent("late")}data: [DONE]\n\n`);
    });
    await using gateway = await startTestGateway({
      server,
      retry: { base: "5ms" },
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k" } },
    });
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat({ stream: true }), {
      signal: AbortSignal.timeout(5_000),
    });
    expect(await answer.text()).toContain("late");
    expect(attemptsOf(answer)).toBe(2);
  });

  test("the whole of an answer has its time too: a stream that does not end is broken", async () => {
    await using upstream = await startUpstream((response) => {
      answerStream(response);
      response.write(chatEvent("one"));
    });
    await using gateway = await startTestGateway({
      server: { timeouts: { first_byte: "100ms", upstream: "400ms" } },
      upstreams: { it: { dialect: "openai", base_url: upstream.url, api_key: "k" } },
    });
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat({ stream: true }));
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    await until(() => upstream.received[0].wasAborted, "the upstream is cut off");
    await atRest(gateway);
  });
});
