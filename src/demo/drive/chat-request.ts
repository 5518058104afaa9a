/** Chat request: a task as an OpenAI chat completion, and what came of one attempt at it. */
import { type Agent, request } from "undici";
import type { Outcome } from "../../figures/task-result.ts";
import type { LoadTask } from "../../workload/load.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export type Attempt =
  | { readonly kind: "answered" }
  | { readonly kind: "refused"; readonly headers: Headers; readonly code: string }
  | { readonly kind: "failed"; readonly why: string };

/** Of an attempt that was the last. */
export function outcomeOf(attempt: Exclude<Attempt, { kind: "refused" }>): Outcome {
  return attempt.kind === "answered" ? { kind: "ok" } : attempt;
}

export interface ChatTarget {
  readonly agent: Agent;
  /** Ends in `/v1`. */
  readonly baseUrl: string;
}

const TOO_MANY = 429;
const CHARACTERS_PER_TOKEN = 4;
const WORDS = "all that is said here is made up so that only its length means something ";
const DONE = "data: [DONE]";

/** Four characters a token: that is how the provider estimates. */
let corpus = WORDS;

function promptOf(tokens: number): string {
  const length = tokens * CHARACTERS_PER_TOKEN;
  if (corpus.length < length) corpus = corpus.repeat(Math.ceil(length / corpus.length));
  return corpus.slice(0, length);
}

/**
 * `max_tokens` is the length of the recorded answer, and the answer is that long. The provider
 * charges the larger of it and the prompt. Batch work is not streamed.
 */
export function chatBody({ inputTokens, outputTokens, latency }: LoadTask): string {
  return JSON.stringify({
    model: "gpt-5",
    messages: [{ role: "user", content: promptOf(inputTokens) }],
    max_tokens: outputTokens,
    stream: latency !== "batch",
    metadata: { mock_output_tokens: String(outputTokens) },
  });
}

/** Sends a task once and reads the answer to its end. `onServed` hears of the head of a good answer. */
export async function sendChat(
  { agent, baseUrl }: ChatTarget,
  task: LoadTask,
  headers: Readonly<Record<string, string>>,
  onServed: (headers: Headers) => void,
): Promise<Attempt> {
  try {
    const answer = await request(`${baseUrl}/chat/completions`, {
      dispatcher: agent,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: chatBody(task),
    });
    const { statusCode, headers: answerHeaders, body } = answer;
    if (statusCode >= 400) {
      const code = codeIn(await body.text());
      if (statusCode !== TOO_MANY && code === null) {
        return { kind: "failed", why: `status ${statusCode}` };
      }
      return { kind: "refused", headers: answerHeaders, code: code ?? "rate_limited" };
    }
    onServed(answerHeaders);
    return await readAnswer(body, task.latency !== "batch");
  } catch (error) {
    return { kind: "failed", why: (error as Error).message };
  }
}

/** A stream that does not end with its last event was cut off. */
async function readAnswer(body: AsyncIterable<Buffer>, isStream: boolean): Promise<Attempt> {
  let end = "";
  for await (const chunk of body) end = (end + chunk.toString("latin1")).slice(-2 * DONE.length);
  const isWhole = isStream ? end.includes(DONE) : end.trimEnd().endsWith("}");
  return isWhole ? { kind: "answered" } : { kind: "failed", why: "the answer was cut off" };
}

function codeIn(text: string): string | null {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown } };
    return typeof error?.code === "string" ? error.code : null;
  } catch {
    return null;
  }
}
