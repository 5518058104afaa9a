/** AWS's own SDK against the mock, directly and through the gateway. */
import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from "@aws-sdk/client-bedrock-runtime";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { describe, expect, test } from "vitest";
import { all, errorOf, KEY, pairOf, TEXT, WAYS } from "../support/sdk-pair.ts";

describe.each(WAYS)("@aws-sdk/client-bedrock-runtime %s", (way) => {
  const pair = pairOf("bedrock");
  const modelId = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  const messages = [{ role: "user" as const, content: [{ text: TEXT }] }];
  const inferenceConfig = { maxTokens: 30 };
  const claude = JSON.stringify({
    anthropic_version: "bedrock-2023-05-31",
    max_tokens: 30,
    messages: [{ role: "user", content: TEXT }],
  });
  const decode = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes));
  // The SDK would speak HTTP/2 by itself; both the mock and the gateway take HTTP/1.1.
  const client = () =>
    new BedrockRuntimeClient({
      endpoint: pair.roots[way],
      region: "us-east-1",
      token: { token: KEY },
      authSchemePreference: ["httpBearerAuth"],
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler(),
    });

  test("converses", async () => {
    const command = new ConverseCommand({ modelId, messages, inferenceConfig });
    const { output, usage, stopReason } = await client().send(command);
    expect(output?.message?.content?.[0].text).not.toBe("");
    expect([usage?.inputTokens, usage?.outputTokens, stopReason]).toEqual([4, 30, "max_tokens"]);
  });

  test("converses as a stream, frame by frame with checksums", async () => {
    const command = new ConverseStreamCommand({ modelId, messages, inferenceConfig });
    const events = await all((await client().send(command)).stream);
    const names = events.map((event) => Object.keys(event)[0]);
    expect([names[0], ...names.slice(-3)]).toEqual([
      "messageStart",
      "contentBlockStop",
      "messageStop",
      "metadata",
    ]);
    expect(events.at(-1)?.metadata?.usage).toMatchObject({ inputTokens: 4, outputTokens: 30 });
  });

  test("invokes Claude in its own form, in one piece and as a stream", async () => {
    const whole = await client().send(new InvokeModelCommand({ modelId, body: claude }));
    expect(decode(whole.body)).toMatchObject({ type: "message", usage: { output_tokens: 30 } });
    const command = new InvokeModelWithResponseStreamCommand({ modelId, body: claude });
    const events = await all((await client().send(command)).body);
    const types = events.map(({ chunk }) => decode(chunk?.bytes).type);
    expect([types[0], types.at(-1)]).toEqual(["message_start", "message_stop"]);
  });

  test("gets a throttle in the middle of a stream as its own type", async () => {
    pair.mock.addFault({ kind: "error-in-stream", afterTokens: 8, count: 1 });
    const command = new ConverseStreamCommand({ modelId, messages, inferenceConfig });
    const error = await errorOf(
      client()
        .send(command)
        .then(({ stream }) => all(stream)),
    );
    expect(error).toMatchObject({ name: "ThrottlingException" });
  });

  test("gets errors by type", async () => {
    const missing = new ConverseCommand({ modelId: "missing", messages });
    expect(await errorOf(client().send(missing))).toMatchObject({
      name: "ResourceNotFoundException",
    });
  });
});
