/** Every field of both SDKs' request types has a rule: a new version that adds one does not compile until it is decided. */
import { readFileSync } from "node:fs";
import type * as Anthropic from "@anthropic-ai/sdk/resources/messages/messages";
import type * as Chat from "openai/resources/chat/completions/completions";
import type { FunctionDefinition, ResponseFormatJSONSchema } from "openai/resources/shared";
import { describe, expect, test } from "vitest";
import * as anthropic from "../../src/translate/fields/anthropic-fields.ts";
import type { FieldRule } from "../../src/translate/fields/field-rule.ts";
import * as openai from "../../src/translate/fields/openai-chat-fields.ts";

type KeysOf<T> = T extends unknown ? keyof T : never;
type Rules<T> = { readonly [K in KeysOf<T> & string]: FieldRule };
type Part<Type> = Extract<Chat.ChatCompletionContentPart, { type: Type }>;
type Block<Type> = Extract<Anthropic.ContentBlockParam, { type: Type }>;
type BlockTypes =
  | Anthropic.ContentBlockParam["type"]
  | Exclude<Anthropic.ToolResultBlockParam["content"], string | undefined>[number]["type"];

// Types alone: `satisfies` fails the build when a key is missing.
openai.OPENAI_CHAT_FIELDS satisfies Rules<Chat.ChatCompletionCreateParams>;
openai.OPENAI_STREAM_OPTIONS_FIELDS satisfies Rules<Chat.ChatCompletionStreamOptions>;
openai.OPENAI_MESSAGE_FIELDS satisfies {
  system: Rules<Chat.ChatCompletionSystemMessageParam>;
  developer: Rules<Chat.ChatCompletionDeveloperMessageParam>;
  user: Rules<Chat.ChatCompletionUserMessageParam>;
  assistant: Rules<Chat.ChatCompletionAssistantMessageParam>;
  tool: Rules<Chat.ChatCompletionToolMessageParam>;
  function: Rules<Chat.ChatCompletionFunctionMessageParam>;
};
openai.OPENAI_MESSAGE_FIELDS satisfies Record<Chat.ChatCompletionMessageParam["role"], unknown>;
openai.OPENAI_PART_FIELDS satisfies Record<Chat.ChatCompletionContentPart["type"], unknown> & {
  text: Rules<Part<"text">>;
  image_url: Rules<Part<"image_url">>;
  file: Rules<Part<"file">>;
  input_audio: Rules<Part<"input_audio">>;
  refusal: Rules<Chat.ChatCompletionContentPartRefusal>;
};
openai.OPENAI_IMAGE_FIELDS satisfies Rules<Chat.ChatCompletionContentPartImage["image_url"]>;
openai.OPENAI_FILE_FIELDS satisfies Rules<Part<"file">["file"]>;
openai.OPENAI_TOOL_FIELDS satisfies Record<Chat.ChatCompletionTool["type"], unknown> & {
  function: Rules<Chat.ChatCompletionFunctionTool>;
  custom: Rules<Chat.ChatCompletionCustomTool>;
};
openai.OPENAI_FUNCTION_FIELDS satisfies Rules<FunctionDefinition>;
openai.OPENAI_TOOL_CALL_FIELDS satisfies Record<
  Chat.ChatCompletionMessageToolCall["type"],
  unknown
> & {
  function: Rules<Chat.ChatCompletionMessageFunctionToolCall>;
  custom: Rules<Chat.ChatCompletionMessageCustomToolCall>;
};
openai.OPENAI_JSON_SCHEMA_FIELDS satisfies Rules<ResponseFormatJSONSchema["json_schema"]>;

anthropic.ANTHROPIC_FIELDS satisfies Rules<Anthropic.MessageCreateParams>;
anthropic.ANTHROPIC_OUTPUT_CONFIG_FIELDS satisfies Rules<Anthropic.OutputConfig>;
anthropic.ANTHROPIC_MESSAGE_FIELDS satisfies Rules<Anthropic.MessageParam>;
const BLOCKS = { ...anthropic.ANTHROPIC_BLOCK_FIELDS, ...anthropic.ANTHROPIC_FOREIGN_BLOCKS };
BLOCKS satisfies Record<BlockTypes, unknown>;
anthropic.ANTHROPIC_BLOCK_FIELDS satisfies {
  text: Rules<Block<"text">>;
  image: Rules<Block<"image">>;
  document: Rules<Block<"document">>;
  thinking: Rules<Block<"thinking">>;
  redacted_thinking: Rules<Block<"redacted_thinking">>;
  tool_use: Rules<Block<"tool_use">>;
  tool_result: Rules<Block<"tool_result">>;
};
anthropic.ANTHROPIC_TOOL_FIELDS satisfies Rules<Anthropic.Tool>;
anthropic.ANTHROPIC_TOOL_CHOICE_FIELDS satisfies Rules<Anthropic.ToolChoice>;

const PAGE = readFileSync(new URL("../../docs/translation.md", import.meta.url), "utf8");

function rows(rules: Readonly<Record<string, FieldRule>>): string[] {
  return Object.entries(rules).map(([field, { treatment, note, unless = [] }]) => {
    const values = unless.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
    const exception = values === "" ? "" : `; ${values} is left out`;
    return `| \`${field}\` | ${treatment} | ${note}${exception} |`;
  });
}

describe("docs/translation.md", () => {
  test.each([
    ["OpenAI's", openai.OPENAI_CHAT_FIELDS],
    [
      "Anthropic's",
      { ...anthropic.ANTHROPIC_FIELDS, ...anthropic.ANTHROPIC_OLDER_FIELDS } as Record<
        string,
        FieldRule
      >,
    ],
  ])("tells what becomes of each of %s fields", (_name, rules) => {
    const missing = rows(rules).filter((row) => !PAGE.includes(`${row}\n`));
    expect(missing).toEqual([]);
  });
});
