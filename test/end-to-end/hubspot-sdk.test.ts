/** HubSpot's own SDK against the mock, directly and through the gateway. */
import { Client as HubSpot } from "@hubspot/api-client";
import { describe, expect, test } from "vitest";
import { INSTANT, startMock } from "../../src/mock/index.ts";
import { errorOf, KEY, pairOf, WAYS } from "../support/sdk-pair.ts";

describe.each(WAYS)("@hubspot/api-client %s", (way) => {
  const pair = pairOf("hubspot");
  const client = () => new HubSpot({ accessToken: KEY, basePath: pair.roots[way] }).crm.contacts;

  test("reads, writes in batches, and searches", async () => {
    expect(await client().basicApi.getById("12")).toMatchObject({ id: "12" });
    const inputs = [{ id: "1", idProperty: "email", properties: { email: "a@example.com" } }];
    const { results } = await client().batchApi.upsert({ inputs });
    expect(results[0].properties).toMatchObject({ email: "a@example.com" });
    const found = await client().searchApi.doSearch({ limit: 3 });
    expect(found.results).toHaveLength(3);
  });

  test("gets errors with status and body", async () => {
    const error = await errorOf(client().basicApi.getById("missing"));
    expect(error).toMatchObject({ code: 404, body: { category: "OBJECT_NOT_FOUND" } });
  });
});

describe("what limits the mock is the SDK's own error", () => {
  const start = () =>
    startMock({ dialect: "hubspot", latency: INSTANT, limits: { rpd: 1 }, startEmpty: true });

  test("of HubSpot", async () => {
    await using mock = await start();
    const client = new HubSpot({ accessToken: KEY, basePath: mock.url });
    expect(await errorOf(client.crm.contacts.basicApi.getById("1"))).toMatchObject({
      code: 429,
      body: { policyName: "DAILY" },
    });
  });
});
