/** Tokens benchmark: counting beside its peers, and how long an estimate holds up the event loop. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { encodingForModel } from "js-tiktoken";
import { get_encoding } from "tiktoken";
import type { JsonObject } from "../../src/core/dialect.ts";
import { openai } from "../../src/dialects/openai.ts";
import { parseBody } from "../../src/runtime/request/large/parse-body.ts";
import { loadEncoding } from "../../src/tokens/bpe/encodings.ts";
import { makeText, type TextSort } from "../../test/support/texts/texts.ts";
import { type Figure, median } from "../figure.ts";

const ROUNDS = 7;
const LENGTH = 200_000;
const SORTS: readonly TextSort[] = ["prose", "code", "json", "chinese", "base64"];
const NOTHING = new Set<string>();
/** 500 messages of 4,000 characters: an agent's long session. */
const MESSAGES = 500;
const MESSAGE_LENGTH = 4_000;
const RESENDS = 200;

interface Counter {
  readonly name: string;
  readonly isPeer: boolean;
  count(text: string): number;
}

export async function benchTokens(): Promise<readonly Figure[]> {
  // The worker alone does not keep the process alive.
  const alive = setInterval(() => {}, 1_000);
  const startedAt = performance.now();
  const encoding = await loadEncoding("o200k_base");
  const loadedMs = performance.now() - startedAt;
  clearInterval(alive);
  const tiktoken = get_encoding("o200k_base");
  const jsTiktoken = encodingForModel("gpt-4o");
  const counters: readonly Counter[] = [
    { name: "tokens", isPeer: false, count: (text) => encoding.count(text) },
    {
      name: "gpt-tokenizer",
      isPeer: true,
      count: (text) => countTokens(text, { disallowedSpecial: NOTHING }),
    },
    { name: "tiktoken", isPeer: true, count: (text) => tiktoken.encode(text, [], []).length },
    { name: "js-tiktoken", isPeer: true, count: (text) => jsTiktoken.encode(text, [], []).length },
  ];
  const speeds = SORTS.flatMap((sort) => speedsOf(sort, counters));
  const worst = counters.slice(0, 3).map(worstOf);
  const resent = [...(await resentFigures()), ...(await largeFigures())];
  tiktoken.free();
  return [...speeds, ...worst, own("tokens.load_ms", loadedMs, "ms"), ...resent];
}

/** Ever new text: a merge that was remembered is not counting. */
function speedsOf(sort: TextSort, counters: readonly Counter[]): readonly Figure[] {
  const speeds = counters.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    const text = makeText(sort, LENGTH, 1_000 + round);
    const megabytes = Buffer.byteLength(text) / 1e6;
    const counts = counters.map(({ count }, place) => {
      const startedAt = performance.now();
      const tokens = count(text);
      // The first round warms up.
      if (round > 0) speeds[place].push((megabytes / (performance.now() - startedAt)) * 1_000);
      return tokens;
    });
    if (new Set(counts).size > 1) throw new Error(`${sort}: counted ${counts.join(", ")}`);
  }
  return counters.map(({ name, isPeer }, place) => ({
    name: `${name}.${sort}`,
    value: median(speeds[place]),
    unit: "MB/s",
    peer: isPeer,
  }));
}

/** A text without a single break, as an attacker would write it. */
function worstOf({ name, isPeer, count }: Counter): Figure {
  const text = "xy".repeat(8_192);
  const startedAt = performance.now();
  count(text);
  const value = performance.now() - startedAt;
  return { name: `${name}.16kB_without_break_ms`, value, unit: "ms", peer: isPeer };
}

/** A conversation of 2 MB, sent again and again with one new message. */
async function resentFigures(): Promise<readonly Figure[]> {
  const messages = Array.from({ length: MESSAGES }, (_, i) => messageOf(i));
  const firstMs = [estimateMs(bodyOf(messages))];
  const resentMs: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  // Bodies are parsed before, so that the delay is the estimate's.
  const bodies = Array.from({ length: RESENDS }, (_, i) =>
    bodyOf([...messages, messageOf(MESSAGES + i)]),
  );
  delay.enable();
  for (const body of bodies) {
    resentMs.push(estimateMs(body));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  delay.disable();
  const unseen = Array.from({ length: 5 }, (_, i) => [messageOf(10_000 + i, 2_000_000)]);
  const newMs = unseen.map((one) => estimateMs(bodyOf(one)));
  return [
    own("tokens.2MB_new_ms", firstMs[0], "ms"),
    own("tokens.2MB_new_one_message_ms", median(newMs), "ms"),
    own("tokens.2MB_resent_p50_ms", median(resentMs), "ms"),
    own("tokens.2MB_resent_max_ms", Math.max(...resentMs), "ms"),
    own("tokens.2MB_resent_loop_delay_p99_ms", delay.percentile(99) / 1e6, "ms"),
    own("tokens.2MB_resent_loop_delay_max_ms", delay.max / 1e6, "ms"),
  ];
}

/** A body of 10 MB, half of it one image, from its bytes to the estimate. */
async function largeFigures(): Promise<readonly Figure[]> {
  const image_url = { url: `data:image/png;base64,${makeText("base64", 5_000_000, 1)}` };
  const picture = { role: "user", content: [{ type: "image_url", image_url }] };
  const texts = Array.from({ length: 1_250 }, (_, i) => messageOf(20_000 + i));
  const bytes = Buffer.from(JSON.stringify({ model: "gpt-5", messages: [picture, ...texts] }));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const times: number[] = [];
  delay.enable();
  for (let i = 0; i < ROUNDS; i++) {
    const startedAt = performance.now();
    const body = await parseBody(bytes);
    estimateMs(body as JsonObject);
    times.push(performance.now() - startedAt);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  delay.disable();
  return [
    own("tokens.10MB_parsed_and_estimated_ms", median(times), "ms"),
    own("tokens.10MB_loop_delay_p99_ms", delay.percentile(99) / 1e6, "ms"),
    own("tokens.10MB_loop_delay_max_ms", delay.max / 1e6, "ms"),
  ];
}

function messageOf(seed: number, length = MESSAGE_LENGTH) {
  const content = makeText(SORTS[seed % SORTS.length], length, seed);
  return { role: seed % 2 === 0 ? "user" : "assistant", content };
}

/** As it comes from the wire: flat strings that nobody has looked at. */
function bodyOf(messages: readonly unknown[]): JsonObject {
  return JSON.parse(JSON.stringify({ model: "gpt-5", max_tokens: 1_000, messages }));
}

function estimateMs(body: JsonObject): number {
  const view = { method: "POST", path: "/chat/completions", headers: {}, body, bodyBytes: 0 };
  const operation = openai.operation(view);
  const startedAt = performance.now();
  openai.forecast(view, operation);
  return performance.now() - startedAt;
}

function own(name: string, value: number, unit: string): Figure {
  return { name, value, unit, peer: false };
}
