/** Bedrock's binary streams: errors before the first content are tried again, bytes pass unchanged, usage settles. */
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { chunkFrame, eventFrame, exceptionFrame } from "../support/aws-frames.ts";
import { atRest, EXACT, meterIn, post, startTestGateway } from "../support/gateway.ts";
import { startUpstream } from "../support/gateway-upstream.ts";

const CONVERSE = "/model/anthropic.claude-sonnet-4-5/converse-stream";
const INVOKE = "/model/meta.llama4-maverick/invoke-with-response-stream";
const LIMITS = [{ rpm: 6_000, tpm: 100_000 }];
/** What is asked for at most, and what one token of Claude's output burns. */
const MAX_TOKENS = 1_000;
const BURN_RATE = 5;

const OPENING = eventFrame("messageStart", { role: "assistant" });
const HELLO = eventFrame("contentBlockDelta", { delta: { text: "Hello" }, contentBlockIndex: 0 });
const STOP = eventFrame("messageStop", { stopReason: "end_turn" });
const METADATA = eventFrame("metadata", { usage: { inputTokens: 40, outputTokens: 10 } });
const THROTTLED = exceptionFrame("throttlingException", "Too many requests, please wait.");
const BROKEN = exceptionFrame("modelStreamErrorException", "The model had an error.");

type Script = (response: ServerResponse) => void | Promise<void>;

const writes =
  (...pieces: readonly Buffer[]): Script =>
  async (response) => {
    for (const piece of pieces) {
      response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };

/** Answers with one script after the other, and goes on with the last. */
async function startBedrock(...scripts: readonly Script[]) {
  let calls = 0;
  const upstream = await startUpstream(async (response) => {
    response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
    await scripts[Math.min(calls++, scripts.length - 1)](response);
  });
  const it = { dialect: "bedrock", base_url: upstream.url, api_key: "k", limits: LIMITS };
  const retry = { base: "5ms" };
  const gateway = await startTestGateway({ policy: EXACT, retry, upstreams: { it } });
  return {
    ...gateway,
    upstream,
    converse: () => post(`${gateway.url}/it${CONVERSE}`, CHAT),
    invoke: () => post(`${gateway.url}/it${INVOKE}`, { prompt: "Hello", max_gen_len: 100 }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

const CHAT = {
  messages: [{ role: "user", content: [{ text: "Hello" }] }],
  inferenceConfig: { maxTokens: MAX_TOKENS },
};

const bytesOf = async (answer: Response) => Buffer.from(await answer.arrayBuffer());
const attemptsOf = ({ headers }: Response) => Number(headers.get("x-sluice-attempts"));

describe("a binary stream", () => {
  test("passes byte for byte, however it is cut", async () => {
    const whole = Buffer.concat([OPENING, HELLO, STOP, METADATA]);
    const pieces = Array.from({ length: Math.ceil(whole.length / 7) }, (_, i) =>
      whole.subarray(7 * i, 7 * i + 7),
    );
    await using bedrock = await startBedrock(writes(...pieces));
    const answer = await bedrock.converse();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/vnd.amazon.eventstream");
    expect(await bytesOf(answer)).toEqual(whole);
  });

  test("is settled by the usage that it tells", async () => {
    await using bedrock = await startBedrock(writes(OPENING, HELLO, STOP, METADATA));
    await (await bedrock.converse()).arrayBuffer();
    await atRest(bedrock);
    const { limit, level } = meterIn(await bedrock.state(), "it", "tokens");
    // Less than what was reserved, and refilled a little by now.
    expect(limit - level).toBeLessThanOrEqual(40 + 10 * BURN_RATE);
    expect(limit - level).toBeLessThan(MAX_TOKENS / 2);
  });

  test("of chunks is settled by what Bedrock counted", async () => {
    const metrics = { inputTokenCount: 4_000, outputTokenCount: 3_000 };
    const chunks = [
      chunkFrame({ generation: "Hello" }),
      chunkFrame({ generation: "", "amazon-bedrock-invocationMetrics": metrics }),
    ];
    await using bedrock = await startBedrock(writes(...chunks));
    expect(await bytesOf(await bedrock.invoke())).toEqual(Buffer.concat(chunks));
    await atRest(bedrock);
    const { limit, level } = meterIn(await bedrock.state(), "it", "tokens");
    expect(limit - level).toBeGreaterThan(5_000);
  });

  test.each([
    ["throttled", THROTTLED],
    ["failed", BROKEN],
  ])("that is %s before its first content is tried again", async (_, exception) => {
    await using bedrock = await startBedrock(
      writes(OPENING, exception),
      writes(OPENING, HELLO, STOP, METADATA),
    );
    const answer = await bedrock.converse();
    expect([answer.status, attemptsOf(answer)]).toEqual([200, 2]);
    expect(await bytesOf(answer)).toEqual(Buffer.concat([OPENING, HELLO, STOP, METADATA]));
    expect(bedrock.upstream.received).toHaveLength(2);
    await atRest(bedrock);
  });

  test("that is throttled after its first content is passed on with its error", async () => {
    await using bedrock = await startBedrock(writes(OPENING, HELLO, THROTTLED));
    const answer = await bedrock.converse();
    expect([answer.status, attemptsOf(answer)]).toEqual([200, 1]);
    expect(await bytesOf(answer)).toEqual(Buffer.concat([OPENING, HELLO, THROTTLED]));
    expect(bedrock.upstream.received).toHaveLength(1);
    await atRest(bedrock);
    // The verdict still counts: what comes next waits for the meter to have had its rest.
    const meters = bedrock.runtime.accounts.flatMap((account) => account.meters);
    expect(meters.some(({ frozenUntil }) => frozenUntil > 0)).toBe(true);
  });

  test("whose opening is held shows nothing before its content", async () => {
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await using bedrock = await startBedrock(async (response) => {
      response.write(OPENING);
      await gate;
      response.end(Buffer.concat([HELLO, STOP]));
    });
    let hasHead = false;
    const answer = bedrock.converse().then((one) => {
      hasHead = true;
      return one;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasHead).toBe(false);
    goOn();
    expect(await bytesOf(await answer)).toEqual(Buffer.concat([OPENING, HELLO, STOP]));
  });

  test("that is no stream of frames passes as it is", async () => {
    const text = Buffer.from("whatever this is");
    await using bedrock = await startBedrock(writes(text));
    expect(await bytesOf(await bedrock.converse())).toEqual(text);
  });
});
