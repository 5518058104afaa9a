import { describe, expect, test } from "vitest";
import type { HeaderView } from "../../core/dialect.ts";
import { baggageMember, headerText, inboundHeaders, outboundHeaders } from "./headers.ts";

const NOTHING = {
  withheld: new Set<string>(),
  added: {},
  isRead: false,
  keepsLength: false,
};

describe("towards the upstream", () => {
  test.each<[string, HeaderView, HeaderView]>([
    ["others pass", { accept: "a", cookie: ["b", "c"] }, { accept: "a", cookie: ["b", "c"] }],
    ["the connection's stay", { host: "h", connection: "close", te: "x", upgrade: "u" }, {}],
    ["what the connection names stays", { connection: "close, X-Mine", "x-mine": "1" }, {}],
    ["Sluice's own stay", { "x-sluice-latency": "batch", "x-sluicer": "1" }, { "x-sluicer": "1" }],
    ["an absent value is none", { accept: undefined }, {}],
    [
      "only its members leave baggage",
      { baggage: "a=1, sluice.task=x;p=1 ,b=2" },
      { baggage: "a=1,b=2" },
    ],
    ["baggage of its own only is none", { baggage: " sluice.task=x" }, {}],
    ["other baggage is untouched", { baggage: "sluicer.task=x" }, { baggage: "sluicer.task=x" }],
  ])("%s", (_, inbound, sent) => {
    expect(outboundHeaders(inbound, NOTHING)).toEqual(sent);
  });

  test("what is withheld stays, what is added wins", () => {
    const inbound = { authorization: "Bearer mine", "x-api-key": "theirs" };
    const added = { authorization: "Bearer ours" };
    const withheld = new Set(["x-api-key"]);
    expect(outboundHeaders(inbound, { ...NOTHING, withheld, added })).toEqual(added);
  });

  test("what is read must come plain", () => {
    const inbound = { "accept-encoding": "gzip" };
    expect(outboundHeaders(inbound, NOTHING)).toEqual(inbound);
    expect(outboundHeaders(inbound, { ...NOTHING, isRead: true })).toEqual({
      "accept-encoding": "identity",
    });
  });

  test("a length travels only with the very body it is of", () => {
    const inbound = { "content-length": "5" };
    expect(outboundHeaders(inbound, NOTHING)).toEqual({});
    expect(outboundHeaders(inbound, { ...NOTHING, keepsLength: true })).toEqual(inbound);
    expect(outboundHeaders({}, { ...NOTHING, keepsLength: true })).toEqual({});
  });

  test("the view is not changed", () => {
    const inbound = Object.freeze({ baggage: "sluice.a=1", accept: "a" });
    outboundHeaders(inbound, { ...NOTHING, isRead: true });
    expect(inbound).toEqual({ baggage: "sluice.a=1", accept: "a" });
  });
});

describe("towards the client", () => {
  test.each([
    "x-ratelimit-limit-requests",
    "x-ratelimit-reset-tokens",
    "ratelimit",
    "ratelimit-policy",
    "x-rate-limit-remaining",
    "rate-limit-reset",
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-unified-reset",
    "anthropic-priority-input-tokens-remaining",
    "anthropic-fast-input-tokens-limit",
    "x-hubspot-ratelimit-daily-remaining",
    "sforce-limit-info",
    "x-shopify-shop-api-call-limit",
    "x-app-usage",
    "x-sluice-upstream",
    "transfer-encoding",
    "connection",
    "keep-alive",
  ])("%s stays inside", (name) => {
    expect(inboundHeaders({ [name]: "1" })).toEqual({});
  });

  test.each([
    "retry-after",
    "x-request-id",
    "content-length",
    "content-encoding",
    "anthropic-version",
  ])("%s passes", (name) => {
    expect(inboundHeaders({ [name]: "1" })).toEqual({ [name]: "1" });
  });

  test("several cookies stay several", () => {
    expect(inboundHeaders({ "set-cookie": ["a", "b"] })).toEqual({ "set-cookie": ["a", "b"] });
  });
});

test.each([
  ["sluice.task=chat", "chat"],
  [" sluice.task = chat ;p=1", "chat"],
  ["a=1,sluice.task=a%20b", "a b"],
  ["sluice.task=first,sluice.task=second", "first"],
  ["sluice.task", undefined],
  ["sluice.task=%zz", undefined],
  ["sluice.tasks=x", undefined],
  ["", undefined],
])("baggage %s: %s", (baggage, value) => {
  expect(baggageMember({ baggage }, "sluice.task")).toBe(value);
});

test("a repeated header's text is its first", () => {
  expect(headerText({ a: ["1", "2"] }, "a")).toBe("1");
  expect(headerText({}, "a")).toBe(undefined);
});
