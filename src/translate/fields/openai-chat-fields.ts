/** What becomes of each field of an OpenAI chat request on its way to Anthropic. */
import { converted, ignorable, renamed, same, untranslatable } from "./field-rule.ts";

export const OPENAI_CHAT_FIELDS = {
  messages: converted("`system` and `messages`"),
  model: converted("the candidate's model"),
  audio: untranslatable("Claude does not speak"),
  frequency_penalty: untranslatable("Claude has no penalties", [0]),
  function_call: untranslatable("the old form of `tool_choice`, and of the answer"),
  functions: untranslatable("the old form of `tools`, and of the answer", [[]]),
  logit_bias: untranslatable("token ids are those of OpenAI's tokenizer", [{}]),
  logprobs: untranslatable("Claude tells no probabilities", [false]),
  max_completion_tokens: renamed("`max_tokens`; both include what is thought"),
  max_tokens: same("the same; without it, and without `max_completion_tokens`, 16,000"),
  metadata: ignorable("labels of what OpenAI stores"),
  modalities: untranslatable("Claude answers in text", [["text"], []]),
  moderation: untranslatable("Claude reports no moderation scores"),
  n: untranslatable("Claude gives one answer", [1]),
  parallel_tool_calls: converted("`tool_choice.disable_parallel_tool_use`"),
  prediction: ignorable("makes the answer faster, not another"),
  presence_penalty: untranslatable("Claude has no penalties", [0]),
  prompt_cache_key: ignorable("a matter of price"),
  prompt_cache_options: ignorable("a matter of price"),
  prompt_cache_retention: ignorable("a matter of price"),
  reasoning_effort: converted(
    "`output_config.effort` with adaptive thinking, or a thinking budget",
  ),
  response_format: converted("`json_schema`: `output_config.format`; `json_object` has none"),
  safety_identifier: renamed("`metadata.user_id`; goes before `user`"),
  seed: untranslatable("Claude cannot repeat a sample"),
  service_tier: ignorable("a matter of price and speed"),
  stop: renamed("`stop_sequences`, but for those of white space alone"),
  store: untranslatable("what is to be stored is looked for at OpenAI", [false]),
  stream: same(),
  stream_options: converted("decides how the stream is written"),
  temperature: converted("the same up to 1, for models that take it; 1 is what all do anyway"),
  tool_choice: converted("`tool_choice`; a subset that is allowed leaves the rest of `tools` out"),
  tools: converted("functions; custom tools have no counterpart"),
  top_logprobs: untranslatable("Claude tells no probabilities", [0]),
  top_p: converted("the same, for models that take it, and not beside a temperature"),
  user: renamed("`metadata.user_id`"),
  verbosity: untranslatable("Claude has no such setting", ["medium"]),
  web_search_options: untranslatable("the search is OpenAI's own"),
} as const;

export const OPENAI_STREAM_OPTIONS_FIELDS = {
  include_obfuscation: ignorable("padding against eavesdroppers of token lengths"),
  include_usage: converted("decides how the stream is written"),
} as const;

const NO_NAMES = untranslatable("Claude does not know participants by name");
const CACHE_POINT = ignorable("a matter of price");

export const OPENAI_MESSAGE_FIELDS = {
  system: { role: converted("`system`"), content: converted("`system`"), name: NO_NAMES },
  developer: { role: converted("`system`"), content: converted("`system`"), name: NO_NAMES },
  user: { role: same(), content: converted("blocks"), name: NO_NAMES },
  assistant: {
    role: same(),
    content: converted("text blocks"),
    audio: untranslatable("an answer that is only at OpenAI"),
    function_call: untranslatable("the old form of `tool_calls`"),
    name: NO_NAMES,
    refusal: converted("a text block"),
    tool_calls: converted("`tool_use` blocks"),
    annotations: untranslatable("citations of OpenAI's own search", [[]]),
  },
  tool: {
    role: converted("a user's message"),
    content: converted("a `tool_result` block"),
    tool_call_id: renamed("`tool_use_id`"),
  },
  function: {
    role: untranslatable("the old form of tool results"),
    content: untranslatable("the old form of tool results"),
    name: untranslatable("the old form of tool results"),
  },
} as const;

export const OPENAI_PART_FIELDS = {
  text: { type: same(), text: same(), prompt_cache_breakpoint: CACHE_POINT },
  refusal: { type: converted("text"), refusal: renamed("`text`") },
  image_url: {
    type: renamed("`image`"),
    image_url: converted("a base64 or URL source"),
    prompt_cache_breakpoint: CACHE_POINT,
  },
  file: {
    type: renamed("`document`"),
    file: converted("a base64 source, for PDF"),
    prompt_cache_breakpoint: CACHE_POINT,
  },
  input_audio: {
    type: untranslatable("Claude does not listen"),
    input_audio: untranslatable("Claude does not listen"),
    prompt_cache_breakpoint: CACHE_POINT,
  },
} as const;

export const OPENAI_IMAGE_FIELDS = {
  url: converted("`source`"),
  detail: ignorable("a matter of price: Claude sees the image as it is"),
} as const;

export const OPENAI_FILE_FIELDS = {
  file_data: converted("`source`"),
  file_id: untranslatable("the file is at OpenAI"),
  filename: renamed("`title`"),
} as const;

export const OPENAI_TOOL_FIELDS = {
  function: { type: converted("no type: Anthropic's default"), function: converted("the tool") },
  custom: {
    type: untranslatable("Claude's tools take JSON alone"),
    custom: untranslatable("Claude's tools take JSON alone"),
  },
} as const;

export const OPENAI_TOOL_CHOICE_FIELDS = {
  type: converted("`auto`, `any`, `none` or `tool`"),
  function: converted("the tool's name"),
  allowed_tools: converted("the tools that are told of"),
} as const;

export const OPENAI_CHOSEN_FIELDS = { name: same() } as const;

export const OPENAI_FUNCTION_FIELDS = {
  name: same(),
  description: same(),
  parameters: renamed("`input_schema`"),
  strict: same(),
} as const;

export const OPENAI_CALLED_FIELDS = {
  name: same(),
  arguments: converted("`input`"),
  parsed_arguments: ignorable("how the SDK's helpers have read `arguments`"),
} as const;

export const OPENAI_FORMAT_FIELDS = {
  type: converted("`json_schema`, or nothing for `text`"),
  json_schema: converted("`output_config.format`"),
} as const;

export const OPENAI_TOOL_CALL_FIELDS = {
  function: { type: converted("`tool_use`"), id: same(), function: converted("`name`, `input`") },
  custom: {
    type: untranslatable("Claude's tools take JSON alone"),
    id: untranslatable("Claude's tools take JSON alone"),
    custom: untranslatable("Claude's tools take JSON alone"),
  },
} as const;

export const OPENAI_JSON_SCHEMA_FIELDS = {
  name: ignorable("names the schema, and nothing in the answer"),
  description: converted("the schema's own description"),
  schema: converted("the same, where Anthropic knows every keyword in it"),
  strict: ignorable("Anthropic always keeps to the schema"),
} as const;
