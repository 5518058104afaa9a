import { expect, test } from "vitest";
import { jsonOf } from "../../../../test/support/mock-requests.ts";
import { INSTANT, type MockOptions, type MockServer, startMock } from "../../index.ts";

function start(options: Partial<MockOptions> = {}): Promise<MockServer> {
  return startMock({ dialect: "mailchimp", latency: INSTANT, ...options });
}

function send(mock: MockServer, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`${mock.url}/3.0${path}`, { method, body: body && JSON.stringify(body) });
}

test("the eleventh connection is refused, as problem details, without a hint of when", async () => {
  await using mock = await start();
  mock.addFault({ kind: "hang", count: 10 });
  const hanging = Array.from({ length: 10 }, () => send(mock, "GET", "/ping").catch(() => null));
  await expect.poll(() => mock.levels().max_parallel_requests).toBe(0);
  const refused = await send(mock, "GET", "/ping");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("content-type")).toContain("application/problem+json");
  expect([...refused.headers.keys()].some((name) => /rate|retry/.test(name))).toBe(false);
  expect(await jsonOf(refused)).toMatchObject({
    title: "Too Many Requests",
    status: 429,
    detail: "You have exceeded the limit of 10 simultaneous connections.",
  });
  await mock.close();
  await Promise.all(hanging);
});

test("one connection after the other is never refused", async () => {
  await using mock = await start({ limits: { max_parallel_requests: 1 } });
  for (let i = 0; i < 50; i++) expect((await send(mock, "GET", "/ping")).status).toBe(200);
});

test("very high volume is a 403 without a body", async () => {
  await using mock = await start({ faults: [{ kind: "status", status: 403 }] });
  const refused = await send(mock, "GET", "/lists");
  expect([refused.status, await refused.text()]).toEqual([403, ""]);
});

test.each([
  ["GET", "/lists", 200],
  ["GET", "/lists/missing", 404],
  ["POST", "/lists/a/members", 200],
  ["PUT", "/lists/a/members/b", 200],
  ["PATCH", "/lists/a/members/missing", 404],
  ["DELETE", "/lists/a/members/b", 204],
  ["GET", "/nothing", 404],
  ["DELETE", "/ping", 405],
])("%s %s is answered with %d", async (method, path, status) => {
  await using mock = await start();
  const hasBody = method[0] === "P";
  const body = hasBody ? { email_address: "a@example.com" } : undefined;
  expect((await send(mock, method, path, body)).status).toBe(status);
});

test("five hundred members are one call, and what is no address fails alone", async () => {
  await using mock = await start();
  const members = Array.from({ length: 500 }, (_, i) => ({ email_address: `${i}@example.com` }));
  members[0].email_address = "nobody";
  const { new_members, error_count } = await jsonOf(send(mock, "POST", "/lists/a", { members }));
  expect([new_members.length, error_count]).toEqual([499, 1]);
  members.push({ email_address: "one@example.com" });
  expect((await send(mock, "POST", "/lists/a", { members })).status).toBe(400);
});

test("a batch of operations is pending, and finished when it is asked for", async () => {
  await using mock = await start();
  const operations = [{ method: "GET", path: "/lists" }];
  const begun = await jsonOf(send(mock, "POST", "/batches", { operations }));
  expect(begun).toMatchObject({ status: "pending", total_operations: 1 });
  expect(await jsonOf(send(mock, "GET", `/batches/${begun.id}`))).toMatchObject({
    id: begun.id,
    status: "finished",
  });
});

test("the key is the password of any user", async () => {
  await using mock = await start({ apiKeys: ["key-us1"] });
  const status = async (password: string) => {
    const authorization = `Basic ${Buffer.from(`any:${password}`).toString("base64")}`;
    return (await fetch(`${mock.url}/3.0/ping`, { headers: { authorization } })).status;
  };
  expect([await status("key-us1"), await status("other")]).toEqual([200, 401]);
});
