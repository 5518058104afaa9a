import { expect, test } from "vitest";
import { TestClock } from "../../../test/support/gateway-clock.ts";
import { OK_VERDICT } from "../../core/verdict/verdict.ts";
import type { Authorizer } from "../credential/authorizer.ts";
import { CallCredential } from "./call-credential.ts";
import type { Candidate } from "./call-plan.ts";

const COMPLAINT = { status: 401, headers: {}, verdict: OK_VERDICT };

function credentialWith(fields: Partial<Authorizer>, clock = new TestClock()): CallCredential {
  const authorizer: Authorizer = {
    signsBody: false,
    isReady: () => true,
    whenReady: () => Promise.resolve(),
    authorize: (outbound) => outbound,
    accepted: () => {},
    refused: () => true,
    ...fields,
  };
  return new CallCredential({ authorizer, upstream: "crm" } as Candidate, clock);
}

test("a call is repeated for its credential once, whatever the provider goes on to say", () => {
  const credential = credentialWith({});
  expect(credential.mended).toBe(0);
  expect(credential.mends(COMPLAINT, 0)).toBe(true);
  expect(credential.mends(COMPLAINT, 0)).toBe(false);
  expect(credential.mended).toBe(1);
});

test("a complaint that is not about the credential does not use that up", () => {
  let isAbout = false;
  const credential = credentialWith({ refused: () => isAbout });
  expect(credential.mends(COMPLAINT, 0)).toBe(false);
  isAbout = true;
  expect(credential.mends(COMPLAINT, 0)).toBe(true);
});

test("a call that has ended hears nothing of its wait", async () => {
  const clock = new TestClock();
  const told: unknown[] = [];
  const credential = credentialWith({}, clock);
  const tell = (what: unknown) => told.push(what);
  credential.wait(clock.now() + 5, () => tell("ready"), tell);
  credential.end();
  await clock.advance(1);
  expect(told).toEqual([]);
});

test("a wait ends when it must, whatever the renewal does", async () => {
  const clock = new TestClock();
  const told: unknown[] = [];
  const whenReady = (signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  const credential = credentialWith({ whenReady }, clock);
  const tell = (what: unknown) => told.push(what);
  credential.wait(clock.now() + 5_000, () => tell("ready"), tell);
  await clock.advance(4);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toMatchObject([{ code: "upstream_unavailable" }]);
});
