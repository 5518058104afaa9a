import { afterAll, describe, expect, test } from "vitest";
import { Folder } from "./sluice.ts";

const folder = new Folder();
afterAll(() => folder[Symbol.dispose]());

const limited = {
  id: "a",
  provider: "openai",
  status: 429,
  headers: { "Retry-After": "2" },
  body: { error: { type: "tokens", code: "rate_limit_exceeded", message: "Slow down." } },
  stream: false,
};

function classify(...lines: readonly unknown[]) {
  const input = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  const { stdout, ...rest } = folder.run(["classify"], {}, `${input.join("\n")}\n`);
  const answers = stdout.split("\n").filter((line) => line !== "");
  return { ...rest, answers: answers.map((line) => JSON.parse(line)) };
}

describe("sluice classify", () => {
  test("answers each line with what the response means", () => {
    const failure = { id: 2, provider: "anthropic", status: 529, headers: {}, body: "" };
    expect(classify(limited, failure)).toEqual({
      code: 0,
      stderr: "",
      answers: [
        { id: "a", class: "quota", dimension: "tokens", retryable: true, retryAfterMs: 2_000 },
        { id: 2, class: "overload", dimension: null, retryable: true, retryAfterMs: null },
      ],
    });
  });

  test("reads the text of a stream that failed after 200", () => {
    const body = `event: error\ndata: ${JSON.stringify(limited.body)}\n\n`;
    const { answers } = classify({ ...limited, status: 200, headers: {}, body, stream: true });
    expect(answers).toMatchObject([{ class: "quota", dimension: "tokens", retryAfterMs: null }]);
  });

  test("measures moments from observedAt, or from the response's own date", () => {
    const headers = { "retry-after": "Sun, 01 Mar 2026 12:01:00 GMT" };
    const observedAt = "2026-03-01T12:00:30Z";
    const date = { ...headers, date: "Sun, 01 Mar 2026 12:00:00 GMT" };
    const { answers } = classify(
      { ...limited, headers, observedAt },
      { ...limited, headers: date, observedAt },
    );
    expect(answers.map(({ retryAfterMs }) => retryAfterMs)).toEqual([30_000, 60_000]);
  });

  test.each(["nobody-knows", "__proto__", undefined])("takes provider %j for generic", (name) => {
    const { code, answers } = classify({ ...limited, provider: name });
    expect({ code, found: answers[0].class }).toEqual({ code: 0, found: "quota" });
  });

  test("names line and field of all that is wrong, and goes on", () => {
    const wrong: [unknown, string][] = [
      ["{", "line: found Expected property name"],
      [[1], "line: found [1]; allowed: one JSON object"],
      [{ ...limited, status: "429" }, 'status: found "429"; allowed: a whole number'],
      [{ ...limited, status: undefined }, "status: found nothing; allowed: a whole number"],
      [{ ...limited, headers: [] }, "headers: found []; allowed: an object of texts"],
      [{ ...limited, headers: { a: null } }, "headers.a: found null; allowed: a text or a list"],
      [{ ...limited, provider: 7 }, "provider: found 7; allowed: a text"],
      [{ ...limited, id: {} }, "id: found {}; allowed: a text or a number"],
      [{ ...limited, observedAt: "soon" }, 'observedAt: found "soon"; allowed: a moment'],
    ];
    const { code, stderr, answers } = classify(limited, ...wrong.map(([line]) => line), limited);
    expect({ code, answered: answers.length }).toEqual({ code: 3, answered: 2 });
    const messages = stderr.trimEnd().split("\n");
    expect(messages).toHaveLength(wrong.length);
    wrong.forEach(([, message], i) => {
      expect(messages[i]).toContain(`sluice: line ${i + 2}: ${message}`);
    });
  });

  test("ends with 2 when no line was right, and with 0 when there was none", () => {
    expect(classify("nonsense").code).toBe(2);
    expect(classify("", "").code).toBe(0);
  });
});
