import { describe, expect, test, vi } from "vitest";
import { type Fault, INSTANT, type MockServer, startMock } from "../index.ts";

const RATES = {
  openai: "x-ratelimit-limit-requests",
  anthropic: "anthropic-ratelimit-requests-limit",
};
type DialectName = keyof typeof RATES;
const PATHS = { openai: "/v1/chat/completions", anthropic: "/v1/messages" };

function start(dialect: DialectName, faults: Fault[] = []): Promise<MockServer> {
  return startMock({ dialect, faults, latency: INSTANT, limits: { rpd: 1_000, tpd: 100_000 } });
}

function ask(
  mock: MockServer,
  dialect: DialectName,
  fault?: string,
  more: object = {},
): Promise<Response> {
  const headers: Record<string, string> = { "x-mock-output-tokens": "20" };
  if (fault) headers["x-mock-fault"] = fault;
  const messages = [{ role: "user", content: "12345678" }];
  const body = JSON.stringify({ model: "m", max_tokens: 50, messages, ...more });
  return fetch(mock.url + PATHS[dialect], { method: "POST", headers, body });
}

describe.each(["openai", "anthropic"] as const)("%s", (dialect) => {
  test.each([
    { fault: "overload", openai: [503, "server_error"], anthropic: [529, "overloaded_error"] },
    {
      fault: "billing",
      openai: [429, "insufficient_quota"],
      anthropic: [400, "credit balance is too low"],
    },
    { fault: "status:500", openai: [500, "server_error"], anthropic: [500, "api_error"] },
    {
      fault: "status:429",
      openai: [429, "Slow down."],
      anthropic: [429, "exceed your account's rate limit"],
    },
    {
      fault: "status:403",
      openai: [403, "invalid_request_error"],
      anthropic: [403, "permission_error"],
    },
  ])("$fault", async ({ fault, ...expected }) => {
    await using mock = await start(dialect);
    const response = await ask(mock, dialect, fault);
    const [status, text] = expected[dialect];
    expect(response.status).toBe(status);
    expect(await response.text()).toContain(text);
    expect(response.headers.has(RATES[dialect])).toBe(fault !== "billing");
    expect(mock.stats()).toMatchObject({
      ok: 0,
      refused429: 0,
      faults: { [fault.split(":")[0]]: 1 },
    });
  });

  test("a status with a body and headers of one's own", async () => {
    const body = "<html>502</html>";
    const headers = { "content-type": "text/html", "retry-after": "7" };
    await using mock = await start(dialect, [{ kind: "status", status: 502, body, headers }]);
    const response = await ask(mock, dialect);
    expect(await response.text()).toBe(body);
    expect(response.headers.get("content-type")).toBe("text/html");
    expect(response.headers.get("retry-after")).toBe("7");
  });

  test("a status with headers that HTTP does not allow does no harm", async () => {
    await using mock = await start(dialect, [
      { kind: "status", status: 502, headers: { a: "\n" }, count: 1 },
    ]);
    expect((await ask(mock, dialect)).status).toBe(500);
    expect((await ask(mock, dialect)).status).toBe(200);
  });

  test.each([false, true])(
    "reset drops the connection after the charge (stream: %s)",
    async (stream) => {
      await using mock = await start(dialect);
      await expect(ask(mock, dialect, "reset", { stream })).rejects.toThrow();
      expect(mock.stats().charged.rpd).toBe(1);
      expect(mock.stats()).toMatchObject({ disconnects: 0, inFlight: { now: 0 } });
    },
  );

  test("hang never answers, until the client leaves", async () => {
    await using mock = await start(dialect);
    const hanging = ask(mock, dialect, "hang");
    await vi.waitFor(() => expect(mock.stats().faults).toEqual({ hang: 1 }));
    await (await ask(mock, dialect)).text();
    expect(mock.stats()).toMatchObject({ ok: 1, inFlight: { now: 1 } });
    await mock.close();
    await expect(hanging).rejects.toThrow();
  });

  test("error-in-stream: after 200 and so many tokens", async () => {
    await using mock = await start(dialect);
    const response = await ask(mock, dialect, "error-in-stream:3", { stream: true });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toMatch(
      dialect === "openai" ? /data: {"error":{[^\n]*\n\n$/ : /event: error\n[^\n]*\n\n$/,
    );
    expect(text).not.toContain(dialect === "openai" ? "[DONE]" : "message_stop");
    expect(text).toContain(dialect === "openai" ? '"content":' : "content_block_delta");
    expect(mock.stats().ok).toBe(0);
  });

  test("error-in-stream:0 is the very first event", async () => {
    await using mock = await start(dialect);
    const text = await (await ask(mock, dialect, "error-in-stream:0", { stream: true })).text();
    expect(text).toMatch(dialect === "openai" ? /^data: {"error"/ : /^event: error/);
  });

  test("cut-stream: what was produced arrives, then the connection ends", async () => {
    await using mock = await start(dialect);
    const response = await ask(mock, dialect, "cut-stream:8", { stream: true });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const reading = (async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read())
        text += part.value;
    })();
    await expect(reading).rejects.toThrow();
    expect(text.match(dialect === "openai" ? /"content":"\w/g : /text_delta/g)).toHaveLength(8);
    expect(mock.stats()).toMatchObject({ ok: 0, disconnects: 0, inFlight: { now: 0 } });
  });

  test("without a stream these end in an error and a reset", async () => {
    await using mock = await start(dialect);
    expect((await ask(mock, dialect, "error-in-stream")).status).toBe(500);
    await expect(ask(mock, dialect, "cut-stream")).rejects.toThrow();
  });

  test("no-headers hides the rate headers of answers and refusals", async () => {
    await using mock = await start(dialect);
    expect((await ask(mock, dialect)).headers.has(RATES[dialect])).toBe(true);
    expect((await ask(mock, dialect, "no-headers")).headers.has(RATES[dialect])).toBe(false);
    mock.setLimits({ rpd: 1 });
    mock.addFault({ kind: "no-headers" });
    await ask(mock, dialect);
    const refused = await ask(mock, dialect);
    expect([refused.status, refused.headers.has(RATES[dialect])]).toEqual([429, false]);
  });

  test("slow holds the first token back", async () => {
    await using mock = await start(dialect, [{ kind: "slow", firstTokenMs: 60_000 }]);
    const slow = ask(mock, dialect, undefined, { stream: true });
    await vi.waitFor(() => expect(mock.stats().faults).toEqual({ slow: 1 }));
    mock.clearFaults();
    await (await ask(mock, dialect)).text();
    expect(mock.stats()).toMatchObject({ ok: 1, inFlight: { now: 1 } });
    await mock.close();
    await expect(slow).rejects.toThrow();
  });

  test("a fault may come by metadata, where gateways strip headers", async () => {
    await using mock = await start(dialect);
    const response = await ask(mock, dialect, undefined, {
      metadata: { mock_fault: "status:418" },
    });
    expect(response.status).toBe(418);
  });
});

test("an error in a stream of responses is an event of its own", async () => {
  await using mock = await start("openai");
  const body = {
    model: "m",
    input: "Hi",
    stream: true,
    metadata: { mock_fault: "error-in-stream:1" },
  };
  const response = await fetch(`${mock.url}/v1/responses`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(await response.text()).toMatch(
    /event: error\ndata: {"type":"error","code":"server_error"[^\n]*\n\n$/,
  );
});
