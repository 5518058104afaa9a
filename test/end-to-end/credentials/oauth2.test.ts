/** OAuth 2 through a gateway: tokens that run out while calls run, refresh tokens that rotate, endpoints that fail. */
import { describe, expect, test } from "vitest";
import { createSluice } from "../../../src/index.ts";
import {
  atRest,
  type ConfigObject,
  EXACT,
  levelIn,
  pause,
  startTestGateway,
} from "../../support/gateway.ts";
import { TestClock } from "../../support/gateway-clock.ts";
import { answerJson, type Handler } from "../../support/gateway-upstream.ts";
import { startTokenProvider, type TokenProvider } from "../../support/token-provider.ts";

const AMOUNT = 1_000;
const SECRET = "very-secret";

function configFor(
  { url }: TokenProvider,
  auth: object = {},
  dialect = "salesforce",
): ConfigObject {
  const oauth2 = { kind: "oauth2", token_url: `${url}/token`, client_id: "app" };
  return {
    policy: EXACT,
    retry: { base: "1ms" },
    upstreams: {
      crm: {
        dialect,
        base_url: url,
        auth: { ...oauth2, client_secret: SECRET, ...auth },
        limits: [{ requests: { amount: AMOUNT, per: "1d", window: "fixed" } }],
      },
    },
  };
}

const invalidSession: Handler = (response) =>
  answerJson(response, 401, [{ errorCode: "INVALID_SESSION_ID", message: "Session expired" }]);
const expiredAuthentication: Handler = (response) =>
  answerJson(response, 401, { status: "error", category: "EXPIRED_AUTHENTICATION" });
/** Marketo's, under a success. */
const tokenExpired: Handler = (response) =>
  answerJson(response, 200, {
    success: false,
    errors: [{ code: "602", message: "Token expired" }],
  });
const slowly: Handler = async (response) => {
  await pause(2);
  answerJson(response, 200, { success: true });
};

describe("a token that runs out while calls run", () => {
  test.each([
    ["salesforce", invalidSession],
    ["hubspot", expiredAuthentication],
    ["marketo", tokenExpired],
    ["generic", undefined],
  ])("is renewed once for all of them, and no client of %s notices", async (dialect, refuse) => {
    await using provider = await startTokenProvider({ refuse, serve: slowly });
    await using gateway = await startTestGateway(configFor(provider, {}, dialect));
    const call = async (id: number) => {
      const response = await fetch(`${gateway.url}/crm/records/${id}`);
      return { status: response.status, body: await response.json() };
    };
    for (let expiry = 0; expiry <= 3; expiry++) {
      if (expiry > 0) provider.expire();
      const answers = await Promise.all(Array.from({ length: 30 }, (_, id) => call(id)));
      expect(answers).toEqual(answers.map(() => ({ status: 200, body: { success: true } })));
      expect(provider.asked).toHaveLength(1 + expiry);
    }
    await atRest(gateway);
    expect(provider.served).toHaveLength(120);
    // Every request that the provider saw is charged, and nothing else: its endpoint is no part of the API.
    const sent = provider.served.length + provider.refused.length;
    expect(levelIn(await gateway.state(), "crm", "requests")).toBe(AMOUNT - sent);
  });

  test("is renewed in the library, too, whose calls wait in the same way", async () => {
    await using provider = await startTokenProvider({ refuse: invalidSession, serve: slowly });
    const sluice = await createSluice({ config: configFor(provider), env: {} });
    const call = () => sluice.fetch(`${provider.url}/records`).then(({ status }) => status);
    expect(await Promise.all(Array.from({ length: 10 }, call))).toEqual(Array(10).fill(200));
    provider.expire();
    expect(await Promise.all(Array.from({ length: 10 }, call))).toEqual(Array(10).fill(200));
    expect(provider.asked).toHaveLength(2);
    await sluice.close();
  });

  test("is renewed ahead of its end without a wait, and after it with one", async () => {
    const clock = new TestClock();
    const fields = () => ({ expires_in: 600 });
    await using provider = await startTokenProvider({ fields });
    await using gateway = await startTestGateway(configFor(provider), { clock });
    const call = () => fetch(`${gateway.url}/crm/records`).then(({ status }) => status);
    expect(await call()).toBe(200);
    await clock.advance(541_000);
    expect(await call()).toBe(200);
    while (provider.asked.length < 2) await pause(1);
    expect(provider.served.at(-1)?.headers.authorization).toBe("Bearer token-1");
    await clock.advance(700_000);
    expect(await Promise.all([call(), call(), call()])).toEqual([200, 200, 200]);
    expect(provider.asked).toHaveLength(3);
    expect(provider.refused).toHaveLength(0);
  });

  test("is not renewed again and again where the provider refuses every token", async () => {
    await using provider = await startTokenProvider({ serve: invalidSession });
    await using gateway = await startTestGateway(configFor(provider));
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push((await fetch(`${gateway.url}/crm/records`)).status);
    }
    // Its owner has to act, and no client reads the provider's words of it.
    expect(statuses).toEqual([503, 503, 503, 503, 503]);
    // One for the start, one more since the first might have run out.
    expect(provider.asked).toHaveLength(2);
    expect(provider.served).toHaveLength(2);
  });

  test("costs none of the attempts that a failure may take", async () => {
    let failures = 0;
    const serve: Handler = (response) => answerJson(response, failures-- > 0 ? 503 : 200, {});
    await using provider = await startTokenProvider({ serve });
    const config = configFor(provider);
    await using gateway = await startTestGateway({
      ...config,
      retry: { attempts: 2, base: "1ms" },
    });
    expect((await fetch(`${gateway.url}/crm/records`)).status).toBe(200);
    provider.expire();
    failures = 1;
    const response = await fetch(`${gateway.url}/crm/records`);
    expect(response.status).toBe(200);
    expect(response.headers.get("x-sluice-attempts")).toBe("3");
  });

  test("is renewed while shadow mode holds nothing back", async () => {
    await using provider = await startTokenProvider({ refuse: invalidSession });
    const config = configFor(provider);
    await using gateway = await startTestGateway({ ...config, policy: { ...EXACT, shadow: true } });
    const call = () => fetch(`${gateway.url}/crm/records`).then(({ status }) => status);
    expect(await call()).toBe(200);
    provider.expire();
    expect(await Promise.all([call(), call(), call()])).toEqual([200, 200, 200]);
    expect(provider.asked).toHaveLength(2);
    await atRest(gateway);
    provider.expire();
    provider.failWith((response) => answerJson(response, 400, {}));
    expect(await Promise.all([call(), call(), call()])).toEqual([502, 502, 502]);
    await atRest(gateway);
  });
});

describe("what the token endpoint is asked", () => {
  test("client credentials and scopes, with the client in the body", async () => {
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider, { scopes: ["a", "b"] }));
    await fetch(`${gateway.url}/crm/x`);
    const [{ form, received }] = provider.asked;
    expect(Object.fromEntries(form)).toEqual({
      grant_type: "client_credentials",
      scope: "a b",
      client_id: "app",
      client_secret: SECRET,
    });
    expect(received.headers.authorization).toBeUndefined();
  });

  test("a refresh token, and after an answer with a new one that, also beyond a reload", async () => {
    const fields = (number: number) => ({ refresh_token: `refresh-${number}` });
    await using provider = await startTokenProvider({ fields, refuse: invalidSession });
    const config = configFor(provider, { refresh_token: "refresh-0" });
    await using gateway = await startTestGateway(config);
    for (let i = 0; i < 3; i++) {
      expect((await fetch(`${gateway.url}/crm/x`)).status).toBe(200);
      provider.expire();
      gateway.reload({ ...config, defaults: { tenant: `t${i}` } });
    }
    expect(provider.asked.map(({ form }) => form.get("refresh_token"))).toEqual([
      "refresh-0",
      "refresh-1",
      "refresh-2",
    ]);
    expect(provider.asked[0].form.get("grant_type")).toBe("refresh_token");
  });

  test("with other secrets after a reload that changes them", async () => {
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider));
    await fetch(`${gateway.url}/crm/x`);
    gateway.reload(configFor(provider, { client_secret: "other" }));
    expect((await fetch(`${gateway.url}/crm/x`)).status).toBe(200);
    const secrets = provider.asked.map(({ form }) => form.get("client_secret"));
    expect(secrets).toEqual([SECRET, "other"]);
  });

  test("the client as HTTP basic, where the endpoint wants it so", async () => {
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider, { client_auth: "basic" }));
    await fetch(`${gateway.url}/crm/x`);
    const [{ form, received }] = provider.asked;
    expect(Object.fromEntries(form)).toEqual({ grant_type: "client_credentials" });
    const pair = Buffer.from(`app:${SECRET}`).toString("base64");
    expect(received.headers.authorization).toBe(`Basic ${pair}`);
  });

  test("nothing of it travels with the client's own credential", async () => {
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider));
    const headers = { authorization: "Bearer mine", "x-api-key": "mine too" };
    expect((await fetch(`${gateway.url}/crm/x`, { headers })).status).toBe(200);
    expect(JSON.stringify(provider.served[0].headers)).not.toContain("mine");
  });
});

describe("a token endpoint that fails", () => {
  test("for good: calls are refused at once, nothing is charged, no secret is told", async () => {
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider));
    provider.failWith((response) =>
      answerJson(response, 400, { error: "invalid_client", error_description: SECRET }),
    );
    const failures: unknown[] = [];
    gateway.runtime.onCredentialFailed = (event) => failures.push(event);
    for (let i = 0; i < 3; i++) {
      const response = await fetch(`${gateway.url}/crm/x`);
      const text = await response.text();
      expect({ status: response.status, ...JSON.parse(text) }).toMatchObject({
        status: 502,
        error: {
          code: "upstream_error",
          message:
            "the credential of crm could not be renewed: its token endpoint answered 400 invalid_client",
        },
      });
      expect(response.headers.get("x-should-retry")).toBe("false");
      expect(text + JSON.stringify([...response.headers])).not.toContain(SECRET);
    }
    expect(provider.asked).toHaveLength(1);
    expect(failures).toHaveLength(1);
    expect(JSON.stringify(failures)).not.toContain(SECRET);
    await atRest(gateway);
    expect(levelIn(await gateway.state(), "crm", "requests")).toBe(AMOUNT);
  });

  test("in an Anthropic client's form", async () => {
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider));
    provider.failWith((response) => answerJson(response, 401, {}));
    const headers = { "anthropic-version": "2023-06-01" };
    const response = await fetch(`${gateway.url}/crm/v1/messages`, { headers });
    expect(await response.json()).toMatchObject({
      type: "error",
      error: { code: "upstream_error", message: expect.stringContaining("answered 401") },
    });
  });

  test("for a while: it is tried again with backoff, then calls are told when to come back", async () => {
    const clock = new TestClock();
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider), { clock, random: () => 0 });
    provider.failWith((response) => answerJson(response, 503, {}));
    const headers = { "x-sluice-max-wait-ms": "3600000" };
    const waiting = fetch(`${gateway.url}/crm/x`, { headers });
    while (provider.asked.length < 4) {
      await clock.advance(50);
      await pause(1);
    }
    const response = await waiting;
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await response.json()).toMatchObject({ error: { code: "upstream_unavailable" } });
    expect(provider.asked).toHaveLength(4);

    provider.failWith(null);
    expect((await fetch(`${gateway.url}/crm/x`)).status).toBe(503);
    await clock.advance(5_000);
    expect((await fetch(`${gateway.url}/crm/x`)).status).toBe(200);
    expect(levelIn(await gateway.state(), "crm", "requests")).toBe(AMOUNT - 1);
  });

  test("a call's max wait ends its wait for a credential, and a client that leaves ends it, too", async () => {
    await using provider = await startTokenProvider();
    await using gateway = await startTestGateway(configFor(provider));
    provider.failWith(() => {});
    const headers = { "x-sluice-max-wait-ms": "50" };
    const response = await fetch(`${gateway.url}/crm/x`, { headers });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: {
        code: "upstream_unavailable",
        message: "the credential of crm was not renewed within the request's max wait",
      },
    });
    const leaving = fetch(`${gateway.url}/crm/x`, { signal: AbortSignal.timeout(20) });
    await expect(leaving).rejects.toThrow("aborted");
    await atRest(gateway);
    // One request, which nobody waits for any more.
    expect(provider.asked).toHaveLength(1);
  });

  test("a library that closes refuses whoever waits for it", async () => {
    await using provider = await startTokenProvider();
    const sluice = await createSluice({ config: configFor(provider), env: {} });
    provider.failWith(() => {});
    const waiting = sluice.fetch(`${provider.url}/x`);
    while (provider.asked.length === 0) await pause(1);
    await sluice.close();
    const response = await waiting;
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("Sluice is closing");
  });

  test("a gateway that closes ends the wait", async () => {
    await using provider = await startTokenProvider();
    const gateway = await startTestGateway(configFor(provider));
    provider.failWith(() => {});
    const waiting = fetch(`${gateway.url}/crm/x`).catch(() => null);
    while (provider.asked.length === 0) await pause(1);
    await gateway.close();
    await waiting;
  });
});
