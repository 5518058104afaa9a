/** Translate request: the same request for a candidate that speaks the other wire format. */
import type { HeaderView, JsonObject } from "../../core/dialect.ts";
import type { ChatFormat, Translator } from "../../translate/translation.ts";
import { chatFormatOf, translatorBetween } from "../../translate/translators.ts";
import type { Answer } from "../call/answer.ts";
import { TranslatingAnswer } from "./translating-answer.ts";

export interface TranslatedRequest {
  readonly path: string;
  readonly headers: HeaderView;
  readonly body: JsonObject;
  adapt(answer: Answer): Answer;
}

const PATHS: Readonly<Record<ChatFormat, string>> = {
  "openai-chat": "/v1/chat/completions",
  "anthropic-messages": "/v1/messages",
};
/** They mean something to one provider only. */
const OWN_HEADERS = /^(?:anthropic-|openai-|x-stainless-)/;
const ANTHROPIC_VERSION = "2023-06-01";

/** What makes a request of one wire format one of the other; null: there is no way, so the candidate is not eligible. */
export function translateRequest(
  request: { readonly path: string; readonly headers: HeaderView; readonly body: JsonObject },
  provider: ChatFormat,
  model: string,
  createdAtSeconds: number,
): TranslatedRequest | null {
  const translator = translatorTo(provider, request.path);
  const translated = translator?.request(request.body, { model });
  if (translator === null || translated?.kind !== "translated") return null;
  const includesUsage = asksForUsage(request.body);
  return {
    path: PATHS[provider],
    headers: headersFor(provider, request.headers),
    body: translated.body,
    adapt: (answer) =>
      new TranslatingAnswer(answer, translator, { createdAtSeconds, includesUsage }),
  };
}

function translatorTo(provider: ChatFormat, path: string): Translator | null {
  const client = chatFormatOf(path.split("?")[0]);
  return client === null ? null : translatorBetween(client, provider);
}

function headersFor(provider: ChatFormat, headers: HeaderView): HeaderView {
  const kept = Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name));
  const version =
    provider === "anthropic-messages" ? { "anthropic-version": ANTHROPIC_VERSION } : {};
  return { ...Object.fromEntries(kept), ...version };
}

function asksForUsage({ stream_options }: JsonObject): boolean {
  const options = stream_options as JsonObject | null | undefined;
  return typeof options === "object" && options?.include_usage === true;
}
