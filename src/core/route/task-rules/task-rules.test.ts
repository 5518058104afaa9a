import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { recogniseTask } from "./task-rules.ts";
import type { TaskView } from "./task-view.ts";

interface Labelled {
  readonly suits: boolean;
  readonly kind: string;
  readonly domain: string;
  readonly language: string;
  readonly user: string;
  readonly system?: string;
  readonly tools?: readonly string[];
  readonly maxTokens?: number;
  readonly format?: string;
  readonly taskType?: string;
  readonly messages?: number;
  readonly effort?: string;
}

function labelled(name: string): Labelled[] {
  const file = new URL(`../../../../test/fixtures/task-rules/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as Labelled);
}

function viewOf(one: Partial<Labelled>): TaskView {
  const { user = "", system = "", tools = [], maxTokens = null, format, effort } = one;
  return {
    taskType: one.taskType ?? "default",
    inputTokens: Math.ceil((user.length + system.length) / 4),
    maxOutputTokens: maxTokens,
    system,
    prompt: user,
    messages: one.messages ?? 1,
    tools,
    output: format === undefined ? "text" : format === "json" ? "json" : "schema",
    asksToThink: effort === "high",
    hasMedia: false,
  };
}

function scored(name: string) {
  const all = labelled(name).map((one) => ({ one, verdict: recogniseTask(viewOf(one)) }));
  const right = all.filter(({ one, verdict }) => one.suits && verdict.suits);
  const wrong = all.filter(({ one, verdict }) => !one.suits && verdict.suits);
  const missed = all.filter(({ one, verdict }) => one.suits && !verdict.suits);
  if (process.env["SHOW_TASK_RULES"] === name) {
    for (const { one, verdict } of wrong)
      console.log("WRONG", verdict.rule, one.user.slice(0, 150));
    for (const { one, verdict } of missed)
      console.log("MISSED", verdict.rule, one.user.slice(0, 150));
  }
  const precision = right.length / Math.max(1, right.length + wrong.length);
  const recall = right.length / Math.max(1, right.length + missed.length);
  console.log(
    `${name}: ${all.length} prompts, precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`,
  );
  return { precision, recall };
}

describe("of labelled prompts", () => {
  // The rules were never changed by what they do on the held-out half.
  test.each(["tuning", "held-out"])(
    "%s: nine of ten that suit really do, and most are found",
    (name) => {
      const { precision, recall } = scored(name);
      expect(precision).toBeGreaterThanOrEqual(0.9);
      expect(recall).toBeGreaterThanOrEqual(0.7);
    },
  );
});
