/** A server that translates between its client and a provider of the other format: what the gateway does, and no more. */
import { createEventSplitter } from "../../src/dialects/sse.ts";
import { type ChatFormat, serializeEvent } from "../../src/translate/translation.ts";
import { translatorBetween } from "../../src/translate/translators.ts";
import { answerJson, startUpstream, type TestUpstream } from "./gateway-upstream.ts";

const PATHS = { "openai-chat": "/v1/chat/completions", "anthropic-messages": "/v1/messages" };
const HEADERS = {
  "content-type": "application/json",
  "x-api-key": "k",
  authorization: "Bearer k",
  "anthropic-version": "2023-06-01",
};

/** `model` is the provider's. What cannot be translated is answered with 400 and the list of fields. */
export function startBridge(
  client: ChatFormat,
  provider: ChatFormat,
  providerUrl: string,
  model: string,
): Promise<TestUpstream> {
  const translator = translatorBetween(client, provider);
  if (translator === null) throw new Error("nothing to translate");
  return startUpstream(async (response, { body }) => {
    const request = JSON.parse(String(body));
    const translated = translator.request(request, { model });
    if (translated.kind === "untranslatable") {
      const message = JSON.stringify(translated.untranslatable);
      return answerJson(response, 400, {
        type: "error",
        error: { message, type: "untranslatable" },
      });
    }
    const url = providerUrl + PATHS[provider];
    const sent = JSON.stringify(translated.body);
    const upstream = await fetch(url, { method: "POST", headers: HEADERS, body: sent });
    if (!upstream.ok) {
      const failed = translator.error(upstream.status, (await upstream.json()) as never);
      return answerJson(response, failed.status, failed.body);
    }
    const context = {
      createdAtSeconds: 1_700_000_000,
      includesUsage: request.stream_options?.include_usage === true,
    };
    if (request.stream !== true) {
      const answer = translator.answer((await upstream.json()) as never, context);
      const whole = answer.kind === "translated" ? answer.body : { error: answer.untranslatable };
      return answerJson(response, answer.kind === "translated" ? 200 : 502, whole);
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const splitter = createEventSplitter();
    const stream = translator.stream(context);
    for await (const chunk of upstream.body ?? []) {
      for (const { event, data } of splitter.push(chunk)) {
        for (const one of stream.push(event, data)) response.write(serializeEvent(one));
      }
    }
    response.end(stream.end().map(serializeEvent).join(""));
  });
}
