/** Tenant administration: tenants, keys and quotas that change while the gateway runs, and who may change them. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../support/gateway.ts";
import { openRaw } from "../support/gateway-socket.ts";
import { KEY, startTenantGateway } from "../support/tenant-gateway.ts";

type World = Awaited<ReturnType<typeof startTenantGateway>>;

async function keyFor(gateway: World, tenant: string, body: object = {}) {
  const { status, body: made } = await gateway.admin("POST", `tenants/${tenant}/keys`, body);
  expect(status).toBe(201);
  return made as { key: string; id: string; hash: string; expires_at: string | null };
}

async function withBeta(settings: object = {}): Promise<World> {
  const gateway = await startTenantGateway({ tenants: { acme: {} } });
  const made = await gateway.admin("POST", "tenants", { id: "beta", ...settings });
  expect(made.status).toBe(201);
  return gateway;
}

describe("a tenant of the admin API", () => {
  test("is made, shown, changed and removed, and its keys work at once", async () => {
    await using gateway = await withBeta({
      tier: "premium",
      quotas: { tpd: "5k" },
      models: ["gpt-*"],
    });
    const { key } = await keyFor(gateway, "beta", { label: "ci" });
    expect((await gateway.send(key)).status).toBe(200);
    expect(await gateway.me(key)).toMatchObject({ tenant: "beta", tier: "premium" });
    const shown = await gateway.admin("GET", "tenants/beta");
    expect(shown.body).toMatchObject({
      id: "beta",
      source: "store",
      tier: "premium",
      blocked: false,
      quotas: { tpd: 5_000 },
      models: ["gpt-*"],
      keys: [{ label: "ci", state: "active", hint: key.slice(-4) }],
      counts: { quotas: { tpd: { limit: 5_000, used: 100 } }, use: { day: { requests: 1 } } },
    });
    expect(JSON.stringify(shown.body)).not.toContain(key);
    const change = { tier: "critical", models: null, quotas: { rpd: 2, tpd: null } };
    const changed = await gateway.admin("PATCH", "tenants/beta", change);
    expect(changed.body).toMatchObject({ tier: "critical", quotas: { rpd: 2 } });
    expect(changed.body.models).toBe(undefined);
    // What it has used before it had this quota counts, too.
    expect(await gateway.sendMany(2, key)).toEqual([200, 429]);
    expect((await gateway.admin("DELETE", "tenants/beta")).status).toBe(200);
    expect((await gateway.send(key)).status).toBe(401);
    expect((await gateway.admin("GET", "tenants/beta")).status).toBe(404);
  });

  test.each<[object, string]>([
    [{}, "id: found nothing, allowed: a tenant's name"],
    [{ id: "a b" }, 'id: found "a b", expected 1 to 128 letters'],
    [{ id: "b", tier: "premuim" }, "did you mean `premium`?"],
    [{ id: "b", teir: "premium" }, 'teir: found unknown field "teir"'],
    [{ id: "b", quotas: { tpm: 5 } }, 'quotas.tpm: found unknown field "tpm"'],
    [{ id: "b", quotas: { tpd: -5 } }, "quotas.tpd: found -5, expected a whole number"],
    [{ id: "b", credentials: ["prod"] }, 'credentials[0]: found "prod", expected a credential'],
    [{ id: "b", blocked: "yes" }, 'blocked: found "yes", allowed: true or false'],
    [{ id: "b", keys: [] }, 'keys: found unknown field "keys"'],
    [{ id: "acme" }, 'id: found "acme", allowed: a name that no tenant has yet'],
    [{ id: "beta" }, 'id: found "beta", allowed: a name that no tenant has yet'],
  ])("%j is refused with what is wrong", async (body, message) => {
    await using gateway = await withBeta();
    const { status, body: answer } = await gateway.admin("POST", "tenants", body);
    expect(status).toBe(400);
    expect(answer.error.code).toBe("invalid_request");
    expect(answer.error.message).toContain(message);
  });

  test("never reads the environment for a value", async () => {
    await using gateway = await withBeta();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable as a configuration writes it
    const { body } = await gateway.admin("PATCH", "tenants/beta", { models: ["${PATH}"] });
    expect(body.error.message).toContain("models[0]");
    expect(body.error.message).not.toContain("/bin");
  });

  test("of the file is seen, but can only be changed there", async () => {
    await using gateway = await startTenantGateway({ tenants: { acme: { tier: "premium" } } });
    const { body } = await gateway.admin("GET", "tenants/acme");
    expect(body).toMatchObject({ source: "file", tier: "premium", keys: [{ state: "active" }] });
    for (const [method, path, change] of [
      ["PATCH", "tenants/acme", { blocked: true }],
      ["DELETE", "tenants/acme", undefined],
      ["POST", "tenants/acme/keys", {}],
      ["PATCH", "tenants/acme/quota", { rpd: 5 }],
    ] as const) {
      const answer = await gateway.admin(method, path, change);
      expect(answer.status).toBe(400);
      expect(answer.body.error.message).toContain("change it there");
    }
  });

  test("gives way to one of the file that a reload brings, and comes back after it", async () => {
    await using gateway = await withBeta({ tier: "critical" });
    const { key } = await keyFor(gateway, "beta");
    const { tenants, ...others } = gateway.config;
    gateway.reload({ ...others, tenants: { ...tenants, beta: { tier: "premium" } } });
    expect((await gateway.send(key)).status).toBe(401);
    expect((await gateway.admin("GET", "tenants/beta")).body.source).toBe("file");
    gateway.reload(gateway.config);
    expect(await gateway.me(key)).toMatchObject({ tenant: "beta", tier: "critical" });
  });

  test("whose tier a reload has taken away has the default one", async () => {
    await using gateway = await withBeta({ tier: "critical" });
    const { key } = await keyFor(gateway, "beta");
    gateway.reload({ ...gateway.config, tiers: { gold: {}, tin: {} } });
    expect(await gateway.me(key)).toMatchObject({ tenant: "beta", tier: "tin" });
  });

  test("is refused everything while it is blocked, on open connections too", async () => {
    await using gateway = await withBeta();
    const { key } = await keyFor(gateway, "beta");
    expect((await gateway.send(key)).status).toBe(200);
    await gateway.admin("PATCH", "tenants/beta", { blocked: true });
    const refused = await gateway.send(key);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: "forbidden" } });
    const me = await fetch(`${gateway.url}/sluice/v1/me`, { headers: { "x-sluice-key": key } });
    expect(me.status).toBe(403);
    await gateway.admin("PATCH", "tenants/beta", { blocked: false });
    expect((await gateway.send(key)).status).toBe(200);
  });

  test("lists come in pages, by name, the file's among the others", async () => {
    await using gateway = await startTenantGateway({ tenants: { b2: {} } });
    for (const id of ["b3", "a", "b1"]) await gateway.admin("POST", "tenants", { id });
    const page = async (query: string) => {
      const { body } = await gateway.admin("GET", `tenants${query}`);
      return [body.tenants.map((one: { id: string }) => one.id), body.next];
    };
    expect(await page("")).toEqual([["a", "b1", "b2", "b3", "default"], null]);
    expect(await page("?limit=2")).toEqual([["a", "b1"], "b1"]);
    expect(await page("?limit=2&after=b1")).toEqual([["b2", "b3"], "b3"]);
    expect(await page("?prefix=b")).toEqual([["b1", "b2", "b3"], null]);
    expect((await gateway.admin("GET", "tenants?limit=0")).status).toBe(400);
  });
});

describe("a key", () => {
  test("expires, also on a connection that stays open", async () => {
    await using gateway = await withBeta();
    const { key, expires_at } = await keyFor(gateway, "beta", { expires: "1h" });
    expect(expires_at).toBe("2026-01-01T13:00:00.000Z");
    using connection = await openConnection(gateway.url, key);
    expect(await connection.ask()).toBe(200);
    await gateway.clock.advance(3_600_000);
    expect(await connection.ask()).toBe(401);
    const { body } = await gateway.admin("GET", "tenants/beta/keys");
    expect(body.keys).toMatchObject([{ state: "expired" }]);
  });

  test("is revoked at once on a connection that is open", async () => {
    await using gateway = await withBeta();
    const { key, id } = await keyFor(gateway, "beta");
    using connection = await openConnection(gateway.url, key);
    expect(await connection.ask()).toBe(200);
    const revoked = await gateway.admin("DELETE", `tenants/beta/keys/${id}`);
    expect(revoked.body).toMatchObject({ id, state: "revoked" });
    expect(await connection.ask()).toBe(401);
  });

  test("is rotated with some time in which both are valid", async () => {
    await using gateway = await withBeta();
    const old = await keyFor(gateway, "beta", { label: "prod", expires: "90d" });
    const made = await keyFor(gateway, "beta", { rotate: old.id, grace: "10m" });
    expect(made).toMatchObject({ label: "prod", rotated: { id: old.id, state: "active" } });
    const statuses = async () => [
      (await gateway.send(old.key)).status,
      (await gateway.send(made.key)).status,
    ];
    expect(await statuses()).toEqual([200, 200]);
    await gateway.clock.advance(600_000);
    expect(await statuses()).toEqual([401, 200]);
    const again = await gateway.admin("POST", "tenants/beta/keys", { rotate: old.id });
    expect(again.body.error.message).toContain("neither expired nor revoked");
  });

  test.each<[object, string]>([
    [{ expires: "soon" }, 'expires: found "soon", allowed: a duration such as 90d'],
    [{ expires: "2020-01-01" }, 'expires: found "2020-01-01"'],
    [{ rotate: "key_x" }, 'tenant beta has no key "key_x"'],
    [{ lable: "ci" }, 'lable: found "ci", allowed: only label, expires, rotate, grace'],
    [{ label: "a\nb" }, "label: found"],
  ])("is refused with %j", async (body, message) => {
    await using gateway = await withBeta();
    const answer = await gateway.admin("POST", "tenants/beta/keys", body);
    expect([400, 404]).toContain(answer.status);
    expect(answer.body.error.message).toContain(message);
  });

  test("the last one gone does not open the house to everybody", async () => {
    await using gateway = await startTenantGateway();
    expect((await gateway.send("anything")).status).toBe(200);
    await gateway.admin("POST", "tenants", { id: "beta" });
    const { id } = await keyFor(gateway, "beta");
    expect((await gateway.send("anything")).status).toBe(401);
    await gateway.admin("DELETE", `tenants/beta/keys/${id}`);
    await gateway.admin("DELETE", "tenants/beta");
    expect((await gateway.send("anything")).status).toBe(401);
  });

  test("a hundred of a tenant are enough; those that are over make room", async () => {
    await using gateway = await withBeta();
    const first = await keyFor(gateway, "beta");
    for (let i = 1; i < 100; i++) await keyFor(gateway, "beta");
    const refused = await gateway.admin("POST", "tenants/beta/keys", {});
    expect(refused.body.error.message).toContain("at most 100 keys in use");
    await gateway.admin("DELETE", `tenants/beta/keys/${first.id}`);
    await keyFor(gateway, "beta");
    expect((await gateway.admin("GET", "tenants/beta/keys")).body.keys).toHaveLength(100);
  });
});

describe("a quota", () => {
  test("is begun again, and lets in who was refused", async () => {
    await using gateway = await startTenantGateway({
      tenants: { acme: { quotas: { rpd: 2, tpd: 900 } } },
    });
    expect(await gateway.sendMany(3)).toEqual([200, 200, 429]);
    const { body } = await gateway.admin("POST", "tenants/acme/quota", { reset: ["rpd"] });
    expect(body.quotas).toMatchObject({ rpd: { used: 0 }, tpd: { used: 200 } });
    expect(await gateway.sendMany(3)).toEqual([200, 200, 429]);
    await gateway.admin("POST", "tenants/acme/quota", { reset: true });
    expect((await gateway.me()).quotas).toMatchObject({ rpd: { used: 0 }, tpd: { used: 0 } });
  });

  test("is raised for a while, then as it was", async () => {
    await using gateway = await startTenantGateway({ tenants: { acme: { quotas: { rpd: 1 } } } });
    const raise = { raise: { rpd: 2 }, until: "1h" };
    const { body } = await gateway.admin("POST", "tenants/acme/quota", raise);
    const until = Date.parse("2026-01-01T13:00:00Z");
    expect(body.quotas.rpd).toMatchObject({ limit: 3, raise: { amount: 2, until } });
    expect(await gateway.sendMany(2)).toEqual([200, 200]);
    await gateway.clock.advance(3_600_000);
    await gateway.runtime.tenancy.tick();
    expect((await gateway.me()).quotas.rpd).toMatchObject({ limit: 1, used: 2, raise: null });
    expect(await gateway.sendMany(1)).toEqual([429]);
    await gateway.admin("POST", "tenants/acme/quota", raise);
    expect(await gateway.sendMany(2)).toEqual([200, 429]);
    const ended = await gateway.admin("DELETE", "tenants/acme/quota?quota=rpd");
    expect(ended.body.quotas.rpd).toMatchObject({ limit: 1, raise: null });
  });

  test("is changed for a tenant of the API", async () => {
    await using gateway = await withBeta({ quotas: { rpd: 1 } });
    const { key } = await keyFor(gateway, "beta");
    expect(await gateway.sendMany(2, key)).toEqual([200, 429]);
    const { body } = await gateway.admin("PATCH", "tenants/beta/quota", { rpd: 2, tpd: "1k" });
    expect(body.quotas).toMatchObject({ rpd: { limit: 2, used: 1 }, tpd: { used: 100 } });
    expect(await gateway.sendMany(2, key)).toEqual([200, 429]);
  });

  test.each<[object, string]>([
    [{}, "allowed: reset or raise"],
    [{ reset: ["tpd"] }, 'reset: found "tpd", allowed: its quotas: rpd'],
    [{ raise: { rpd: 5 } }, "until: found nothing"],
    [{ raise: { rpd: "much" }, until: "1h" }, 'raise.rpd: found "much"'],
    [{ raise: 5, until: "1h" }, "raise: found 5"],
    [{ rise: { rpd: 5 } }, "rise: found"],
  ])("is not adjusted by %j", async (body, message) => {
    await using gateway = await startTenantGateway({ tenants: { acme: { quotas: { rpd: 1 } } } });
    const answer = await gateway.admin("POST", "tenants/acme/quota", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain(message);
  });

  test("whoever waits for a tenant's slot has it when there are more of them", async () => {
    const held: (() => void)[] = [];
    await using gateway = await startTenantGateway({
      handler: (response) => void held.push(() => response.end("{}")),
    });
    await gateway.admin("POST", "tenants", { id: "beta", max_parallel_requests: 1 });
    const { key } = await keyFor(gateway, "beta");
    const both = [gateway.send(key), gateway.send(key)];
    await until(() => gateway.runtime.load.waiting === 1, "the second waits");
    await gateway.admin("PATCH", "tenants/beta", { max_parallel_requests: 2 });
    await until(() => held.length === 2, "it is sent");
    await gateway.admin("PATCH", "tenants/beta", { max_parallel_requests: null });
    both.push(gateway.send(key));
    await until(() => held.length === 3, "the third is sent");
    for (const answer of held) answer();
    await Promise.all(both);
  });
});

describe("the audit log", () => {
  test("has each change, who made it, what was and what is, and no secret", async () => {
    await using gateway = await withBeta({ tier: "premium" });
    const { key, id, hash } = await keyFor(gateway, "beta");
    await gateway.admin("PATCH", "tenants/beta", { weight: 2 });
    await gateway.admin("PATCH", "tenants/beta", { blocked: true });
    await gateway.admin("PATCH", "tenants/beta/quota", { rpd: 5 });
    await gateway.admin("POST", "tenants/beta/quota", { reset: true });
    await gateway.admin("POST", "tenants/beta/quota", { raise: { rpd: 5 }, until: "1h" });
    await gateway.admin("DELETE", `tenants/beta/keys/${id}`);
    gateway.reload({ ...gateway.config, defaults: { tier: "critical" } });
    const { body } = await gateway.admin("GET", "audit");
    const text = JSON.stringify(body);
    for (const secret of [key, hash, hash.slice(7)]) expect(text).not.toContain(secret);
    const entries = body.entries.toReversed();
    expect(entries.map((one: { action: string }) => one.action)).toEqual([
      "tenant-created",
      "key-created",
      "tenant-changed",
      "tenant-blocked",
      "tenant-changed",
      "quota-reset",
      "quota-raised",
      "key-revoked",
      "configuration-reloaded",
    ]);
    expect(entries[2]).toMatchObject({
      who: "loopback",
      at: "2026-01-01T12:00:00.000Z",
      tenant: "beta",
      before: { weight: 1 },
      after: { weight: 2 },
    });
    expect(entries[8]).toMatchObject({
      who: "file",
      tenant: null,
      after: { changed: ["defaults", "tenants"] },
    });
    const page = await gateway.admin("GET", "audit?tenant=beta&limit=3");
    expect(page.body.entries).toHaveLength(3);
    const next = await gateway.admin("GET", `audit?tenant=beta&limit=100&before=${page.body.next}`);
    expect(next.body.entries).toHaveLength(5);
  });

  test("forgets what is older than retention.audit", async () => {
    await using gateway = await startTenantGateway({ more: { retention: { audit: "10d" } } });
    await gateway.admin("POST", "tenants", { id: "beta" });
    await gateway.clock.advance(11 * 86_400_000);
    await gateway.admin("POST", "tenants", { id: "gamma" });
    await gateway.runtime.tenancy.tick();
    const { body } = await gateway.admin("GET", "audit");
    expect(body.entries.map((one: { tenant: string }) => one.tenant)).toEqual(["gamma"]);
  });
});

describe("export and erase", () => {
  test("everything of one tenant, then nothing of it anywhere", async () => {
    await using gateway = await withBeta({ quotas: { rpd: 5 } });
    const { key } = await keyFor(gateway, "beta");
    await gateway.sendMany(5, key);
    await gateway.runtime.tenancy.tick();
    const kept = (await gateway.admin("GET", "tenants/beta?export=true")).body;
    expect(kept).toMatchObject({
      id: "beta",
      tenant: { keys: [{ state: "active" }] },
      quotas: { rpd: { used: 5 } },
      uses: [{ span: "day", tokens: 500 }, { span: "month" }],
      audit: [{ action: "key-created" }, { action: "tenant-created" }],
    });
    const { body } = await gateway.admin("DELETE", "tenants/beta?erase=true");
    expect(body).toEqual({ id: "beta", erased: true, in_file: false });
    expect((await gateway.send(key)).status).toBe(401);
    expect((await gateway.admin("GET", "tenants/beta?export=true")).status).toBe(404);
    const [audit, alerts] = [
      await gateway.admin("GET", "audit"),
      await gateway.admin("GET", "alerts"),
    ];
    expect(audit.body.entries).toMatchObject([{ action: "tenant-erased", tenant: null }]);
    expect(JSON.stringify([audit.body, alerts.body])).not.toContain("beta");
    // Whoever comes after it under its name begins at nothing.
    await gateway.admin("POST", "tenants", { id: "beta", quotas: { rpd: 5 } });
    expect((await gateway.admin("GET", "tenants/beta")).body.counts.quotas.rpd.used).toBe(0);
  });

  test("of a tenant of the file erases what is kept of it", async () => {
    await using gateway = await startTenantGateway({ tenants: { acme: { quotas: { rpd: 5 } } } });
    await gateway.sendMany(2);
    const { body } = await gateway.admin("DELETE", "tenants/acme?erase=true");
    expect(body).toEqual({ id: "acme", erased: true, in_file: true });
    expect((await gateway.me()).quotas.rpd.used).toBe(0);
    expect((await gateway.send(KEY)).status).toBe(200);
  });
});

describe("who may do it", () => {
  let gateway: World;
  const TOKEN = "t0ken-of-the-house";
  beforeAll(async () => {
    gateway = await startTenantGateway({ server: { admin_token: TOKEN } });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  const bearer = { authorization: `Bearer ${TOKEN}` };

  async function signIn(headers: Record<string, string> = {}): Promise<string> {
    const { status, headers: answer } = await gateway.admin(
      "POST",
      "login",
      { token: TOKEN },
      headers,
    );
    expect(status).toBe(200);
    return answer.get("set-cookie") ?? "";
  }

  test("the token as a bearer, and nobody else", async () => {
    expect((await gateway.admin("GET", "tenants", undefined, bearer)).status).toBe(200);
    for (const headers of [{}, { authorization: "Bearer wrong" }, { cookie: "sluice_admin=x" }]) {
      const answer = await gateway.admin(
        "GET",
        "tenants",
        undefined,
        headers as Record<string, string>,
      );
      expect(answer.status).toBe(401);
      expect(JSON.stringify(answer.body)).not.toContain(TOKEN);
    }
  });

  test("a browser by a cookie that no script can read and no other site can send", async () => {
    const cookie = await signIn();
    expect(cookie).toMatch(
      /^sluice_admin=[\w-]{43}; Path=\/admin; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(await signIn({ origin: `https://${new URL(gateway.url).host}` })).toContain("; Secure");
    const [pair] = cookie.split(";");
    expect((await gateway.admin("GET", "tenants", undefined, { cookie: pair })).status).toBe(200);
    const origin = gateway.url;
    const made = await gateway.admin("POST", "tenants", { id: "gamma" }, { cookie: pair, origin });
    expect(made.status).toBe(201);
    const audit = await gateway.admin("GET", "audit", undefined, { cookie: pair });
    expect(audit.body.entries[0]).toMatchObject({ who: "cookie", tenant: "gamma" });
    await gateway.admin("POST", "logout", {}, { cookie: pair, origin });
    expect((await gateway.admin("GET", "tenants", undefined, { cookie: pair })).status).toBe(401);
  });

  test.each([
    ["from another site", { origin: "http://evil.example" }],
    ["from a page without an origin", { origin: "null" }],
    ["from another port", { origin: "http://127.0.0.1:1" }],
  ])("no write %s, whatever it brings", async (_, headers) => {
    const [pair] = (await signIn()).split(";");
    for (const credential of [bearer, { cookie: pair }]) {
      const all = { ...credential, ...headers } as Record<string, string>;
      expect((await gateway.admin("POST", "tenants", { id: "evil" }, all)).status).toBe(403);
    }
    expect((await gateway.admin("POST", "login", { token: TOKEN }, headers)).status).toBe(403);
  });

  test("no write by a cookie without an origin", async () => {
    const [pair] = (await signIn()).split(";");
    const answer = await gateway.admin("POST", "tenants", { id: "evil" }, { cookie: pair });
    expect(answer.status).toBe(403);
  });

  test("nobody under a name that is no host", async () => {
    for (const host of ["a b", "user@host", "a/b"]) {
      expect(await statusUnder(gateway.url, host, bearer)).toBe(403);
    }
    expect(await statusUnder(gateway.url, "sluice.example.com:8443", bearer)).toBe(200);
  });

  test("without a token: loopback names, and no page of another site", async () => {
    await using open = await startTenantGateway();
    expect(await statusUnder(open.url, "localhost:1", {})).toBe(200);
    expect(await statusUnder(open.url, "evil.example", {})).toBe(403);
    const cross = await open.admin(
      "POST",
      "tenants",
      { id: "evil" },
      { origin: "http://evil.example" },
    );
    expect(cross.status).toBe(403);
    expect((await open.admin("POST", "login", {})).headers.get("set-cookie")).toBe(null);
  });

  test("a new token ends what was signed in with the old one", async () => {
    await using other = await startTenantGateway({ server: { admin_token: TOKEN } });
    const { headers } = await other.admin("POST", "login", { token: TOKEN });
    const cookie = (headers.get("set-cookie") ?? "").split(";")[0];
    expect((await other.admin("GET", "state", undefined, { cookie })).status).toBe(200);
    other.reload({ ...other.config, server: { ...other.config.server, admin_token: "another" } });
    expect((await other.admin("GET", "state", undefined, { cookie })).status).toBe(401);
  });

  test.each(["tenants/%zz", "tenants/a/b/c/d", "tenants/a/secrets", "audit/1"])(
    "%s: a refusal like any other",
    async (path) => {
      const { status, body } = await gateway.admin("GET", path, undefined, bearer);
      expect([400, 404]).toContain(status);
      expect(["invalid_request", "not_found"]).toContain(body.error.code);
    },
  );
});

function statusUnder(url: string, host: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/admin/api/state`, { headers: { ...headers, host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** Asks again and again on one connection. */
async function openConnection(url: string, key: string) {
  const head = `GET /v1/files HTTP/1.1\r\nhost: a\r\nx-sluice-key: ${key}\r\n\r\n`;
  const raw = await openRaw(url, "");
  const statuses = () =>
    [...raw.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
  return {
    async ask() {
      const before = statuses().length;
      raw.socket.write(head);
      await until(() => statuses().length > before, "an answer");
      return statuses()[before];
    },
    [Symbol.dispose]: () => raw[Symbol.dispose](),
  };
}
