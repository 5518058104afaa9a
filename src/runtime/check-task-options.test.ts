import { describe, expect, test } from "vitest";
import { SluiceError } from "../core/errors.ts";
import { checkTaskOptions } from "./check-task-options.ts";

const TYPES = ["chat", "nightly", "default"];

function problemOf(options: object, types = TYPES, more?: readonly string[]): string | null {
  try {
    checkTaskOptions(options, () => types, more);
    return null;
  } catch (error) {
    if (!SluiceError.isInstance(error)) throw error;
    expect(error.code).toBe("invalid_request");
    return error.message;
  }
}

describe("options of a task", () => {
  test.each<object>([
    {},
    { tenant: "acme", type: "chat", latency: "batch", maxWaitMs: 0, deadlineMs: 1.5 },
    { fallback: [], chain: { id: "a" }, minQuality: 1, tags: [], trim: "fit" },
    { chain: { id: "a", step: 2, depth: 0 }, trim: 8_000, fallback: ["queue"] },
    { tenant: undefined, typo: undefined },
  ])("are taken: %j", (options) => {
    expect(problemOf(options)).toBe(null);
  });

  test.each<[object, string]>([
    [
      { type: "chta" },
      'task.type: found "chta", allowed: chat, nightly, default; did you mean `chat`?',
    ],
    [{ type: 5 }, "task.type: found 5, allowed: a task type's name"],
    [{ latency: "soon" }, 'task.latency: found "soon", allowed: real-time, near-real-time, batch'],
    [{ maxWait: 5 }, "task.maxWait: found 5, allowed: only tenant, type, latency, maxWaitMs, "],
    [{ maxWaitMs: "1s" }, 'task.maxWaitMs: found "1s", allowed: milliseconds, 0 or more'],
    [{ deadlineMs: Number.NaN }, "task.deadlineMs: found null, allowed: milliseconds"],
    [{ fallback: "cached" }, 'task.fallback: found "cached", allowed: a list of smaller-model'],
    [{ chain: { id: "a", stp: 2 } }, "task.chain: found "],
    [{ chain: { id: "a", step: -1 } }, "task.chain: found "],
    [{ minQuality: 2 }, "task.minQuality: found 2, allowed: a number from 0 to 1"],
    [{ trim: 0 }, "task.trim: found 0, allowed: off, fit, or tokens of input above 0"],
    [{ tenant: null }, "task.tenant: found null, allowed: a tenant's name"],
    [{ tags: "a" }, 'task.tags: found "a", allowed: a list of texts'],
    [{ toString: 1 }, "task.toString: found 1, allowed: only "],
    [{ task: () => 1 }, "task.task: found () => 1, allowed: only "],
    [{ tenant: ["x".repeat(5_000)] }, `task.tenant: found ["${"x".repeat(98)}..., allowed`],
  ])("are refused by name, value and what is allowed: %j", (options, words) => {
    expect(problemOf(options)).toContain(words);
  });

  test("may name any type where none is configured: that tells the classifier", () => {
    expect(problemOf({ type: "triage" }, ["default"])).toBe(null);
  });

  test("may have fields beside them that are told", () => {
    expect(problemOf({ upstream: "it", task: {} }, TYPES, ["upstream", "signal"])).toContain(
      "allowed: only upstream, signal, tenant",
    );
  });
});
