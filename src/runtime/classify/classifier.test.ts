import { describe, expect, test } from "vitest";
import { TestClock } from "../../../test/support/gateway-clock.ts";
import { Classifier, type Decision } from "./classifier.ts";
import type { Classify, ClassifyAnswer, ClassifyQuestion } from "./classify.ts";

const QUESTION: ClassifyQuestion = {
  taskType: "default",
  inputTokens: 10,
  maxOutputTokens: null,
  system: "",
  prompt: "Hello",
  messages: 1,
  tools: [],
  output: "text",
  asksToThink: false,
  hasMedia: false,
  tier: "free",
  latency: "near-real-time",
  model: "smart",
};
const PATIENT_MS = 60_000;

interface Open {
  resolve(answer: ClassifyAnswer): void;
  reject(error: unknown): void;
  readonly signal: AbortSignal;
}

function world(classify?: Classify, { timeoutMs = 100, mostAtOnce = 2 } = {}) {
  const clock = new TestClock();
  const closing = new AbortController();
  const open: Open[] = [];
  const slow: Classify = (_, { signal }) =>
    new Promise((resolve, reject) => open.push({ resolve, reject, signal }));
  const classifier = new Classifier(classify ?? slow, {
    timeoutMs,
    mostAtOnce,
    clock,
    closing: closing.signal,
  });
  const ask = (patienceMs = PATIENT_MS, signal = new AbortController().signal) =>
    classifier.ask(() => QUESTION, patienceMs, signal);
  return { clock, closing, classifier, open, ask };
}

/** Asks and lets it be too late. */
async function late({ ask, clock }: ReturnType<typeof world>): Promise<Decision> {
  const told = ask();
  await clock.advance(100);
  return await told;
}

describe("a classifier that answers at once", () => {
  test.each([
    [true, true],
    [false, false],
    [null, null],
    [undefined, null],
  ])("%s is %s, without a turn of the event loop", (answer, decision) => {
    expect(world(() => answer).ask()).toBe(decision);
  });

  test.each([
    ["throws", () => JSON.parse("{")],
    ["answers something else", () => "yes"],
  ])("one that %s leaves it to the rules, and is counted", (_, classify) => {
    const { ask, classifier } = world(classify as Classify);
    expect(ask()).toBe(null);
    expect(classifier.counts).toMatchObject({ asked: 1, answered: 0, failed: 1 });
  });
});

describe("a classifier that takes its time", () => {
  test("is waited for within the time limit", async () => {
    const { ask, open, classifier } = world();
    const told = ask();
    open[0].resolve(true);
    expect(await told).toBe(true);
    expect(classifier.counts).toMatchObject({ asked: 1, answered: 1, suits: 1, late: 0 });
  });

  test.each([
    [PATIENT_MS, 100],
    [40, 40],
  ])("with a patience of %d ms it is left after %d ms, and told so", async (patienceMs, ms) => {
    const { ask, open, clock, classifier } = world();
    let decision: Decision | "open" = "open";
    void Promise.resolve(ask(patienceMs)).then((told) => {
      decision = told;
    });
    await clock.advance(ms - 1);
    expect([decision, open[0].signal.aborted]).toEqual(["open", false]);
    await clock.advance(1);
    expect([decision, open[0].signal.aborted]).toEqual([null, true]);
    open[0].resolve(true);
    expect(classifier.counts).toMatchObject({ asked: 1, answered: 0, late: 1 });
  });

  test("is not asked by those who have no time at all", () => {
    const { ask, open, classifier } = world();
    expect(ask(0)).toBe(null);
    expect([open.length, classifier.counts.skipped]).toEqual([0, 1]);
  });

  test("has at most so many questions open, also those that nobody waits for any more", async () => {
    const { ask, open, clock, classifier } = world();
    const told = [ask(), ask(), ask()];
    expect(told[2]).toBe(null);
    await clock.advance(100);
    expect(await Promise.all(told)).toEqual([null, null, null]);
    expect(ask()).toBe(null);
    expect([open.length, classifier.counts.skipped]).toEqual([2, 2]);
    open[0].reject(new Error("late"));
    await clock.advance(0);
    void ask();
    expect(open.length).toBe(3);
  });

  test.each(["its client leaves", "everything closes"])("is told when %s", async (why) => {
    const { ask, open, closing, classifier } = world();
    const client = new AbortController();
    const told = ask(PATIENT_MS, client.signal);
    (why === "everything closes" ? closing : client).abort();
    expect(await told).toBe(null);
    expect(open[0].signal.aborted).toBe(true);
    expect(classifier.counts).toMatchObject({ asked: 1, failed: 0, late: 0 });
  });
});

describe("a classifier that fails five times in a row", () => {
  async function failing() {
    const it = world(undefined, { mostAtOnce: 10 });
    for (let i = 0; i < 5; i++) await late(it);
    for (const { reject } of it.open) reject(new Error("late"));
    await it.clock.advance(0);
    return it;
  }

  test("is left alone for five seconds, then asked one question at a time", async () => {
    const { ask, open, clock } = await failing();
    await clock.advance(4_999);
    expect([ask(), open.length]).toEqual([null, 5]);
    await clock.advance(1);
    void ask();
    expect([ask(), open.length]).toEqual([null, 6]);
  });

  test("is trusted again after one answer", async () => {
    const { ask, open, clock } = await failing();
    await clock.advance(5_000);
    const told = ask();
    open[5].resolve(false);
    expect(await told).toBe(false);
    void ask();
    void ask();
    expect(open.length).toBe(8);
  });

  test("rests again after one more failure", async () => {
    const it = await failing();
    await it.clock.advance(5_000);
    await late(it);
    expect([it.ask(), it.open.length]).toEqual([null, 6]);
  });
});
