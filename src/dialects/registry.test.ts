import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CallEnd, RequestView } from "../core/dialect.ts";
import { LONGEST_RETRY_AFTER_MS, VERDICT_CLASSES } from "../core/verdict/verdict.ts";
import { DIALECT_NAMES, DIALECTS, dialectNamed, generic } from "./registry.ts";

describe("registry", () => {
  test("finds each dialect by its name, and by a provider's", () => {
    for (const dialect of DIALECTS) expect(dialectNamed(dialect.name)).toBe(dialect);
    expect(dialectNamed("aws-bedrock")?.name).toBe("bedrock");
    expect(dialectNamed("openai-compatible")?.name).toBe("openai");
  });

  test("gives no name twice", () => {
    const own = DIALECTS.map(({ name }) => name);
    expect(new Set(own).size).toBe(own.length);
    expect(new Set(DIALECT_NAMES).size).toBe(DIALECT_NAMES.length);
    expect(DIALECT_NAMES.every((name) => dialectNamed(name) !== null)).toBe(true);
  });

  test.each(["nobody", "", "__proto__", "constructor"])("knows no dialect named %j", (name) => {
    expect(dialectNamed(name)).toBeNull();
  });

  test("gives the generic one to callers that fall back to it", () => {
    expect(generic.name).toBe("generic");
  });
});

/** Bodies made of the words that dialects look for, in places where they do not belong. */
const word = fc.constantFrom(
  ..."model messages content text input prompt tools system max_tokens n type role image data source error errors code message status usage prompt_tokens input_tokens output_tokens choices delta tool_calls response object details retryDelay headers metadata base_resp stream item".split(
    " ",
  ),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.string(),
      word,
      fc.double(),
      fc.constantFrom(null, true, -1, 1e308, 429),
      fc.integer(),
    ),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(word, tie("json"), { maxKeys: 5 }),
  ),
}));
const object = fc.dictionary(word, json, { maxKeys: 6 }) as fc.Arbitrary<Record<string, unknown>>;
const path = fc.constantFrom(
  "/chat/completions",
  "/responses",
  "/embeddings",
  "/v1/messages",
  "/x",
  "",
  "//",
);
const method = fc.constantFrom("POST", "GET", "", "post");
const header = fc.constantFrom(
  "retry-after",
  "retry-after-ms",
  "date",
  "ratelimit",
  "ratelimit-policy",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-ratelimit-limit-tokens",
  "x-ratelimit-remaining-tokens",
  "x-ratelimit-reset-tokens",
  "anthropic-ratelimit-tokens-limit",
  "anthropic-ratelimit-tokens-reset",
  "x-should-retry",
);
const value = fc.oneof(
  fc.string(),
  fc.double().map(String),
  fc.constantFrom("1m0s", "0", "-1", '"a";q=1;w=9', "2026-01-01T00:00:00Z"),
);
const headers = fc.dictionary(header, fc.oneof(value, fc.array(value, { maxLength: 3 })));
const amount = (max: number) => ({
  asymmetricMatch: (n: unknown) =>
    n === null || (Number.isInteger(n) && Number(n) >= 0 && Number(n) <= max),
});

describe.each(DIALECTS)("the $name dialect", (dialect) => {
  test("forecasts and settles bounded whole amounts for any request", () => {
    fc.assert(
      fc.property(object, path, method, fc.double(), (body, path, method, guess) => {
        const request: RequestView = { method, path, headers: {}, body, bodyBytes: 0 };
        const operation = dialect.operation(request);
        const forecast = dialect.forecast(request, operation, guess);
        const ends: CallEnd[] = [
          { kind: "never-sent" },
          { kind: "cut-off", usage: dialect.usage(body), outputTokensSeen: 5 },
          {
            kind: "answered",
            verdict: dialect.verdict({
              status: 200,
              headers: {},
              body: JSON.stringify(body),
              receivedAtMs: 0,
            }),
            usage: dialect.usage(body),
          },
        ];
        for (const { requests, tokens, inputTokens, outputTokens } of [
          forecast.charged,
          ...ends.map((end) => dialect.settle(forecast, end)),
        ]) {
          expect(requests === 0 || requests === 1).toBe(true);
          for (const count of [tokens, inputTokens, outputTokens])
            expect(count).toBeGreaterThanOrEqual(0);
        }
        expect(forecast.charged.inputTokens).toEqual(amount(1e7));
        expect(forecast.charged.outputTokens).toEqual(amount(1e7));
      }),
    );
  });

  test("foresees units by the names that it says, and reads them from any body", () => {
    const names = dialect.units?.names ?? [];
    fc.assert(
      fc.property(object, path, method, json, (body, path, method, told) => {
        const request: RequestView = { method, path, headers: {}, body, bodyBytes: 0 };
        const { charged } = dialect.forecast(request, dialect.operation(request));
        for (const [name, units] of Object.entries(charged.units)) {
          expect(names).toContain(name);
          expect(units >= 0 && units <= 1e9).toBe(true);
        }
        expect(dialect.units?.shapeOf(request)?.length ?? 0).toBeLessThanOrEqual(65_536);
        for (const field of dialect.usageFields) dialect.units?.told({ [field]: told }, 1e12);
      }),
    );
  });

  test("reads a verdict from any response", () => {
    const body = fc.oneof(
      object.map((one) => JSON.stringify(one)),
      fc.string(),
      object.map((one) => `data: ${JSON.stringify(one)}\n\n`),
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(200, 400, 403, 413, 429, 500, 503), fc.integer()),
        headers,
        body,
        (status, headers, body) => {
          const verdict = dialect.verdict({ status, headers, body, receivedAtMs: 1e12 });
          expect(VERDICT_CLASSES).toContain(verdict.class);
          expect(verdict.retryAfterMs).toEqual(amount(LONGEST_RETRY_AFTER_MS));
          if (!verdict.retryable) expect(verdict.retryAfterMs).toBeNull();
        },
      ),
    );
  });

  test("reads limits that tell an amount, or none", () => {
    fc.assert(
      fc.property(headers, (headers) => {
        for (const { limit, remaining, resetMs } of dialect.limits(headers, 1e12)) {
          expect(limit ?? remaining).not.toBeNull();
          expect([limit, remaining, resetMs]).toEqual([
            amount(1e15),
            amount(1e15),
            amount(LONGEST_RETRY_AFTER_MS),
          ]);
        }
      }),
    );
  });

  test("reads any stream", () => {
    const data = fc.oneof(
      object.map((one) => JSON.stringify(one)),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("", "error", "message_start", "response.failed"), data)),
        (events) => {
          const reader = dialect.streamReader();
          for (const [event, text] of events)
            expect(["content", "bookkeeping", "error", "end"]).toContain(
              reader.read(event, text).kind,
            );
          expect(reader.usage()?.inputTokens ?? 0).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  test("survives JSON that is nested beyond any sense", () => {
    const deep = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
    const body = {
      model: "m",
      messages: deep,
      tools: deep,
      system: deep,
      input: deep,
      usage: deep,
    };
    const request: RequestView = {
      method: "POST",
      path: "/chat/completions",
      headers: {},
      body,
      bodyBytes: 0,
    };
    expect(() => dialect.forecast(request, dialect.operation(request))).not.toThrow();
    const text = `{"error":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    expect(dialect.verdict({ status: 500, headers: {}, body: text, receivedAtMs: 0 }).class).toBe(
      "transient",
    );
  });

  test("reads hostile prose in a moment", () => {
    const hostile = [
      "(",
      "<",
      "limit 1 ",
      "credits is ",
      "wait 1 ",
      "1,",
      "1h ",
      "requests / ",
      "tokens ",
      "{",
      "\\",
      " ",
    ].map((piece) => piece.repeat(4_096 / piece.length));
    const start = performance.now();
    for (const text of hostile) {
      dialect.verdict({
        status: 429,
        headers: { "retry-after": text, ratelimit: text, "x-ratelimit-reset": text },
        body: text,
        receivedAtMs: 0,
      });
      dialect.verdict({
        status: 503,
        headers: {},
        body: JSON.stringify({ error: { message: text, code: text } }),
        receivedAtMs: 0,
      });
    }
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});
