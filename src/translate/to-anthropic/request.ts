/** An OpenAI chat request for Anthropic. */
import type { JsonObject } from "../../core/dialect.ts";
import { countIn, textIn } from "../../dialects/body/json-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import { OPENAI_CHAT_FIELDS, OPENAI_STREAM_OPTIONS_FIELDS } from "../fields/openai-chat-fields.ts";
import type { Target, Translated } from "../translation.ts";
import { Findings } from "../untranslatable.ts";
import { type ClaudeTraits, claudeTraits } from "./claude-models.ts";
import { type Conversation, conversationOf } from "./messages.ts";
import { formatOf } from "./output-format.ts";
import { type Reasoning, reasoningOf } from "./reasoning.ts";
import { toolFields } from "./tools.ts";

/**
 * OpenAI's default is all that the model can give. This is less, because Anthropic refuses more than a model has: every
 * Claude since 4 has 32,000 at least, and above 21,333 its SDKs expect a call without a stream to outlast ten minutes.
 * An answer that reaches it ends with `length`, which says so.
 */
export const DEFAULT_MAX_TOKENS = 16_000;

/** Never throws, whatever the body holds; `untranslatable` names each field with its reason. */
export function requestToAnthropic(body: JsonObject, target: Target): Translated {
  const findings = new Findings();
  checkFields(body, OPENAI_CHAT_FIELDS, "", findings);
  checkStreamOptions(body["stream_options"], findings);
  const traits = claudeTraits(target.model);
  const conversation = conversationOf(body["messages"], findings);
  const tools = toolFields(body, findings);
  if (conversation.usesTools && tools.tools === undefined) {
    findings.add("tools", "Claude wants tools described that were called before");
  }
  const maxTokens = maxTokensOf(body, traits, findings);
  const reasoning = reasoningOf(
    {
      effort: body["reasoning_effort"],
      maxTokens,
      forcesTool: ["any", "tool"].includes(String(tools.tool_choice?.["type"])),
      isInToolLoop: isInToolLoop(conversation),
    },
    traits,
    findings,
  );
  const { system, messages } = conversation;
  const translated = {
    model: target.model,
    max_tokens: maxTokens ?? defaultMaxTokens(target, traits, reasoning),
    ...(system.length === 0 ? {} : { system: simpleSystem(system) }),
    messages,
    ...tools,
    ...sampling(body, traits, reasoning, findings),
    ...stopSequences(body["stop"], findings),
    ...(reasoning.thinking === undefined ? {} : { thinking: reasoning.thinking }),
    ...outputConfig(body, traits, reasoning, findings),
    ...metadata(body),
    ...(body["stream"] === true ? { stream: true } : {}),
  };
  if (findings.all.length > 0) return { kind: "untranslatable", untranslatable: findings.all };
  return { kind: "translated", body: translated };
}

function checkStreamOptions(options: unknown, findings: Findings): void {
  if (typeof options !== "object" || options === null) return;
  checkFields(options as JsonObject, OPENAI_STREAM_OPTIONS_FIELDS, "stream_options", findings);
}

function maxTokensOf(
  body: JsonObject,
  { mostOutput }: ClaudeTraits,
  findings: Findings,
): number | null {
  const field = ["max_completion_tokens", "max_tokens"].find(
    (name) => (body[name] ?? null) !== null,
  );
  if (field === undefined) return null;
  const tokens = countIn(body[field]);
  if (tokens === null) findings.add(field, "a whole number of at least 1");
  else if (tokens > mostOutput) findings.add(field, `this model gives ${mostOutput} at most`);
  return tokens;
}

/** What is thought comes on top, because it counts as output. */
function defaultMaxTokens(
  { defaultMaxTokens = DEFAULT_MAX_TOKENS }: Target,
  { mostOutput }: ClaudeTraits,
  { thinking }: Reasoning,
) {
  const tokens = defaultMaxTokens + (countIn(thinking?.["budget_tokens"]) ?? 0);
  return Math.min(tokens, mostOutput);
}

function isInToolLoop({ messages }: Conversation): boolean {
  const content = messages.at(-1)?.["content"];
  return Array.isArray(content) && content.some(({ type }) => type === "tool_result");
}

function simpleSystem(system: readonly JsonObject[]): unknown {
  return system.length === 1 ? system[0]["text"] : system;
}

function sampling(
  body: JsonObject,
  traits: ClaudeTraits,
  { thinking }: Reasoning,
  findings: Findings,
): JsonObject {
  const given = ["temperature", "top_p"].filter((field) => {
    const value = body[field];
    return value !== undefined && value !== null && value !== 1;
  });
  const isThinking = thinking !== undefined && thinking["type"] !== "disabled";
  for (const field of given) {
    const value = body[field];
    if (typeof value !== "number" || value < 0 || value > 1)
      findings.add(field, "Claude's ends at 1");
    else if (!traits.takesSampling) findings.add(field, "this model takes its default alone");
    else if (isThinking) findings.add(field, "Claude takes its default alone while it thinks");
    else if (given.length > 1) findings.add(field, "Claude takes a temperature or top_p, not both");
  }
  return Object.fromEntries(given.map((field) => [field, body[field]]));
}

function stopSequences(stop: unknown, findings: Findings): JsonObject {
  if (stop === undefined || stop === null) return {};
  const sequences = Array.isArray(stop) ? stop : [stop];
  const isKnown = sequences.every((one) => typeof one === "string" && one.trim() !== "");
  if (!isKnown) findings.add("stop", "Claude does not stop at white space");
  return sequences.length === 0 ? {} : { stop_sequences: sequences };
}

function outputConfig(
  body: JsonObject,
  { takesSchema }: ClaudeTraits,
  { effort }: Reasoning,
  findings: Findings,
): JsonObject {
  const format = formatOf(body["response_format"], takesSchema, findings);
  if (effort === undefined && format === null) return {};
  const config = { ...(effort ? { effort } : {}), ...(format ? { format } : {}) };
  return { output_config: config };
}

function metadata(body: JsonObject): JsonObject {
  const user = textIn(body["safety_identifier"]) ?? textIn(body["user"]);
  return user === null ? {} : { metadata: { user_id: user } };
}
