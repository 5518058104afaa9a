/** Degraded answers: the official SDKs read them as answers, whole and streamed. */
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { degradableFormat, degradedAnswer } from "../../src/translate/degraded/degraded-answer.ts";
import { degradedText } from "../../src/translate/degraded/degraded-text.ts";
import { serializeEvent } from "../../src/translate/translation.ts";
import { answerJson, startUpstream, type TestUpstream } from "../support/gateway-upstream.ts";

const TEXT = degradedText(90_000);
const HELLO = [{ role: "user" as const, content: "Hello" }];

let server: TestUpstream;

/** Every request is answered in its own format, or with 429. */
beforeAll(async () => {
  server = await startUpstream((response, { url, body }) => {
    const request = JSON.parse(String(body));
    const format = degradableFormat(url, request);
    if (format === null) return answerJson(response, 429, { error: { message: "full" } });
    const answer = degradedAnswer({
      format,
      id: "d1",
      model: request.model,
      text: TEXT,
      createdAtSeconds: 1_700_000_000,
      isStream: request.stream === true,
      includesUsage: request.stream_options?.include_usage === true,
    });
    if (answer.kind === "whole") return answerJson(response, 200, answer.body);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(answer.events.map(serializeEvent).join(""));
  });
});

afterAll(() => server[Symbol.asyncDispose]());

const openai = () => new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "k", maxRetries: 0 });
const anthropic = () => new Anthropic({ baseURL: server.url, apiKey: "k", maxRetries: 0 });

describe("a degraded answer", () => {
  test("is a chat completion", async () => {
    const request = { model: "gpt-5", messages: HELLO, stream_options: { include_usage: true } };
    const { chat } = openai();
    const whole = await chat.completions.create({ model: "gpt-5", messages: HELLO });
    const streamed = await chat.completions.stream(request).finalChatCompletion();
    for (const answer of [whole, streamed]) {
      expect(answer).toMatchObject({
        model: "gpt-5",
        choices: [{ finish_reason: "stop", message: { content: TEXT } }],
        usage: { total_tokens: 0 },
      });
    }
  });

  test("is a response", async () => {
    const whole = await openai().responses.create({ model: "gpt-5", input: "Hello" });
    const streamed = await openai()
      .responses.stream({ model: "gpt-5", input: "Hello" })
      .finalResponse();
    for (const answer of [whole, streamed]) {
      expect(answer.output_text).toBe(TEXT);
      expect(answer).toMatchObject({ status: "completed", usage: { total_tokens: 0 } });
    }
  });

  test("is a message", async () => {
    const request = { model: "claude-sonnet-5", max_tokens: 100, messages: HELLO };
    const whole = await anthropic().messages.create(request);
    const streamed = await anthropic().messages.stream(request).finalMessage();
    for (const answer of [whole, streamed]) {
      expect(answer).toMatchObject({
        model: "claude-sonnet-5",
        content: [{ type: "text", text: TEXT }],
        stop_reason: "end_turn",
        usage: { input_tokens: 0, output_tokens: 0 },
      });
    }
  });
});

test("embeddings are refused, for no text is one", async () => {
  const refused = openai().embeddings.create({ model: "e", input: "x" });
  await expect(refused).rejects.toBeInstanceOf(OpenAI.RateLimitError);
});
