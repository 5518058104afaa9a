/** What becomes of each field of an Anthropic messages request on its way to OpenAI's chat format. */
import { converted, ignorable, renamed, same, untranslatable } from "./field-rule.ts";

const CACHE_CONTROL = ignorable("a matter of price");
const OWN_TOOL = "the tool runs at Anthropic";
const CITATIONS = untranslatable("OpenAI's chat does not cite", [[], { enabled: false }]);

/** No longer in the SDK's types since API version 2026-10-21; older clients send them, older models take them. */
export const ANTHROPIC_OLDER_FIELDS = {
  temperature: converted("the same, for models that take it; 1 is what all do anyway"),
  top_k: untranslatable("OpenAI has no such setting"),
  top_p: converted("the same, for models that take it"),
} as const;

export const ANTHROPIC_FIELDS = {
  max_tokens: renamed("`max_completion_tokens`, or `max_tokens` for servers that know only that"),
  messages: converted("`messages`"),
  model: converted("the candidate's model"),
  cache_control: CACHE_CONTROL,
  container: untranslatable("the container is at Anthropic"),
  diagnostics: ignorable("tells of the prompt cache"),
  inference_geo: untranslatable("where OpenAI computes is not chosen by request"),
  metadata: converted("`user`"),
  output_config: converted("`reasoning_effort`, `response_format`"),
  service_tier: ignorable("a matter of price and speed"),
  speed: ignorable("a matter of price and speed"),
  stop_sequences: renamed("`stop`: at most four; which one matched is not told"),
  stream: same("the same, with `stream_options.include_usage`"),
  system: converted("the first message"),
  thinking: converted("`reasoning_effort`"),
  tool_choice: converted("`tool_choice`, `parallel_tool_calls`"),
  tools: converted("functions; tools that Anthropic defines have no counterpart"),
  user_profile_id: untranslatable("a profile at Anthropic"),
  workspace_id: untranslatable("a workspace at Anthropic"),
} as const;

export const ANTHROPIC_OUTPUT_CONFIG_FIELDS = {
  effort: converted("`reasoning_effort`"),
  format: converted("`response_format`, where the schema meets OpenAI's strict rules"),
} as const;

export const ANTHROPIC_FORMAT_FIELDS = {
  type: same("`json_schema`"),
  schema: same("the same, where it meets OpenAI's strict rules"),
} as const;

export const ANTHROPIC_METADATA_FIELDS = { user_id: renamed("`user`") } as const;

export const ANTHROPIC_THINKING_FIELDS = {
  type: converted("whether `reasoning_effort` is set"),
  budget_tokens: converted("`reasoning_effort`"),
  display: converted("only what shows no thoughts"),
} as const;

/** Of images and documents. */
export const ANTHROPIC_SOURCE_FIELDS = {
  type: converted("a data URL or URL"),
  media_type: converted("part of a data URL"),
  data: converted("part of a data URL"),
  url: same(),
} as const;

export const ANTHROPIC_MESSAGE_FIELDS = { role: same(), content: converted("by block") } as const;

/** By `type`; a block type that is not here has no counterpart. */
export const ANTHROPIC_BLOCK_FIELDS = {
  text: { type: same(), text: same(), cache_control: CACHE_CONTROL, citations: CITATIONS },
  image: {
    type: renamed("`image_url`"),
    source: converted("a data URL or URL"),
    cache_control: CACHE_CONTROL,
    transformations: ignorable("how too large an image is made smaller"),
  },
  document: {
    type: renamed("`file`"),
    source: converted("a data URL, for base64 PDF"),
    cache_control: CACHE_CONTROL,
    citations: CITATIONS,
    context: untranslatable("OpenAI's files have no context"),
    title: renamed("`filename`"),
  },
  thinking: {
    type: ignorable("signed for Anthropic alone"),
    thinking: ignorable("signed for Anthropic alone"),
    signature: ignorable("signed for Anthropic alone"),
  },
  redacted_thinking: {
    type: ignorable("encrypted for Anthropic alone"),
    data: ignorable("encrypted for Anthropic alone"),
  },
  tool_use: {
    type: converted("`tool_calls`"),
    id: same(),
    name: same(),
    input: converted("`arguments`"),
    cache_control: CACHE_CONTROL,
    caller: untranslatable(OWN_TOOL, [{ type: "direct" }]),
    toolset_name: untranslatable("a toolset that Anthropic defines"),
  },
  tool_result: {
    type: converted("a message of role `tool`"),
    tool_use_id: renamed("`tool_call_id`"),
    content: converted("text; images and files follow in a user's message"),
    is_error: converted("`Error: ` before the text"),
    cache_control: CACHE_CONTROL,
    toolset_name: untranslatable("a toolset that Anthropic defines"),
  },
} as const;

/** Block types that make a request ineligible, so that a new one of the SDK has to be decided. */
export const ANTHROPIC_FOREIGN_BLOCKS = {
  search_result: untranslatable("OpenAI's chat has no search results"),
  server_tool_use: untranslatable(OWN_TOOL),
  web_search_tool_result: untranslatable(OWN_TOOL),
  web_fetch_tool_result: untranslatable(OWN_TOOL),
  code_execution_tool_result: untranslatable(OWN_TOOL),
  bash_code_execution_tool_result: untranslatable(OWN_TOOL),
  text_editor_code_execution_tool_result: untranslatable(OWN_TOOL),
  tool_search_tool_result: untranslatable(OWN_TOOL),
  container_upload: untranslatable("the container is at Anthropic"),
  tool_reference: untranslatable("OpenAI's chat has no tool search"),
  browser_state: untranslatable("a toolset that Anthropic defines"),
} as const;

export const ANTHROPIC_TOOL_FIELDS = {
  type: untranslatable("a tool that Anthropic defines", ["custom"]),
  name: same(),
  description: same(),
  input_schema: renamed("`parameters`"),
  strict: same(),
  allowed_callers: untranslatable(OWN_TOOL, [["direct"]]),
  cache_control: CACHE_CONTROL,
  defer_loading: untranslatable("OpenAI's chat has no tool search", [false]),
  eager_input_streaming: ignorable("how the input is cut into events"),
  input_examples: untranslatable("OpenAI's functions have no examples", [[]]),
} as const;

export const ANTHROPIC_TOOL_CHOICE_FIELDS = {
  type: converted("`auto`, `required`, `none` or the function"),
  name: converted("the function"),
  disable_parallel_tool_use: converted("`parallel_tool_calls`"),
} as const;
