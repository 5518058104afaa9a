/** HTTP classify: a classifier behind a URL, asked with a small JSON and answering with `{ "suits": true }`. */
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { ClassifierConfig } from "../../config/config.ts";
import { type Clock, MICROS_PER_MS } from "../../core/clock.ts";
import type { HeaderView } from "../../core/dialect.ts";
import { excerpt } from "../../core/route/task-rules/instruction.ts";
import { wholeAnswer } from "../credential/whole-answer.ts";
import { parseJsonObject } from "../request/body.ts";
import { headerText } from "../request/headers.ts";
import type { Outbound, Transport } from "../transport/transport.ts";
import type { Classify, ClassifyQuestion } from "./classify.ts";

/** `{ "suits": true }` and some words of its own. */
const MOST_ANSWER_BYTES = 4_096;
const MOST_TOOLS = 100;
const LONGEST_NAME = 200;
/** Questions whose answer is remembered, because the answer says that it may be. */
const REMEMBERED = 10_000;
const LONGEST_MEMORY_S = 3_600;

type HttpClassifier = Extract<ClassifierConfig, { kind: "http" }>;

export interface HttpClassifyMeans {
  readonly transport: Transport;
  readonly clock: Clock;
}

/** Answers with `cache-control: max-age` are remembered by the whole question, of which a hash is kept. */
export function httpClassify(config: HttpClassifier, means: HttpClassifyMeans): Classify {
  const { transport, clock } = means;
  const answers = new LRUCache<string, { readonly suits: boolean | null }>({
    max: REMEMBERED,
    ttlResolution: 0,
    perf: { now: () => clock.now() / MICROS_PER_MS },
  });
  return (question, { signal }) => {
    const body = JSON.stringify(wireForm(question, config.sendsPrompt));
    const key = createHash("sha256").update(body).digest("base64");
    const known = answers.get(key);
    if (known !== undefined) return known.suits;
    const asked = wholeAnswer(transport, outboundOf(config, body), {
      signal,
      mostBytes: MOST_ANSWER_BYTES,
    });
    return asked.then(({ status, headers, body: text }) => {
      const suits = suitsIn(status, text);
      const ttl = maxAgeMs(headers);
      if (ttl > 0) answers.set(key, { suits }, { ttl });
      return suits;
    });
  };
}

/** No prompt leaves the house unless the configuration says so; the rest tells nothing of its words. */
function wireForm(question: ClassifyQuestion, sendsPrompt: boolean): object {
  const { tools, system, prompt } = question;
  const texts = sendsPrompt ? { system: excerpt(system), prompt: excerpt(prompt) } : {};
  return {
    task_type: question.taskType.slice(0, LONGEST_NAME),
    tier: question.tier,
    latency: question.latency,
    model: question.model.slice(0, LONGEST_NAME),
    input_tokens: Math.ceil(question.inputTokens),
    max_output_tokens: question.maxOutputTokens,
    messages: question.messages,
    tools: tools.slice(0, MOST_TOOLS).map((name) => name.slice(0, LONGEST_NAME)),
    output: question.output,
    asks_to_think: question.asksToThink,
    has_media: question.hasMedia,
    ...texts,
  };
}

function outboundOf({ url, token, timeoutMs }: HttpClassifier, body: string): Outbound {
  const { origin, pathname, search } = new URL(url);
  const headers: Record<string, string> = {
    accept: "application/json",
    "accept-encoding": "identity",
    "content-type": "application/json",
  };
  if (token !== "") headers["authorization"] = `Bearer ${token}`;
  return {
    method: "POST",
    origin,
    path: pathname + search,
    headers,
    body,
    firstByteMs: Math.ceil(timeoutMs),
  };
}

/** @throws Error, which the one who asks counts, when it is no answer to the question. */
function suitsIn(status: number, body: string): boolean | null {
  const suits = status >= 200 && status < 300 ? parseJsonObject(body)?.["suits"] : undefined;
  if (typeof suits === "boolean" || suits === null) return suits;
  throw new Error(`the classifier answered ${status} without "suits": true, false or null`);
}

function maxAgeMs(headers: HeaderView): number {
  const control = headerText(headers, "cache-control") ?? "";
  if (/\bno-(?:store|cache)\b/i.test(control)) return 0;
  const seconds = Number(/\bmax-age=(\d{1,10})\b/i.exec(control)?.[1] ?? 0);
  return Math.min(seconds, LONGEST_MEMORY_S) * 1_000;
}
