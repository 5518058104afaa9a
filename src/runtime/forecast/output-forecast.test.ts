import { describe, expect, test } from "vitest";
import { bucket } from "../../../test/support/meters.ts";
import type { CallEnd, Dialect, Forecast, JsonObject } from "../../core/dialect.ts";
import type { Meter } from "../../core/meter/meter.ts";
import { OK_VERDICT, type VerdictClass } from "../../core/verdict/verdict.ts";
import { anthropic } from "../../dialects/anthropic.ts";
import { generic } from "../../dialects/generic.ts";
import { openai } from "../../dialects/openai.ts";
import { uncorrected } from "../../tokens/input-calibration.ts";
import { createSluice } from "../sluice.ts";
import type { Fetch } from "../transport/fetch-transport.ts";
import { OutputForecast } from "./output-forecast.ts";

const KIND = { tenant: "acme", taskType: "chat", model: "m" };
const DEFAULT = 256;
const MESSAGES = [{ role: "user", content: "Hello, you there" }];

interface Asked {
  readonly dialect?: Dialect;
  readonly body?: JsonObject;
  readonly path?: string;
  readonly meters?: readonly Meter[];
  readonly kind?: Partial<typeof KIND>;
}

function forecastOf(outputs: OutputForecast, asked: Asked = {}): Forecast {
  const { dialect = anthropic, body = {}, meters = [] } = asked;
  const path = asked.path ?? (dialect === anthropic ? "/v1/messages" : "/chat/completions");
  const whole = { model: "m", messages: MESSAGES, ...body };
  const request = { method: "POST", path, headers: {}, body: whole, bodyBytes: 100 };
  const operation = dialect.operation(request);
  return outputs.forecast({
    dialect,
    request,
    operation,
    kind: { ...KIND, ...asked.kind },
    meters,
    correctInput: uncorrected,
  });
}

const usage = (outputTokens: number) => ({ inputTokens: 4, outputTokens, cachedInputTokens: 0 });

function answered(outputTokens: number | null, verdictClass: VerdictClass = "ok"): CallEnd {
  const verdict = { ...OK_VERDICT, class: verdictClass };
  return { kind: "answered", verdict, usage: outputTokens === null ? null : usage(outputTokens) };
}

/** So many calls end like this. */
function teach(outputs: OutputForecast, end: CallEnd, calls = 20, asked: Asked = {}): void {
  for (let i = 0; i < calls; i++) {
    outputs.learn({ ...KIND, ...asked.kind }, forecastOf(outputs, asked), end);
  }
}

const chargedOutput = (outputs: OutputForecast, asked?: Asked) =>
  forecastOf(outputs, asked).charged.outputTokens;

describe("where the provider counts what is generated", () => {
  test("the usual length is reserved until some have been seen, then what calls like it had", () => {
    const outputs = new OutputForecast();
    expect(chargedOutput(outputs)).toBe(DEFAULT);
    teach(outputs, answered(40), 7);
    expect(chargedOutput(outputs)).toBe(DEFAULT);
    teach(outputs, answered(40), 1);
    const { charged, expected } = forecastOf(outputs);
    expect([charged.outputTokens, expected.outputTokens]).toEqual([40, 40]);
    expect(charged.tokens).toBe(charged.inputTokens + 40);
  });

  test("more than was usual is reserved where calls generate more", () => {
    const outputs = new OutputForecast();
    teach(outputs, answered(3_000), 20, { kind: { taskType: "essay" } });
    expect(chargedOutput(outputs, { kind: { taskType: "essay" } })).toBe(3_000);
  });

  test.each([
    [1, 1],
    [39, 39],
    [40, 40],
    [41, 40],
    [4_096, 40],
  ])("with max_tokens %s, %s are reserved of 40 learned", (max_tokens, reserved) => {
    const outputs = new OutputForecast();
    teach(outputs, answered(40));
    const { charged, expected } = forecastOf(outputs, { body: { max_tokens } });
    expect(charged.outputTokens).toBe(reserved);
    expect(expected.outputTokens).toBe(reserved);
  });

  test("the mean is expected, and a length that is hardly exceeded is reserved", () => {
    const outputs = new OutputForecast();
    for (let i = 1; i <= 100; i++) teach(outputs, answered(i), 1);
    const { charged, expected } = forecastOf(outputs);
    expect(charged.outputTokens).toBeGreaterThan(85);
    expect(expected.outputTokens).toBe(51);
  });
});

describe("where the provider charges max_tokens", () => {
  test.each<[string, Dialect]>([
    ["openai", openai],
    ["generic", generic],
  ])("%s: what was learned changes nothing of what is reserved", (_, dialect) => {
    const outputs = new OutputForecast();
    const asks: Asked[] = [{ dialect, body: { max_tokens: 900 } }, { dialect }];
    const before = asks.map((asked) => forecastOf(outputs, asked).charged.tokens);
    for (const asked of asks) teach(outputs, answered(5), 50, asked);
    expect(asks.map((asked) => forecastOf(outputs, asked).charged.tokens)).toEqual(before);
    expect(forecastOf(outputs, asks[0]).charged.outputTokens).toBe(900);
  });

  test("nothing is to be learned from who says how much it is, only from who does not", () => {
    const outputs = new OutputForecast();
    const operation = { kind: "generate", model: "m", stream: false, retrySafe: true } as const;
    const learnsFrom = (dialect: Dialect, body: JsonObject) => {
      const request = { method: "POST", path: "/", headers: {}, body, bodyBytes: 2 };
      return outputs.learnsFrom({ dialect, request, operation });
    };
    expect(learnsFrom(openai, { max_tokens: 900 })).toBe(false);
    expect(learnsFrom(openai, { max_tokens: null })).toBe(true);
    expect(learnsFrom(anthropic, { max_tokens: 900 })).toBe(true);
  });

  test("embeddings and calls without tokens are as they were", () => {
    const outputs = new OutputForecast();
    teach(outputs, answered(500), 50, { dialect: openai });
    const embedded = { dialect: openai, path: "/embeddings", body: { input: "word" } };
    expect(chargedOutput(outputs, embedded)).toBe(0);
    teach(outputs, answered(0), 500, embedded);
    const { expected } = forecastOf(outputs, { dialect: openai });
    expect(expected.outputTokens).toBe(500);
    expect(chargedOutput(outputs, { dialect: openai, path: "/files" })).toBe(0);
  });
});

describe("learning", () => {
  test.each<[string, CallEnd]>([
    ["what was never sent", { kind: "never-sent" }],
    ["what was cut off", { kind: "cut-off", usage: usage(9_000), outputTokensSeen: 9_000 }],
    ["an answer without usage", answered(null)],
    ...(["quota", "overload", "transient", "timeout", "invalid_request"] as const).map(
      (verdict): [string, CallEnd] => [`a call that failed: ${verdict}`, answered(9_000, verdict)],
    ),
  ])("nothing is learned from %s", (_, end) => {
    const outputs = new OutputForecast();
    teach(outputs, end, 50);
    expect(chargedOutput(outputs)).toBe(DEFAULT);
    teach(outputs, answered(40));
    teach(outputs, end, 200);
    expect(chargedOutput(outputs)).toBe(40);
  });
});

describe("a guess alone makes no request too large", () => {
  const tokens = (amount: number) => bucket({ dimension: "tokens", amount });
  const output = (amount: number) => bucket({ dimension: "output_tokens", amount });

  test("it is cut to what the smallest limit holds", () => {
    const outputs = new OutputForecast();
    expect(chargedOutput(outputs, { meters: [output(100), output(500)] })).toBe(100);
    const { charged } = forecastOf(outputs, { meters: [tokens(150)] });
    expect(charged.tokens).toBeLessThanOrEqual(150);
    expect(charged.tokens).toBeGreaterThan(145);
    teach(outputs, answered(3_000));
    expect(chargedOutput(outputs, { meters: [output(100)] })).toBe(100);
    expect(chargedOutput(outputs, { meters: [output(5_000)] })).toBe(3_000);
  });

  test("what the client allows itself stays as large as it is", () => {
    const outputs = new OutputForecast();
    const asked = { dialect: openai, body: { max_tokens: 200 }, meters: [output(100)] };
    expect(chargedOutput(outputs, asked)).toBe(200);
  });

  test("where nothing at all fits, the refusal names what was asked for", () => {
    expect(chargedOutput(new OutputForecast(), { meters: [tokens(1)] })).toBe(DEFAULT);
  });
});

describe("a whole call", () => {
  const sse = (events: readonly JsonObject[]) =>
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

  /** Anthropic's answer, as a stream or in one piece. */
  function answer(stream: boolean, outputTokens: number): Response {
    const told = { input_tokens: 4, output_tokens: outputTokens };
    if (!stream) return Response.json({ type: "message", content: [], usage: told });
    const events = [
      { type: "message_start", message: { usage: { input_tokens: 4, output_tokens: 1 } } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word" } },
      { type: "message_delta", delta: {}, usage: told },
      { type: "message_stop" },
    ];
    return new Response(sse(events), { headers: { "content-type": "text/event-stream" } });
  }

  /** What is reserved of output while a call runs, and its answer. */
  async function start(respond: () => Response) {
    let reserved = Number.NaN;
    const send: Fetch = async () => {
      const meters = sluice.runtime.upstreams.get("it")?.shared.meters ?? [];
      const found = meters.find(({ label }) => label.dimension === "output_tokens") as Meter;
      const { limit, level } = found.read(sluice.runtime.clock.now());
      reserved = Math.round((limit - level) / 1e6);
      return respond();
    };
    const limits = [{ output_tokens: { amount: 1_000_000, per: "1d", window: "fixed" } }];
    const it = { dialect: "anthropic", base_url: "http://it.test", limits };
    const sluice = await createSluice({ config: { upstreams: { it } }, fetch: send });
    let counted = 0;
    /** What was reserved for the call itself: what earlier ones have really used is not. */
    const call = async (stream: boolean, used: number) => {
      const body = JSON.stringify({ model: "m", messages: MESSAGES, max_tokens: 5_000, stream });
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body };
      const answered = await sluice.fetch("http://it.test/v1/messages", init);
      await answered.text().catch(() => "it broke off");
      const own = reserved - counted;
      counted += used;
      return own;
    };
    return { call, close: () => sluice.close() };
  }

  test.each([
    ["in one piece", false],
    ["as a stream", true],
  ])("%s teaches the ones after it", async (_, stream) => {
    const { call, close } = await start(() => answer(stream, 30));
    const reserved: number[] = [];
    for (let i = 0; i < 10; i++) reserved.push(await call(stream, 30));
    expect(reserved).toEqual([...Array(8).fill(DEFAULT), 30, 30]);
    await close();
  });

  test("that the provider refuses teaches nothing", async () => {
    const error = { type: "error", error: { type: "invalid_request_error", message: "no" } };
    const { call, close } = await start(() => Response.json(error, { status: 400 }));
    const reserved: number[] = [];
    for (let i = 0; i < 12; i++) reserved.push(await call(false, 0));
    expect(reserved).toEqual(Array(12).fill(DEFAULT));
    await close();
  });

  test("whose stream breaks off teaches nothing", async () => {
    const opening = sse([
      { type: "message_start", message: { usage: { input_tokens: 4, output_tokens: 1 } } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word" } },
    ]);
    const broken = () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(opening)),
        pull: (controller) => controller.error(new Error("reset")),
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
    const { call, close } = await start(broken);
    const reserved: number[] = [];
    for (let i = 0; i < 12; i++) reserved.push(await call(true, 1));
    expect(reserved).toEqual(Array(12).fill(DEFAULT));
    await close();
  });
});
