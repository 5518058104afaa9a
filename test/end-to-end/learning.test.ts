/** Learning: without configured limits they come from headers; others on the account are noticed, too. */
import { describe, expect, test } from "vitest";
import { INSTANT, startMock } from "../../src/mock/index.ts";
import { atRest, chat, message, post, startTestGateway, until } from "../support/gateway.ts";
import { answerJson, startUpstream } from "../support/gateway-upstream.ts";

const LIMITS = {
  openai: { rpm: 600, tpm: 60_000 },
  anthropic: { rpm: 600, itpm: 60_000, otpm: 30_000 },
} as const;
const NAMES = {
  rpm: "requests",
  tpm: "tokens",
  itpm: "input_tokens",
  otpm: "output_tokens",
} as const;
const PATHS = { openai: "/v1/chat/completions", anthropic: "/v1/messages" } as const;

describe("without configured limits", () => {
  test.each(["openai", "anthropic"] as const)("%s's come from its headers", async (dialect) => {
    const limits = LIMITS[dialect];
    await using mock = await startMock({ dialect, limits, latency: INSTANT });
    const base_url = dialect === "openai" ? `${mock.url}/v1` : mock.url;
    await using gateway = await startTestGateway({
      upstreams: { it: { dialect, base_url, api_key: "k" } },
    });
    const body = dialect === "openai" ? chat({ max_tokens: 20 }) : message({ max_tokens: 20 });
    // One answer tells the amounts, the next ones the time in which they come back.
    for (let i = 0; i < 4; i++) {
      const answer = await post(gateway.url + PATHS[dialect], body);
      expect(answer.status).toBe(200);
      await answer.text();
    }
    const { meters } = (await gateway.state()).upstreams.it;
    const levels = mock.levels();
    for (const [name, limit] of Object.entries(limits)) {
      const dimension = NAMES[name as keyof typeof NAMES];
      const selector = `model:${body.model}`;
      const learned = meters.find((one) => one.dimension === dimension);
      expect(learned).toMatchObject({ limit, selector });
      // Anthropic tells tokens in thousands.
      expect(learned?.level, name).toBeLessThan(levels[name] + 1_001);
      expect(learned?.level, name).toBeGreaterThan(0.85 * levels[name]);
    }
  });

  test("a hundred at once do not run into limits that nobody knows yet", async () => {
    const limits = { rpm: 3_000, tpm: 10_000_000 };
    await using mock = await startMock({ dialect: "openai", limits, latency: INSTANT });
    await using gateway = await startTestGateway({
      upstreams: { it: { dialect: "openai", base_url: `${mock.url}/v1`, api_key: "k" } },
    });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, mock.stats().inFlight.now);
    }, 1);
    const url = `${gateway.url}/v1/chat/completions`;
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(url, chat())));
    clearInterval(watch);
    await atRest(gateway);
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(200));
    expect(mock.stats().refused429).toBe(0);
  });

  test("at most four are on their way before the first answer", async () => {
    let inFlight = 0;
    let most = 0;
    const held: (() => void)[] = [];
    await using upstream = await startUpstream((response) => {
      inFlight++;
      most = Math.max(most, inFlight);
      held.push(() => {
        inFlight--;
        answerJson(response, 200, { id: 1 });
      });
    });
    await using gateway = await startTestGateway({
      upstreams: {
        it: {
          dialect: "generic",
          base_url: upstream.url,
          adaptive: { initial: 1_000, max: 1_000 },
        },
      },
    });
    const answers = Array.from({ length: 20 }, () => post(`${gateway.url}/it/x`, {}));
    await until(() => held.length === 4, "four are held");
    expect((await gateway.state()).queue.waiting).toBe(16);
    let answered = 0;
    while (answered < 20) {
      await until(() => held.length > 0, "one is held");
      answered++;
      held.shift()?.();
    }
    expect((await Promise.all(answers)).every(({ status }) => status === 200)).toBe(true);
    expect(most).toBeGreaterThan(4);
  });
});

test("a configured limit that the provider puts lower is told, and the lower one holds", async () => {
  const limits = { rpm: 600, tpm: 10_000 };
  await using mock = await startMock({ dialect: "openai", limits, latency: INSTANT });
  await using gateway = await startTestGateway({
    upstreams: {
      it: {
        dialect: "openai",
        base_url: `${mock.url}/v1`,
        api_key: "k",
        limits: [{ rpm: 600, tpm: 1_000_000 }],
      },
    },
  });
  const differences: object[] = [];
  gateway.runtime.limits.onDiffers = (event) => differences.push(event);
  const url = `${gateway.url}/v1/chat/completions`;
  for (let i = 0; i < 4; i++) await (await post(url, chat({ max_tokens: 500 }))).text();
  expect(differences).toEqual([
    {
      upstream: "it",
      dimension: "tokens",
      selector: "account",
      perMs: 60_000,
      configured: 1_000_000,
      told: 10_000,
    },
  ]);
  const refused = await post(url, chat({ max_tokens: 20_000 }));
  expect(refused.status).toBe(413);
  expect(mock.stats().refused429).toBe(0);
});

test("a foreign burst is seen in the headers before anybody is refused", async () => {
  const limits = { rpm: 6_000, tpm: 60_000 };
  await using mock = await startMock({ dialect: "openai", limits, latency: INSTANT });
  await using gateway = await startTestGateway({
    upstreams: {
      it: { dialect: "openai", base_url: `${mock.url}/v1`, api_key: "k", limits: [limits] },
    },
  });
  const body = chat({ max_tokens: 1_000 });
  for (let i = 0; i < 40; i++) await (await post(`${mock.url}/v1/chat/completions`, body)).text();
  await (await post(`${gateway.url}/v1/chat/completions`, body)).text();
  const { meters } = (await gateway.state()).upstreams.it;
  const tokens = meters.find(({ dimension }) => dimension === "tokens");
  expect(tokens?.level).toBeLessThan(25_000);
  expect(mock.stats().refused429).toBe(0);
});
