/** An Anthropic messages request for a server that speaks OpenAI's chat format. */
import type { JsonObject } from "../../core/dialect.ts";
import { countIn, isObject, textIn } from "../../dialects/body/json-fields.ts";
import {
  ANTHROPIC_FIELDS,
  ANTHROPIC_FORMAT_FIELDS,
  ANTHROPIC_METADATA_FIELDS,
  ANTHROPIC_OLDER_FIELDS,
  ANTHROPIC_OUTPUT_CONFIG_FIELDS,
} from "../fields/anthropic-fields.ts";
import { checkFields } from "../fields/field-rule.ts";
import { checkSchema, OPENAI_SCHEMA } from "../schema-rules.ts";
import type { Target, Translated } from "../translation.ts";
import { Findings } from "../untranslatable.ts";
import { type GptTraits, gptTraits } from "./gpt-models.ts";
import { messagesOf } from "./messages.ts";
import { reasoningEffort } from "./reasoning.ts";
import { functionFields } from "./tools.ts";

/** OpenAI's reference: "Up to 4 sequences". */
const MOST_STOPS = 4;

/** Never throws, whatever the body holds; `untranslatable` names each field with its reason. */
export function requestToOpenAi(body: JsonObject, target: Target): Translated {
  const findings = new Findings();
  checkFields(body, { ...ANTHROPIC_FIELDS, ...ANTHROPIC_OLDER_FIELDS }, "", findings);
  const traits = gptTraits(target.model);
  const { maxTokensField = "max_completion_tokens", asksForUsage = true } = target;
  const translated = {
    model: target.model,
    messages: messagesOf(body["system"], body["messages"], findings),
    [maxTokensField]: maxTokens(body["max_tokens"], findings),
    ...functionFields(body, findings),
    ...sampling(body, traits, findings),
    ...stops(body["stop_sequences"], traits, findings),
    ...reasoningEffort(body, traits, findings),
    ...responseFormat(body["output_config"], findings),
    ...user(body["metadata"], findings),
    ...(body["stream"] === true ? { stream: true } : {}),
    // The translated stream ends with usage, which OpenAI tells only when asked.
    ...(body["stream"] === true && asksForUsage ? { stream_options: { include_usage: true } } : {}),
  };
  if (findings.all.length > 0) return { kind: "untranslatable", untranslatable: findings.all };
  return { kind: "translated", body: translated };
}

function maxTokens(value: unknown, findings: Findings): number | null {
  const tokens = countIn(value);
  if (tokens === null)
    findings.add("max_tokens", "a whole number of at least 1; 0 fills Anthropic's cache");
  return tokens;
}

function sampling(
  body: JsonObject,
  { takesSampling, reasons }: GptTraits,
  findings: Findings,
): JsonObject {
  const given = ["temperature", "top_p"].filter((field) => {
    const value = body[field];
    // 1 is OpenAI's own default; other vendors have others.
    return value !== undefined && value !== null && (value !== 1 || reasons === "unknown");
  });
  for (const field of given) {
    if (typeof body[field] !== "number") findings.add(field, "not a number");
    else if (!takesSampling) findings.add(field, "this model takes its default alone");
  }
  return Object.fromEntries(given.map((field) => [field, body[field]]));
}

function stops(sequences: unknown, { takesSampling }: GptTraits, findings: Findings): JsonObject {
  if (sequences === undefined || sequences === null) return {};
  if (!Array.isArray(sequences)) {
    findings.add("stop_sequences", "not a list");
    return {};
  }
  if (sequences.length === 0) return {};
  if (!takesSampling) findings.add("stop_sequences", "this model takes none");
  if (sequences.length > MOST_STOPS) findings.add("stop_sequences", "OpenAI takes four at most");
  return { stop: sequences };
}

function responseFormat(config: unknown, findings: Findings): JsonObject {
  if (!isObject(config)) return {};
  checkFields(config, ANTHROPIC_OUTPUT_CONFIG_FIELDS, "output_config", findings);
  const { format } = config;
  if (format === undefined || format === null) return {};
  if (!isObject(format) || format["type"] !== "json_schema") {
    findings.add("output_config.format", "this format is not known");
    return {};
  }
  checkFields(format, ANTHROPIC_FORMAT_FIELDS, "output_config.format", findings);
  const { schema } = format;
  checkSchema(schema, OPENAI_SCHEMA, "output_config.format.schema", findings);
  const wanted = { name: "response", schema, strict: true };
  return { response_format: { type: "json_schema", json_schema: wanted } };
}

function user(metadata: unknown, findings: Findings): JsonObject {
  if (!isObject(metadata)) return {};
  checkFields(metadata, ANTHROPIC_METADATA_FIELDS, "metadata", findings);
  const id = textIn(metadata["user_id"]);
  return id === null ? {} : { user: id };
}
