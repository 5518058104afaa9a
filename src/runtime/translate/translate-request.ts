/** Translate request: the same request for a candidate that speaks the other wire format. */
import type { Dialect, HeaderView, JsonObject } from "../../core/dialect.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ChatFormat, Target, Translated } from "../../translate/translation.ts";
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

/**
 * What makes a request of one wire format one of the other.
 *
 * @throws SluiceError `invalid_request` that names each field which has no counterpart.
 */
export function translateRequest(
  request: { readonly path: string; readonly headers: HeaderView; readonly body: JsonObject },
  provider: ChatFormat,
  dialect: Dialect,
  model: string,
  createdAtSeconds: number,
): TranslatedRequest {
  const client = chatFormatOf(request.path);
  const translator = client === null ? null : translatorBetween(client, provider);
  const translated = translator?.request(request.body, targetOf(dialect, model));
  if (!translator || translated?.kind !== "translated") throw untranslatable(model, translated);
  const context = { createdAtSeconds, includesUsage: asksForUsage(request.body) };
  return {
    path: PATHS[provider],
    headers: headersFor(provider, request.headers),
    body: translated.body,
    adapt: (answer) => new TranslatingAnswer(answer, translator, context),
  };
}

function targetOf({ takesMaxTokensAlone, streamsUsageOnRequest }: Dialect, model: string): Target {
  const asksForUsage = streamsUsageOnRequest;
  return takesMaxTokensAlone === true
    ? { model, asksForUsage, maxTokensField: "max_tokens" }
    : { model, asksForUsage };
}

function untranslatable(model: string, translated: Translated | undefined): SluiceError {
  const fields = translated?.kind === "untranslatable" ? translated.untranslatable : [];
  const named = fields.map(({ field, why }) => `${field}: ${why}`).join("; ");
  const words = `this request cannot be translated for ${model}${named === "" ? "" : `: ${named}`}`;
  return new SluiceError("invalid_request", words);
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
