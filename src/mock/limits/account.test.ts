import { describe, expect, test } from "vitest";
import { Account } from "./account.ts";
import type { Demand, Grant } from "./grant.ts";
import { BUCKET, type LimitOrder, METER_DIMENSIONS } from "./limits.ts";

const ALL_BUCKETS = {
  meters: Object.fromEntries(METER_DIMENSIONS.map((name) => [name, BUCKET])),
  slotsCountAfterMs: 0,
};
const ONE: Demand = { rpm: 1, rpd: 1, tpm: 100, tpd: 100 };

function accountOf(limits: LimitOrder, startEmpty = false): Account {
  return new Account(ALL_BUCKETS, limits, startEmpty, 0);
}

function grantOf(account: Account, model = "gpt-5", demand = ONE, now = 0): Grant {
  const admission = account.admit(model, demand, now);
  if (admission.kind !== "granted") throw new Error(`refused: ${admission.refusal.dimension}`);
  return admission.grant;
}

function refusalOf(account: Account, model = "gpt-5", demand = ONE, now = 0) {
  const admission = account.admit(model, demand, now);
  if (admission.kind !== "refused") throw new Error("granted");
  return admission.refusal;
}

describe("account", () => {
  test("admits until one limit is exhausted, and says which and until when", () => {
    const account = accountOf({ rpm: 10, tpm: 250 });
    grantOf(account);
    grantOf(account);
    expect(refusalOf(account)).toEqual({
      dimension: "tpm",
      limit: 250,
      used: 200,
      requested: 100,
      waitMs: 12_000,
    });
    grantOf(account, "gpt-5", ONE, 12_000);
  });

  test("a refusal takes nothing from the limits that had room", () => {
    const account = accountOf({ rpm: 10, tpm: 100 });
    grantOf(account);
    refusalOf(account);
    expect(account.levels(0)).toEqual({ rpm: 9, tpm: 0 });
  });

  test("of several limits the longest wait binds", () => {
    const account = accountOf({ rpm: 1, tpm: 100 });
    grantOf(account);
    expect(refusalOf(account, "gpt-5", { rpm: 1, tpm: 10 })).toMatchObject({ dimension: "rpm" });
    expect(refusalOf(account, "gpt-5", { rpm: 1, tpm: 500 })).toMatchObject({
      dimension: "tpm",
      waitMs: null,
    });
  });

  test("a model's limit comes on top; the models of a glob share it; others are not slowed", () => {
    const account = accountOf({ rpm: 10, models: { "gpt-5*": { rpm: 2 } } });
    grantOf(account, "gpt-5");
    grantOf(account, "gpt-5-mini");
    expect(refusalOf(account, "gpt-5")).toMatchObject({ dimension: "rpm", limit: 2 });
    grantOf(account, "gpt-4o");
    expect(account.levels(0)).toEqual({ rpm: 7, "rpm:gpt-5*": 0 });
  });

  test("a glob is literal but for its stars", () => {
    const account = accountOf({ models: { "gpt-4.1*": { rpm: 1 } } });
    grantOf(account, "gpt-4.1-mini");
    grantOf(account, "gpt-4x1-mini");
    expect(refusalOf(account, "gpt-4.1")).toMatchObject({ limit: 1 });
  });

  test("slots are held until released, once", () => {
    const account = accountOf({ max_parallel_requests: 2 });
    const first = grantOf(account);
    grantOf(account);
    expect(refusalOf(account)).toMatchObject({
      dimension: "max_parallel_requests",
      used: 2,
      waitMs: null,
    });
    first.release();
    first.release();
    grantOf(account);
    refusalOf(account);
  });

  test("buckets that start empty fill at their rate", () => {
    const account = accountOf({ rpm: 60 }, true);
    expect(refusalOf(account)).toMatchObject({ waitMs: 1_000 });
    grantOf(account, "gpt-5", ONE, 1_000);
  });

  test("failures cost one request where there is one to take, and no tokens", () => {
    const account = accountOf({ rpm: 1, rpd: 5, tpm: 100 });
    account.chargeFailure("gpt-5", { rpm: 1, rpd: 1 }, 0);
    account.chargeFailure("gpt-5", { rpm: 1, rpd: 1 }, 0);
    expect(account.levels(0)).toEqual({ rpm: 0, rpd: 3, tpm: 100 });
  });

  test("output may take a level below zero, and what was too much is given back", () => {
    const account = accountOf({ itpm: 1_000, otpm: 100 });
    const grant = grantOf(account, "claude", { itpm: 400, otpm: 0 });
    grant.charge(["otpm"], 160, 0);
    grant.giveBack({ itpm: 150 }, 0);
    expect(account.levels(0)).toEqual({ itpm: 750, otpm: -60 });
    expect(refusalOf(account, "claude", { itpm: 1, otpm: 0 })).toMatchObject({ dimension: "otpm" });
  });

  test("limits change in mid-run: set, lifted, added; what is not named stays", () => {
    const account = accountOf({ rpm: 10, tpm: 1_000 });
    account.change(
      { rpm: 4, tpm: null, max_parallel_requests: 3, models: { "o*": { rpm: 2 } } },
      0,
    );
    expect(account.levels(0)).toEqual({ rpm: 4, max_parallel_requests: 3, "rpm:o*": 2 });
    account.change({ max_parallel_requests: null }, 0);
    expect(account.levels(0)).toEqual({ rpm: 4, "rpm:o*": 2 });
  });

  test("a reset brings back limits and levels, and running requests keep their slots", () => {
    const account = accountOf({ rpm: 2, max_parallel_requests: 1 });
    const grant = grantOf(account);
    account.change({ rpm: 1 }, 0);
    account.reset({ rpm: 2, max_parallel_requests: 1 }, 0);
    expect(account.levels(0)).toEqual({ rpm: 2, max_parallel_requests: 0 });
    grant.release();
    expect(account.levels(0)).toEqual({ rpm: 2, max_parallel_requests: 1 });
  });

  test("forgets models that it no longer needs to remember, not their limits", () => {
    const account = accountOf({ models: { "m-*": { rpd: 3 } } });
    for (let i = 0; i < 2_500; i++) account.admit(`x-${i}`, ONE, 0);
    for (let i = 0; i < 3; i++) grantOf(account, `m-${i}`);
    expect(refusalOf(account, "m-3")).toMatchObject({ dimension: "rpd" });
  });
});

describe("slots", () => {
  const LONG = { ...ALL_BUCKETS, slotsCountAfterMs: 20_000 };

  test("of long requests are taken only by those that have run for long", () => {
    const account = new Account(LONG, { max_parallel_requests: 2 }, false, 0);
    const grants = [0, 0, 5_000].map((now) => grantOf(account, "query", {}, now));
    expect(account.levels(19_999)).toEqual({ max_parallel_requests: 2 });
    expect(account.levels(20_000)).toEqual({ max_parallel_requests: 0 });
    expect(refusalOf(account, "query", {}, 20_000)).toMatchObject({ limit: 2, used: 2 });
    grants[0].release();
    grantOf(account, "query", {}, 20_000);
    expect(account.slotsLeft("query", 20_000)).toBe(1);
  });

  test("are neither asked for nor taken by calls that hold none", () => {
    const account = accountOf({ max_parallel_requests: 1 });
    grantOf(account);
    expect(account.admit("collect", {}, 0, false).kind).toBe("granted");
    expect(account.slotsLeft(null, 0)).toBe(0);
    expect(accountOf({ rpm: 1 }).slotsLeft(null, 0)).toBe(null);
  });
});

test("a failure costs what is asked of it, as far as there is that much", () => {
  const account = accountOf({ rpm: 5, server_errors_per_hour: 1 });
  account.chargeFailure("report", { server_errors_per_hour: 1 }, 0);
  account.chargeFailure("report", { server_errors_per_hour: 1 }, 0);
  expect(account.levels(0)).toEqual({ rpm: 5, server_errors_per_hour: 0 });
  expect(refusalOf(account, "report", { server_errors_per_hour: 0 })).toMatchObject({
    dimension: "server_errors_per_hour",
  });
});

test("what was used beyond what was taken is charged, below zero if need be", () => {
  const account = accountOf({ tpm: 100 });
  const grant = grantOf(account, "claude", { tpm: 90 });
  grant.giveBack({ tpm: -50 }, 0);
  expect(account.levels(0)).toEqual({ tpm: -40 });
  grant.giveBack({ tpm: 60 }, 0);
  expect(account.levels(0)).toEqual({ tpm: 20 });
});
