/** Classifier: under pressure a classifier of one's own says what goes to a smaller model; it can break nothing. */
import { describe, expect, test } from "vitest";
import { type ClassifyQuestion, createSluice } from "../../src/index.ts";
import {
  atRest,
  chat,
  EXACT,
  message,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "../support/gateway.ts";
import {
  answerJson,
  type Handler,
  startUpstream,
  type TestUpstream,
} from "../support/gateway-upstream.ts";
import { OK, type Script, startScript } from "../support/scripted-provider.ts";

/** Whatever pressure there is, it is enough. */
const PRESSED = { ...EXACT, pressure: { warn: 0, act: 0 } };
const MODELS = {
  smart: [
    { upstream: "it", model: "large", quality: 0.9 },
    { upstream: "it", model: "small", quality: 0.5 },
  ],
  alone: [{ upstream: "it", model: "large", quality: 0.9 }],
};
/** By the shipped rules it suits, and it does not. */
const EASY = "Classify the sentiment of this review as positive or negative: great shoes";
const HARD = "Prove that there are infinitely many primes.";

interface World extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly hook: TestUpstream;
  readonly provider: Script;
  /** The model that has served it. */
  served(
    prompt?: string,
    headers?: Record<string, string>,
    fields?: object,
  ): Promise<string | null>;
  questions(): Record<string, unknown>[];
  counts(): Promise<Record<string, number> | undefined>;
}

async function start(handler: Handler, classifier: object = {}, policy: object = PRESSED) {
  const provider = await startScript();
  const hook = await startUpstream(handler);
  const gateway = await startTestGateway({
    policy,
    upstreams: {
      it: {
        dialect: "openai",
        base_url: `${provider.upstream.url}/v1`,
        api_key: "k",
        limits: [{ rpm: 600_000 }],
      },
    },
    models: MODELS,
    classifier: { url: `${hook.url}/classify?v=1`, timeout: "20s", ...classifier },
  });
  const world: World = {
    gateway,
    hook,
    provider,
    served: async (prompt = HARD, headers = {}, fields = {}) => {
      const messages = [
        { role: "system", content: "Our secret recipe" },
        { role: "user", content: prompt },
      ];
      const body = chat({ model: "smart", messages, ...fields });
      const answer = await post(`${gateway.url}/v1/chat/completions`, body, { headers });
      expect(answer.status).toBe(200);
      return answer.headers.get("x-sluice-model");
    },
    questions: () => hook.received.map(({ body }) => JSON.parse(String(body))),
    counts: async () => (await gateway.state()).classifier as never,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await hook[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
  return world;
}

const says =
  (suits: unknown, headers: Record<string, string> = {}): Handler =>
  (response) =>
    answerJson(response, 200, { suits }, headers);

describe("a classifier behind a URL", () => {
  test("decides against the shipped rules, both ways", async () => {
    let suits = true;
    await using world = await start((response) => answerJson(response, 200, { suits }));
    expect(await world.served(HARD)).toBe("small");
    suits = false;
    expect(await world.served(EASY)).toBe("large");
    expect(await world.counts()).toEqual({
      asked: 2,
      answered: 2,
      suits: 1,
      failed: 0,
      late: 0,
      skipped: 0,
    });
  });

  test("is told the shape of a request and by default not a word of it", async () => {
    await using world = await start(says(true), { token: "hook-token" });
    const tools = [{ type: "function", function: { name: "lookup", parameters: {} } }];
    const headers = { "x-sluice-task-type": "triage", "x-sluice-latency": "real-time" };
    await world.served("Attack at dawn", headers, { tools, max_tokens: 50 });
    const [{ headers: sent, url, body }] = world.hook.received;
    expect([url, sent.authorization]).toEqual(["/classify?v=1", "Bearer hook-token"]);
    expect(world.questions()).toEqual([
      {
        task_type: "triage",
        tier: "free",
        latency: "real-time",
        model: "smart",
        input_tokens: expect.any(Number),
        max_output_tokens: 50,
        messages: 1,
        tools: ["lookup"],
        output: "text",
        asks_to_think: false,
        has_media: false,
      },
    ]);
    expect(String(body)).not.toMatch(/dawn|recipe/);
  });

  test("is told the texts where the configuration says so, of a long one both ends", async () => {
    await using world = await start(says(true), { prompt: true });
    await world.served(`begins ${"x".repeat(50_000)} ends`);
    const [{ system, prompt }] = world.questions() as { system: string; prompt: string }[];
    expect([system, prompt.slice(0, 6), prompt.slice(-4)]).toEqual([
      "Our secret recipe",
      "begins",
      "ends",
    ]);
    expect(prompt.length).toBeLessThan(6_000);
  });

  test("is asked about Anthropic's messages as well", async () => {
    await using world = await start(says(false));
    world.provider.next = OK;
    await post(`${world.gateway.url}/v1/messages`, message({ model: "smart", max_tokens: 9 }));
    expect(world.questions()).toMatchObject([{ max_output_tokens: 9, messages: 1 }]);
  });

  test.each<[string, Handler, object]>([
    ["answers with an error", (response) => answerJson(response, 500, { suits: true }), {}],
    ["answers something else", says("yes"), {}],
    ["answers no JSON", (response) => void response.end("suits"), {}],
    ["answers without end", (response) => void response.end("x".repeat(10_000)), {}],
    ["closes the connection", (response) => void response.destroy(), {}],
    ["redirects", (response) => void response.writeHead(307, { location: "/" }).end(), {}],
  ])("one that %s leaves it to the shipped rules", async (_, handler, classifier) => {
    await using world = await start(handler, classifier);
    expect([await world.served(EASY), await world.served(HARD)]).toEqual(["small", "large"]);
    expect(await world.counts()).toMatchObject({ asked: 2, answered: 0, failed: 2 });
  });

  test("one that never answers is left in time", async () => {
    await using world = await start(() => {}, { timeout: "20ms" });
    expect(await world.served(EASY)).toBe("small");
    expect(await world.counts()).toMatchObject({ asked: 1, late: 1 });
    await until(() => world.hook.received[0].wasAborted, "its connection is still open");
  });

  test("leaves the rules to decide where it has no opinion", async () => {
    await using world = await start(says(null));
    expect([await world.served(EASY), await world.served(HARD)]).toEqual(["small", "large"]);
    expect(await world.counts()).toMatchObject({ answered: 2, suits: 0, failed: 0 });
  });

  test("is asked again about the same, unless its answer says that it may be remembered", async () => {
    let headers = {};
    await using world = await start((response) =>
      answerJson(response, 200, { suits: true }, headers),
    );
    for (let i = 0; i < 2; i++) await world.served(HARD);
    expect(world.hook.received.length).toBe(2);
    headers = { "cache-control": "max-age=60" };
    for (let i = 0; i < 3; i++) expect(await world.served(HARD)).toBe("small");
    expect(world.hook.received.length).toBe(3);
    await world.served(HARD, { "x-sluice-task-type": "other" });
    expect(world.hook.received.length).toBe(4);
  });

  test("holds up nobody who needs no decision", async () => {
    await using world = await start(() => {});
    expect(await world.served(HARD, {}, { model: "alone" })).toBe("large");
    expect(await world.served(HARD, { "x-sluice-min-quality": "0.9" })).toBe("large");
    expect(await world.served(HARD, { "x-sluice-max-wait-ms": "0" })).toBe("large");
    world.gateway.reload({ ...calm(world) });
    expect(await world.served()).toBe("large");
    expect(world.hook.received.length).toBe(0);
  });

  test("of a client that leaves meanwhile nothing is left", async () => {
    await using world = await start(() => {});
    const client = new AbortController();
    const body = chat({ model: "smart" });
    const answer = post(`${world.gateway.url}/v1/chat/completions`, body, {
      signal: client.signal,
    });
    await until(() => world.hook.received.length === 1, "it is not asked");
    client.abort();
    await expect(answer).rejects.toThrow();
    await atRest(world.gateway);
    await until(() => world.hook.received[0].wasAborted, "its connection is still open");
    expect(world.provider.upstream.received.length).toBe(0);
  });
});

/** The same house with the usual thresholds. */
function calm({ hook, provider }: World) {
  const base_url = `${provider.upstream.url}/v1`;
  return {
    policy: EXACT,
    upstreams: { it: { dialect: "openai", base_url, api_key: "k", limits: [{ rpm: 600_000 }] } },
    models: MODELS,
    classifier: { url: hook.url },
  };
}

describe("a classifier in the library", () => {
  async function servedBy(classify: Parameters<typeof createSluice>[0]["classify"], prompt = HARD) {
    const sent: string[] = [];
    const sluice = await createSluice({
      config: {
        policy: PRESSED,
        upstreams: { it: { dialect: "openai", base_url: "http://it.test/v1", api_key: "k" } },
        models: MODELS,
        classifier: { timeout: "20ms" },
      },
      fetch: async (_, init) => {
        sent.push(JSON.parse(String(init?.body)).model);
        return Response.json({});
      },
      classify,
    });
    const messages = [{ role: "user", content: prompt }];
    const answer = await sluice.fetch("http://it.test/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "smart", messages }),
    });
    await answer.text();
    await sluice.close();
    return sent.join();
  }

  test("is a function, told the prompt too", async () => {
    const asked: ClassifyQuestion[] = [];
    const classify = (question: ClassifyQuestion) => {
      asked.push(question);
      return question.prompt.includes("primes");
    };
    expect([await servedBy(classify), await servedBy(classify, EASY)]).toEqual(["small", "large"]);
    expect(asked[0]).toMatchObject({ taskType: "default", tier: "free", model: "smart" });
  });

  test("may answer later, or not in time", async () => {
    expect(await servedBy(async () => true)).toBe("small");
    expect(await servedBy(() => new Promise(() => {}))).toBe("large");
    expect(await servedBy(() => new Promise(() => {}), EASY)).toBe("small");
  });
});
