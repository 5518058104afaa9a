import { describe, expect, test } from "vitest";
import { TestClock } from "../../../test/support/gateway-clock.ts";
import type { Verdict, VerdictClass } from "../../core/verdict/verdict.ts";
import type { Outbound } from "../transport/transport.ts";
import { RenewalError, type Renewed } from "./renewal.ts";
import { RenewedToken } from "./renewed-token.ts";

const OUTBOUND: Outbound = {
  method: "GET",
  origin: "http://h",
  path: "/",
  headers: { accept: "x" },
  body: null,
  firstByteMs: 1,
};
const NEVER = new AbortController().signal;

/** A token whose renewals end when the test says so. */
function world({ lifetimeMs = 1_000_000 as number | null, mostWaiting = 10 } = {}) {
  const clock = new TestClock();
  const closing = new AbortController();
  const pending: { resolve(renewed: Renewed): void; reject(error: unknown): void }[] = [];
  const failures: string[] = [];
  let asked = 0;
  const token = new RenewedToken({
    upstream: "crm",
    clock,
    closing: closing.signal,
    mostWaiting: () => mostWaiting,
    onFailed: (message) => failures.push(message),
    renew: (signal) =>
      new Promise((resolve, reject) => {
        asked++;
        pending.push({ resolve, reject });
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  return {
    clock,
    closing,
    token,
    failures,
    asked: () => asked,
    grant: (value: string) =>
      pending.shift()?.resolve({ token: { value, lifetimeMs }, askedAt: clock.now() }),
    fail: (error: unknown) => pending.shift()?.reject(error),
    send: () => token.authorize(OUTBOUND, clock.now()),
    refuse: (sent: Outbound, of: VerdictClass = "auth", status = 401) =>
      token.refused(sent, { status, headers: {}, verdict: verdict(of) }, clock.now()),
  };
}

function verdict(of: VerdictClass): Verdict {
  return { class: of, dimension: null, retryable: false, retryAfterMs: null };
}

async function ready(options: Parameters<typeof world>[0] = {}) {
  const it = world(options);
  const waiting = it.token.whenReady(NEVER);
  it.grant("a");
  await waiting;
  return it;
}

describe("a token", () => {
  test("is fetched once, however many wait for it", async () => {
    const it = world();
    expect(it.token.isReady(it.clock.now())).toBe(false);
    const waiting = Array.from({ length: 5 }, () => it.token.whenReady(NEVER));
    it.grant("a");
    await Promise.all(waiting);
    expect(it.asked()).toBe(1);
    expect(it.token.isReady(it.clock.now())).toBe(true);
    expect(it.send().headers).toEqual({ accept: "x", authorization: "Bearer a" });
    expect(OUTBOUND.headers).toEqual({ accept: "x" });
  });

  test.each([
    ["a minute before its end", 1_000_000, 940_000, 995_000],
    ["a tenth of a short life before its end", 100_000, 90_000, 98_000],
  ])("is renewed %s, and not sent in its last moment", async (_when, lifetimeMs, ahead, end) => {
    const it = await ready({ lifetimeMs });
    await it.clock.advance(ahead - 1);
    it.send();
    expect(it.asked()).toBe(1);
    await it.clock.advance(1);
    expect(it.send().headers["authorization"]).toBe("Bearer a");
    it.send();
    expect(it.asked()).toBe(2);
    await it.clock.advance(end - ahead - 1);
    expect(it.token.isReady(it.clock.now())).toBe(true);
    await it.clock.advance(1);
    expect(it.token.isReady(it.clock.now())).toBe(false);
    const waiting = it.token.whenReady(NEVER);
    it.grant("b");
    await waiting;
    expect(it.asked()).toBe(2);
    expect(it.send().headers["authorization"]).toBe("Bearer b");
  });

  test("without a lifetime is kept until it is refused", async () => {
    const it = await ready({ lifetimeMs: null });
    await it.clock.advance(1e9);
    expect(it.token.isReady(it.clock.now())).toBe(true);
    expect(it.refuse(it.send())).toBe(true);
    expect(it.token.isReady(it.clock.now())).toBe(false);
  });

  test("that cannot be renewed ahead of its end is still sent, and tried for again later", async () => {
    const it = await ready();
    await it.clock.advance(950_000);
    it.send();
    it.fail(new RenewalError("answered 503", false));
    await it.clock.advance(0);
    expect(it.failures).toHaveLength(1);
    it.send();
    expect(it.asked()).toBe(2);
    await it.clock.advance(5_000);
    it.send();
    expect(it.asked()).toBe(3);
  });
});

describe("a token that is refused", () => {
  test.each<[VerdictClass, number, boolean]>([
    ["auth", 401, true],
    ["auth", 200, true],
    ["auth", 403, false],
    ["quota", 429, false],
    ["invalid_request", 400, false],
  ])("as %s under %i is given up: %s", async (of, status, isGivenUp) => {
    const it = await ready();
    expect(it.refuse(it.send(), of, status)).toBe(isGivenUp);
    expect(it.token.isReady(it.clock.now())).toBe(!isGivenUp);
  });

  test("by many is renewed once, also for whoever hears of it late", async () => {
    const it = await ready();
    const [first, second, third] = [it.send(), it.send(), it.send()];
    expect(it.refuse(first)).toBe(true);
    expect(it.refuse(second)).toBe(true);
    const waiting = it.token.whenReady(NEVER);
    it.grant("b");
    await waiting;
    expect(it.refuse(third)).toBe(true);
    expect(it.token.isReady(it.clock.now())).toBe(true);
    expect(it.asked()).toBe(2);
  });

  test("although it is new is not renewed again for a while, unless one was accepted", async () => {
    const it = await ready();
    it.refuse(it.send());
    const waiting = it.token.whenReady(NEVER);
    it.grant("b");
    await waiting;
    expect(it.refuse(it.send())).toBe(false);
    await it.clock.advance(30_000);
    expect(it.refuse(it.send())).toBe(true);
    const again = it.token.whenReady(NEVER);
    it.grant("c");
    await again;
    it.token.accepted();
    expect(it.refuse(it.send())).toBe(true);
  });
});

describe("a renewal that fails", () => {
  test("is told to all who wait, and to those who come in the next seconds", async () => {
    const it = world();
    const waiting = [it.token.whenReady(NEVER), it.token.whenReady(NEVER)];
    it.fail(new RenewalError("answered 503", false));
    for (const one of await Promise.allSettled(waiting)) {
      expect(one).toMatchObject({
        reason: { code: "upstream_unavailable", details: { retryAfterMs: 5_000 } },
      });
    }
    await it.clock.advance(3_000);
    await expect(it.token.whenReady(NEVER)).rejects.toMatchObject({
      details: { retryAfterMs: 2_000 },
    });
    expect(it.asked()).toBe(1);
    await it.clock.advance(2_000);
    const next = it.token.whenReady(NEVER);
    it.grant("a");
    await next;
    expect(it.failures).toEqual([
      "the credential of crm could not be renewed: its token endpoint answered 503",
    ]);
  });

  test("for good is probed once a minute", async () => {
    const it = world();
    const waiting = it.token.whenReady(NEVER);
    it.fail(new RenewalError("answered 400 invalid_grant", true));
    await expect(waiting).rejects.toMatchObject({ code: "upstream_error" });
    await it.clock.advance(59_999);
    await expect(it.token.whenReady(NEVER)).rejects.toMatchObject({ code: "upstream_error" });
    await it.clock.advance(1);
    const probe = it.token.whenReady(NEVER);
    it.grant("a");
    await probe;
    expect(it.asked()).toBe(2);
  });
});

describe("whoever waits", () => {
  test("may leave, without ending the wait of the others", async () => {
    const it = world();
    const leaving = new AbortController();
    const [gone, stays] = [it.token.whenReady(leaving.signal), it.token.whenReady(NEVER)];
    leaving.abort(new Error("gone"));
    await expect(gone).rejects.toThrow("gone");
    it.grant("a");
    await stays;
  });

  test("is refused beyond a number", async () => {
    const it = world({ mostWaiting: 1 });
    const first = it.token.whenReady(NEVER);
    await expect(it.token.whenReady(NEVER)).rejects.toMatchObject({ code: "queue_full" });
    it.grant("a");
    await first;
  });

  test("is told when everything ends", async () => {
    const it = world();
    const waiting = it.token.whenReady(NEVER);
    it.closing.abort(new Error("closing"));
    await expect(waiting).rejects.toThrow("closing");
    expect(it.failures).toEqual([]);
  });
});
