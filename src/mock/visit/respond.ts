/** Respond: answers an admitted call, as a stream or in one piece, at the pace of a model. */
import type { Answer, AnswerWriter, Call } from "../answer/call.ts";
import { draftAnswer } from "../answer/draft.ts";
import { type Pace, produce } from "../answer/produce.ts";
import { drawLogNormal } from "../answer/random.ts";
import { jsonReply } from "../failure.ts";
import type { Affliction } from "../faults/fault-set.ts";
import type { Grant } from "../limits/grant.ts";
import { fail, headersFor, type Shown, type Visit } from "./visit.ts";
import type { Wishes } from "./wishes.ts";

/** One admitted call and all that shapes its answer. */
export interface Granted {
  readonly visit: Visit;
  readonly call: Call;
  readonly wishes: Wishes;
  readonly affliction: Affliction;
  readonly shown: Shown;
  readonly grant: Grant;
}

/** Chunks of fast streams: hosted models send about fifty events a second. */
const STREAM_CHUNK_MS = 20;
/** Without a stream, output still counts while it is produced; this often is often enough. */
const WHOLE_CHUNK_MS = 250;
const SSE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
};

export async function respond(granted: Granted): Promise<void> {
  const { visit, call, wishes } = granted;
  const { random, options } = visit.state;
  const answer = draftAnswer(call, {
    id: visit.id,
    random,
    length: options.output,
    wantedTokens: wishes.outputTokens,
    cachedTokens: wishes.cachedTokens ?? 0,
  });
  const writer = call.writer(answer);
  if (call.isStream) await respondStream(granted, answer, writer);
  else await respondWhole(granted, answer, writer);
}

async function respondWhole(granted: Granted, answer: Answer, writer: AnswerWriter): Promise<void> {
  const { visit, grant, affliction, shown } = granted;
  const { exchange } = visit;
  await produce(
    exchange,
    tokensUntilEnd(granted, answer),
    paceOf(granted, WHOLE_CHUNK_MS),
    (from, to) => {
      chargeOutput(visit, grant, to - from);
      return undefined;
    },
  );
  settle(granted, answer);
  if (affliction.end?.kind === "cut-stream") exchange.reset();
  else if (affliction.end?.kind === "error-in-stream")
    fail(visit, { kind: "status", status: 500 }, shown);
  else exchange.reply(jsonReply(200, writer.whole()), headersFor(visit, shown));
}

async function respondStream(
  granted: Granted,
  answer: Answer,
  writer: AnswerWriter,
): Promise<void> {
  const { visit, grant, affliction, shown } = granted;
  const { exchange } = visit;
  const begin = () => {
    if (!exchange.hasBegun) exchange.begin(200, { ...SSE_HEADERS, ...headersFor(visit, shown) });
  };
  await produce(
    exchange,
    tokensUntilEnd(granted, answer),
    paceOf(granted, STREAM_CHUNK_MS),
    (from, to) => {
      chargeOutput(visit, grant, to - from);
      begin();
      return exchange.write((from === 0 ? writer.opening() : "") + writer.delta(from, to));
    },
  );
  settle(granted, answer);
  begin(); // no token was produced: the fault's event comes first
  if (affliction.end?.kind === "cut-stream") exchange.cut();
  else if (affliction.end?.kind === "error-in-stream") exchange.end(writer.failure(), "cut-off");
  else exchange.end(writer.closing());
}

/** A fault in mid-stream ends an answer early. */
function tokensUntilEnd({ affliction }: Granted, answer: Answer): number {
  const { end } = affliction;
  const isEarly = end?.kind === "error-in-stream" || end?.kind === "cut-stream";
  return isEarly ? Math.min(end.afterTokens, answer.outputTokens) : answer.outputTokens;
}

function paceOf({ visit, wishes, affliction }: Granted, chunkMs: number): Pace {
  const { random, options } = visit.state;
  const { firstTokenMs, firstTokenJitter, tokensPerSecond } = options.latency;
  const fixedMs = affliction.firstTokenMs ?? wishes.firstTokenMs;
  const drawnMs = fixedMs ?? drawLogNormal(random, firstTokenMs, firstTokenJitter);
  return { firstTokenMs: drawnMs, tokensPerSecond, chunkMs };
}

function chargeOutput({ state }: Visit, grant: Grant, tokens: number): void {
  const { outputDimensions } = state.dialect;
  if (outputDimensions.length > 0) grant.charge(outputDimensions, tokens, performance.now());
}

/** The estimate of the input gives way to what it was: less what came from the cache. */
function settle({ visit, grant }: Granted, { cachedTokens }: Answer): void {
  if (cachedTokens === 0) return;
  grant.giveBack(visit.state.dialect.cachedInputDimensions, cachedTokens, performance.now());
}
