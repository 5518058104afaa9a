/** Trimming: a chat that is too long goes upstream without its oldest turns where its task allows that, and says so. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  chat,
  EXACT,
  message,
  post,
  startTestGateway,
  type TestGateway,
} from "../support/gateway.ts";
import { OK, type Script, startScript } from "../support/scripted-provider.ts";

interface Message {
  readonly role: string;
  readonly content: unknown;
}

/** 1,000 tokens; estimates are higher, until there is something to learn from. */
const LONG = "word ".repeat(1_000);
const said = (role: string, content: unknown, fields: object = {}) => ({
  role,
  content,
  ...fields,
});
const turn = (n: number) => [
  said("user", `question ${n} ${LONG}`),
  said("assistant", `answer ${n}`),
];
const HISTORY = [
  said("system", "be brief"),
  ...turn(1),
  ...turn(2),
  ...turn(3),
  said("user", "the last question"),
];
const CALLED = [
  said("user", `question ${LONG}`),
  said("assistant", null, {
    tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }],
  }),
  said("tool", "result of c1", { tool_call_id: "c1" }),
  said("assistant", `answer ${LONG}`),
  said("user", "the last question"),
];

let provider: Script;
let gateway: TestGateway;

beforeAll(async () => {
  provider = await startScript();
  const base_url = `${provider.upstream.url}/v1`;
  const upstream = { dialect: "openai", base_url, api_key: "k", limits: [{ rpm: 600_000 }] };
  const claude = {
    dialect: "anthropic",
    base_url: provider.upstream.url,
    api_key: "k",
    limits: [{ itpm: 2_200 }],
  };
  gateway = await startTestGateway({
    policy: EXACT,
    cache: { mode: "always" },
    task_types: { agent: { trim: 2_700 } },
    upstreams: {
      wide: upstream,
      narrow: { ...upstream, limits: [{ tpm: 3_000 }] },
      claude,
      bridge: claude,
    },
    models: {
      windowed: [{ upstream: "wide", model: "gpt-w", context: 3_000 }],
      translated: [{ upstream: "bridge", model: "claude-x" }],
    },
  });
});

beforeEach(() => {
  provider.next = OK;
  unique++;
});

afterAll(async () => {
  await gateway.close();
  await provider[Symbol.asyncDispose]();
});

/** Nothing is to be answered from the cache but where a test wants it. */
let unique = 0;

async function send(
  path: string,
  fields: object,
  headers: Record<string, string> = {},
  body = chat({ max_tokens: 50, user: `u${unique}`, ...fields }),
) {
  const before = provider.upstream.received.length;
  const answer = await post(gateway.url + path, body, { headers });
  const received = provider.upstream.received.at(before);
  const sent = received && (JSON.parse(String(received.body)) as { messages: Message[] });
  return { answer, sent, trimmed: answer.headers.get("x-sluice-trimmed") };
}

/** The beginnings of what was sent, so that a test that fails can be read. */
function begins(messages: readonly object[] | undefined): string[] {
  return (messages ?? []).map((one) => JSON.stringify(one).replaceAll("word ", "").slice(0, 60));
}

const wide = (messages: object[], headers?: Record<string, string>) =>
  send("/wide/chat/completions", { messages }, headers);

describe("a chat that is too long", () => {
  test("goes as it came, unless somebody asks for less", async () => {
    const { answer, sent, trimmed } = await wide(HISTORY);
    expect([answer.status, sent?.messages.length, trimmed]).toEqual([200, 8, null]);
  });

  test("loses its oldest turns by header, and its answer says how much", async () => {
    const { answer, sent, trimmed } = await wide(HISTORY, { "x-sluice-trim": "1500" });
    expect(answer.status).toBe(200);
    expect(begins(sent?.messages)).toEqual(begins([HISTORY[0], ...HISTORY.slice(5)]));
    const [, messages, tokens] = /^(\d+);tokens=(\d+)$/.exec(trimmed ?? "") ?? [];
    expect(messages).toBe("4");
    expect(Number(tokens)).toBeGreaterThan(1_800);
    expect(Number(tokens)).toBeLessThan(2_600);
  });

  test("by the body's metadata and by the task type as well", async () => {
    const metadata = { sluice_trim: "1500" };
    const byBody = await send("/wide/chat/completions", { messages: HISTORY, metadata });
    expect([byBody.sent?.messages.length, byBody.trimmed?.split(";")[0]]).toEqual([4, "4"]);
    const byType = await wide(HISTORY, { "x-sluice-task-type": "agent" });
    expect(byType.sent?.messages.length).toBe(6);
    const off = await wide(HISTORY, { "x-sluice-task-type": "agent", "x-sluice-trim": "off" });
    expect([off.sent?.messages.length, off.trimmed]).toEqual([8, null]);
  });

  test("keeps what is pinned", async () => {
    const { sent } = await wide(HISTORY, { "x-sluice-trim": "1500;pin=1,2" });
    expect(begins(sent?.messages)).toEqual(begins([0, 1, 2, 7].map((at) => HISTORY[at])));
  });

  test("never has a result without its call", async () => {
    const { sent } = await wide(CALLED, { "x-sluice-trim": "500" });
    expect(begins(sent?.messages)).toEqual(begins([CALLED[4]]));
    const pinned = await wide(CALLED, { "x-sluice-trim": "1500;pin=-3" });
    expect(begins(pinned.sent?.messages)).toEqual(begins([...CALLED.slice(0, 3), CALLED[4]]));
  });

  test("that fits is sent byte by byte as it came", async () => {
    const { answer, trimmed } = await wide(HISTORY, { "x-sluice-trim": "100000" });
    const body = JSON.stringify(chat({ max_tokens: 50, user: `u${unique}`, messages: HISTORY }));
    expect(String(provider.upstream.received.at(-1)?.body)).toBe(body);
    expect([answer.status, trimmed]).toEqual([200, null]);
  });

  test("that cannot be made to fit goes as it came", async () => {
    const { sent, trimmed } = await wide([said("user", LONG)], { "x-sluice-trim": "100" });
    expect([sent?.messages.length, trimmed]).toEqual([1, null]);
  });
});

describe("trimmed to what fits", () => {
  test("a limit that it could never fit in is kept, and without trimming refuses it", async () => {
    const refused = await send("/narrow/chat/completions", { messages: HISTORY });
    expect([refused.answer.status, refused.sent]).toEqual([413, undefined]);
    const { answer, sent } = await send(
      "/narrow/chat/completions",
      { messages: HISTORY },
      { "x-sluice-trim": "fit" },
    );
    expect(answer.status).toBe(200);
    expect(begins(sent?.messages)).toEqual(begins([HISTORY[0], ...HISTORY.slice(3)]));
  });

  test("what cannot be made to fit is refused with the limit that it exceeds", async () => {
    const messages = [said("user", LONG.repeat(4))];
    const fields = { messages };
    const { answer, sent } = await send("/narrow/chat/completions", fields, {
      "x-sluice-trim": "fit",
    });
    expect([answer.status, sent]).toEqual([413, undefined]);
    const { error } = (await answer.json()) as { error: { details: { limit: number } } };
    expect(error.details.limit).toBe(3_000);
  });

  test("a model's window is kept, with what may be generated", async () => {
    const fields = { model: "windowed", messages: HISTORY, max_tokens: 400 };
    const path = "/v1/chat/completions";
    const { sent } = await send(path, fields, { "x-sluice-trim": "fit" });
    expect(begins(sent?.messages)).toEqual(begins([HISTORY[0], ...HISTORY.slice(3)]));
    const longer = await send(path, { ...fields, max_tokens: 1_500 }, { "x-sluice-trim": "fit" });
    expect(begins(longer.sent?.messages)).toEqual(begins([HISTORY[0], ...HISTORY.slice(5)]));
  });
});

describe("of Anthropic's messages", () => {
  test("system, tools and pairs of calls and results stay", async () => {
    const used = { type: "tool_use", id: "t1", name: "f", input: {} };
    const result = { type: "tool_result", tool_use_id: "t1", content: "ok" };
    const messages = [
      ...turn(1),
      ...turn(2),
      said("user", "now"),
      said("assistant", [used]),
      said("user", [result]),
    ];
    const body = message({
      system: "be brief",
      tools: [{ name: "f", input_schema: {} }],
      messages,
    });
    const headers = { "x-sluice-trim": "fit" };
    const { answer, sent } = await send("/claude/v1/messages", {}, headers, body);
    expect(answer.status).toBe(200);
    expect(begins(sent?.messages)).toEqual(begins(messages.slice(2)));
    expect({ ...sent, messages }).toEqual(body);
  });

  test("a chat of OpenAI's is trimmed before it is translated, by its own places", async () => {
    const headers = { "x-sluice-trim": "fit;pin=1" };
    const fields = { model: "translated", messages: HISTORY };
    const content = [{ type: "text", text: "short" }];
    const usage = { input_tokens: 1, output_tokens: 1 };
    const answered = { id: "msg_1", type: "message", role: "assistant", stop_reason: "end_turn" };
    provider.next = { status: 200, body: { ...answered, model: "claude-x", content, usage } };
    const { answer, sent, trimmed } = await send("/v1/chat/completions", fields, headers);
    expect([answer.status, trimmed?.split(";")[0]]).toEqual([200, "5"]);
    expect(sent?.messages.map(({ role }) => role)).toEqual(["user", "user"]);
    expect(JSON.stringify(sent)).toMatch(/question 1 .+the last question/);
  });
});

test("answers to a trimmed and to the whole history are kept apart", async () => {
  const body = chat({ messages: HISTORY, user: `u${unique}` });
  const of = async (trim: string) => {
    const headers = { "x-sluice-trim": trim };
    const { answer } = await send("/wide/chat/completions", {}, headers, body);
    return answer.headers.get("x-sluice-fallback");
  };
  expect([await of("1500"), await of("off"), await of("1500")]).toEqual(["none", "none", "cached"]);
});
