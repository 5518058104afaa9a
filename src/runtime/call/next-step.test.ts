import { describe, expect, test } from "vitest";
import type { Verdict, VerdictClass } from "../../core/verdict/verdict.ts";
import type { TransportFailure } from "../transport/transport.ts";
import { afterFailure, afterVerdict, type Circumstances } from "./next-step.ts";

const RETRY = { attempts: 3, baseMs: 1_000 };

function circumstances(parts: Partial<Circumstances> = {}): Circumstances {
  return { attempts: 1, retry: RETRY, isRepeatable: true, random: 0, ...parts };
}

function verdict(verdictClass: VerdictClass, parts: Partial<Verdict> = {}): Verdict {
  return { class: verdictClass, dimension: null, retryable: true, retryAfterMs: null, ...parts };
}

function failure(parts: Partial<TransportFailure> = {}): TransportFailure {
  return { kind: "reset", wasSent: true, cause: null, ...parts };
}

describe("after a quota verdict", () => {
  test.each([null, 0, 250, 7_200_000])("told to wait %s ms, it waits for the budget", (hint) => {
    const step = afterVerdict(verdict("quota", { retryAfterMs: hint }), circumstances());
    expect(step).toEqual({ kind: "wait-for-budget" });
  });

  test("it may be tried more often than a failure, and by anyone, but not for ever", () => {
    const stepAt = (attempts: number) =>
      afterVerdict(verdict("quota"), circumstances({ attempts, isRepeatable: false })).kind;
    expect(stepAt(3)).toBe("wait-for-budget");
    expect(stepAt(9)).toBe("wait-for-budget");
    expect(stepAt(10)).toBe("elsewhere");
  });

  test("waiting does not help what can never fit", () => {
    const step = afterVerdict(verdict("quota", { retryable: false }), circumstances());
    expect(step).toEqual({ kind: "elsewhere" });
  });
});

describe("after other verdicts", () => {
  test.each<VerdictClass>([
    "ok",
    "invalid_request",
    "context_length",
    "content_filter",
    "not_found",
  ])("%s: the provider's answer is passed on", (verdictClass) => {
    expect(afterVerdict(verdict(verdictClass), circumstances())).toEqual({ kind: "deliver" });
  });

  test.each(["billing", "auth"] as const)("%s stops its credential", (reason) => {
    expect(afterVerdict(verdict(reason), circumstances())).toEqual({ kind: "stop", reason });
  });

  test.each<[VerdictClass, boolean, "retry" | "elsewhere"]>([
    ["overload", true, "retry"],
    ["overload", false, "retry"],
    ["transient", true, "retry"],
    ["transient", false, "elsewhere"],
    ["timeout", true, "retry"],
    ["timeout", false, "elsewhere"],
  ])("%s, repeatable: %s: %s", (verdictClass, isRepeatable, kind) => {
    expect(afterVerdict(verdict(verdictClass), circumstances({ isRepeatable })).kind).toBe(kind);
  });

  test("no more attempts than the policy allows", () => {
    const kindAt = (attempts: number) =>
      afterVerdict(verdict("overload"), circumstances({ attempts })).kind;
    expect([1, 2, 3, 4].map(kindAt)).toEqual(["retry", "retry", "elsewhere", "elsewhere"]);
  });
});

describe("the time before a retry", () => {
  test.each([
    { attempts: 1, random: 0, delayMs: 1_000 },
    { attempts: 1, random: 0.999, delayMs: 1_999 },
    { attempts: 2, random: 0, delayMs: 2_000 },
    { attempts: 2, random: 0.5, delayMs: 3_000 },
    { attempts: 3, random: 0.25, delayMs: 5_000 },
  ])("attempt $attempts, random $random: $delayMs ms", ({ attempts, random, delayMs }) => {
    const retry = { attempts: 9, baseMs: 1_000 };
    const step = afterVerdict(verdict("transient"), circumstances({ attempts, random, retry }));
    expect(step).toEqual({ kind: "retry", delayMs: expect.closeTo(delayMs, 5) });
  });

  test("is never shorter than the provider asks, nor made longer by it", () => {
    const delay = (retryAfterMs: number) =>
      afterVerdict(verdict("overload", { retryAfterMs }), circumstances());
    expect(delay(5_000)).toEqual({ kind: "retry", delayMs: 5_000 });
    expect(delay(10)).toEqual({ kind: "retry", delayMs: 1_000 });
  });
});

describe("after a failed connection", () => {
  test.each<[Partial<TransportFailure>, boolean, "retry" | "elsewhere"]>([
    [{ kind: "unreachable", wasSent: false }, false, "retry"],
    [{ kind: "reset", wasSent: false }, false, "retry"],
    [{ kind: "reset" }, true, "retry"],
    [{ kind: "reset" }, false, "elsewhere"],
    [{ kind: "timeout" }, true, "retry"],
    [{ kind: "timeout" }, false, "elsewhere"],
  ])("%o, repeatable: %s: %s", (parts, isRepeatable, kind) => {
    expect(afterFailure(failure(parts), circumstances({ isRepeatable })).kind).toBe(kind);
  });

  test("no more attempts than the policy allows", () => {
    const step = afterFailure(failure({ wasSent: false }), circumstances({ attempts: 3 }));
    expect(step.kind).toBe("elsewhere");
  });
});
