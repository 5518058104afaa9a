import { describe, expect, test } from "vitest";
import { TestClock } from "../../../test/support/gateway-clock.ts";
import type { Exchange, Outbound, ResponseSink, Transport } from "../transport/transport.ts";
import type { Grant } from "./grant.ts";
import { renew } from "./renewal.ts";

type Answer = (sink: ResponseSink) => void;

const NEVER = new AbortController().signal;
const GRANT: Grant = {
  request: () => ({ url: "http://h:1/token?x=1", form: { a: "b c" }, authorization: null }),
  granted: () => {},
};

function answer(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (sink) => {
    sink.head(status, headers);
    if (body !== "") sink.data(Buffer.from(body));
    sink.end();
  };
}

const failed =
  (kind: "unreachable" | "reset" | "timeout"): Answer =>
  (sink) =>
    sink.failed({ kind, wasSent: false, cause: null });

function transportOf(answers: readonly Answer[]) {
  const sent: Outbound[] = [];
  const exchange: Exchange = { wasSent: true, abort() {}, pause() {}, resume() {} };
  const transport: Transport = {
    send: (outbound, sink) => {
      sent.push(outbound);
      const next = answers[Math.min(sent.length, answers.length) - 1];
      queueMicrotask(() => next(sink));
      return exchange;
    },
    close: async () => {},
  };
  return { transport, sent };
}

async function outcome(...answers: Answer[]) {
  const clock = new TestClock();
  const { transport, sent } = transportOf(answers);
  const startedAt = clock.now();
  let sum: unknown = null;
  renew(GRANT, { transport, clock, random: () => 0 }, NEVER).then(
    (renewed) => {
      sum = { ...renewed, afterMs: (renewed.askedAt - startedAt) / 1_000 };
    },
    (error) => {
      sum = error;
    },
  );
  await clock.advance(0);
  for (let i = 0; i < 40 && sum === null; i++) await clock.advance(500);
  return { sum, sent };
}

describe("renewal", () => {
  test("posts the grant's form and reads the token", async () => {
    const { sum, sent } = await outcome(answer(200, '{"access_token":"t","expires_in":"60"}'));
    expect(sum).toMatchObject({ token: { value: "t", lifetimeMs: 60_000 }, afterMs: 0 });
    expect(sent).toMatchObject([
      { method: "POST", origin: "http://h:1", path: "/token?x=1", body: "a=b+c" },
    ]);
  });

  test.each([
    [{}, null],
    [{ expires_in: 0 }, null],
    [{ expires_in: "soon" }, null],
    [{ expires_in: 5.5 }, 5_500],
  ])("of %j lives for %s ms", async (fields, lifetimeMs) => {
    const body = JSON.stringify({ access_token: "t", ...fields });
    expect((await outcome(answer(200, body))).sum).toMatchObject({ token: { lifetimeMs } });
  });

  test.each<[string, Answer]>([
    ["answered 503", answer(503, "")],
    ["answered 500", answer(500, "<html>")],
    ["answered 429", answer(429, "{}")],
    ["cannot be reached", failed("unreachable")],
    ["closed the connection", failed("reset")],
    ["did not answer in time", failed("timeout")],
    ["answered with more than 64 KiB", answer(200, "x".repeat(70_000))],
  ])("that %s is tried four times, after pauses that double", async (words, one) => {
    const { sum, sent } = await outcome(one);
    expect(sum).toMatchObject({ message: words, isFinal: false });
    expect(sent).toHaveLength(4);
    const served = await outcome(one, one, one, answer(200, '{"access_token":"t"}'));
    expect(served.sum).toMatchObject({ token: { value: "t" }, afterMs: 3_500 });
  });

  test.each<[string, Answer]>([
    ["answered 400 invalid_grant", answer(400, '{"error":"invalid_grant"}')],
    ["answered 401", answer(401, '{"error":"s3cret","error_description":"s3cret"}')],
    ["answered 302", answer(302, "", { location: "http://elsewhere/" })],
    ["answered 200 without an access token", answer(200, "{}")],
    ["answered 200 without an access token", answer(200, '{"access_token":"a\\r\\nb: c"}')],
    ["answered 200 invalid_client", answer(200, '{"error":"invalid_client"}')],
  ])("that %s is not tried again", async (words, one) => {
    const { sum, sent } = await outcome(one);
    expect(sum).toMatchObject({ message: words, isFinal: true });
    expect(sent).toHaveLength(1);
  });

  test("waits as long as the endpoint asks, but not for long", async () => {
    const good = answer(200, '{"access_token":"t"}');
    const soon = await outcome(answer(429, "", { "retry-after": "3" }), good);
    expect(soon.sum).toMatchObject({ afterMs: 3_000 });
    const late = await outcome(answer(429, "", { "retry-after": "3600" }), good);
    expect(late.sum).toMatchObject({ message: "answered 429" });
  });

  test("ends when it is aborted, while it asks and while it pauses", async () => {
    for (const one of [() => {}, answer(503, "")]) {
      const clock = new TestClock();
      const abort = new AbortController();
      const { transport } = transportOf([one]);
      const renewal = renew(GRANT, { transport, clock, random: () => 0 }, abort.signal);
      await clock.advance(0);
      abort.abort(new Error("closing"));
      await expect(renewal).rejects.toThrow("closing");
    }
  });
});
