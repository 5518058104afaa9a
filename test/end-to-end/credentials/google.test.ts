/** Google service accounts through a gateway: the key is never sent, its signature is exchanged for tokens. */
import { expect, test } from "vitest";
import { atRest, EXACT, levelIn, pause, post, startTestGateway } from "../../support/gateway.ts";
import { answerJson } from "../../support/gateway-upstream.ts";
import { createServiceAccount, verified } from "../../support/service-account.ts";
import { startTokenProvider } from "../../support/token-provider.ts";

const AMOUNT = 1_000;
const PATH = "/v1/projects/p/locations/l/publishers/google/models/gemini-pro:generateContent";

function configFor(url: string, keyFile: string, rest: object = {}) {
  const auth = { kind: "google-service-account", key_file: keyFile, ...rest };
  const limits = [{ requests: { amount: AMOUNT, per: "1d", window: "fixed" } }];
  return {
    policy: EXACT,
    upstreams: { google: { dialect: "vertex", base_url: url, auth, limits } },
  };
}

test("a token that runs out while calls run is renewed once for all of them", async () => {
  await using provider = await startTokenProvider({
    fields: () => ({ expires_in: 3_599 }),
    refuse: (response) =>
      answerJson(response, 401, { error: { code: 401, status: "UNAUTHENTICATED" } }),
    serve: async (response) => {
      await pause(2);
      answerJson(response, 200, {});
    },
  });
  using account = createServiceAccount(`${provider.url}/token`);
  await using gateway = await startTestGateway(configFor(provider.url, account.file));
  const call = () =>
    post(`${gateway.url}/google${PATH}`, { contents: [] }).then(({ status }) => status);
  for (let expiry = 0; expiry <= 2; expiry++) {
    if (expiry > 0) provider.expire();
    const statuses = await Promise.all(Array.from({ length: 20 }, call));
    expect(statuses).toEqual(statuses.map(() => 200));
    expect(provider.asked).toHaveLength(1 + expiry);
  }
  await atRest(gateway);
  const sent = provider.served.length + provider.refused.length;
  expect(levelIn(await gateway.state(), "google", "requests")).toBe(AMOUNT - sent);
});

test("what is exchanged is signed by the account, for an hour, with its scopes", async () => {
  await using provider = await startTokenProvider();
  const tokenUrl = `${provider.url}/token`;
  using account = createServiceAccount(tokenUrl);
  const scopes = ["https://a.example/x", "https://a.example/y"];
  await using gateway = await startTestGateway(configFor(provider.url, account.file, { scopes }));
  const before = Math.floor(Date.now() / 1_000);
  expect((await post(`${gateway.url}/google${PATH}`, {})).status).toBe(200);
  const [{ form }] = provider.asked;
  expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
  const token = verified(form.get("assertion") ?? "");
  expect(token?.header).toEqual({ alg: "RS256", typ: "JWT", kid: "key-1" });
  expect(token?.claims).toMatchObject({
    iss: account.email,
    aud: tokenUrl,
    scope: scopes.join(" "),
  });
  const { iat = 0, exp = 0 } = token?.claims ?? {};
  expect(exp - iat).toBe(3_600);
  expect(iat).toBeGreaterThanOrEqual(before);
});

test.each([
  ["vertex", "https://www.googleapis.com/auth/cloud-platform"],
  ["ga4", "https://www.googleapis.com/auth/analytics.readonly"],
  ["google-ads", "https://www.googleapis.com/auth/adwords"],
])("%s asks for its scope when none is written", async (dialect, scope) => {
  await using provider = await startTokenProvider();
  using account = createServiceAccount(`${provider.url}/token`);
  const { upstreams } = configFor(provider.url, account.file);
  await using gateway = await startTestGateway({
    upstreams: { google: { ...upstreams.google, dialect } },
  });
  await post(`${gateway.url}/google/x`, {});
  expect(verified(provider.asked[0].form.get("assertion") ?? "")?.claims.scope).toBe(scope);
});
