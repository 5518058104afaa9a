/** Which API a client of Sluice speaks: it decides the form of refusals and rate headers. */
import type { HeaderView } from "../core/dialect.ts";

export type ClientDialect = "openai" | "anthropic";

const MESSAGES_PATH = /(?:^|\/)v1\/messages(?:[/?]|$)/;

/** Anthropic's by path or version header, else OpenAI's, which most clients understand. */
export function clientDialectOf(path: string, headers: HeaderView): ClientDialect {
  const isAnthropic = MESSAGES_PATH.test(path) || headers["anthropic-version"] !== undefined;
  return isAnthropic ? "anthropic" : "openai";
}
