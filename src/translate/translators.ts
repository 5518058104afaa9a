/** The translators there are, by the formats of client and provider. */
import { answerToAnthropic } from "./to-anthropic/answer.ts";
import { errorToAnthropic } from "./to-anthropic/error.ts";
import { requestToAnthropic } from "./to-anthropic/request.ts";
import { streamToAnthropic } from "./to-anthropic/stream.ts";
import { answerToOpenAi } from "./to-openai/answer.ts";
import { errorToOpenAi } from "./to-openai/error.ts";
import { requestToOpenAi } from "./to-openai/request.ts";
import { streamToOpenAi } from "./to-openai/stream.ts";
import type { ChatFormat, Translator } from "./translation.ts";

/** The request goes one way, everything that comes back the other. */
const OPENAI_CLIENT: Translator = {
  request: requestToAnthropic,
  answer: answerToOpenAi,
  stream: streamToOpenAi,
  error: errorToOpenAi,
};

const ANTHROPIC_CLIENT: Translator = {
  request: requestToOpenAi,
  answer: answerToAnthropic,
  stream: streamToAnthropic,
  error: errorToAnthropic,
};

/** Null where client and provider speak the same, so that nothing has to be translated. */
export function translatorBetween(client: ChatFormat, provider: ChatFormat): Translator | null {
  if (client === provider) return null;
  return client === "openai-chat" ? OPENAI_CLIENT : ANTHROPIC_CLIENT;
}

/**
 * The format of a path below a base URL; null for all that is not translated: such a request is served only by
 * providers that speak its own format. OpenAI's responses keep conversations at OpenAI, and have tools that run there.
 *
 * @example chatFormatOf("/chat/completions") // "openai-chat"
 */
export function chatFormatOf(path: string): ChatFormat | null {
  if (/(?:^|\/)chat\/completions$/.test(path)) return "openai-chat";
  // Messages of something else, such as `/threads/{id}/messages`, are no chat.
  return /^\/?messages$|\/v\d+\/messages$/.test(path) ? "anthropic-messages" : null;
}
