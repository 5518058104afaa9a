/** Respond: answers an admitted call, as a stream or in one piece, at the pace of a model. */
import type { Answer, AnswerWriter, Books, Call, Chunk } from "../answer/call.ts";
import { draftAnswer } from "../answer/draft.ts";
import { type Pace, produce } from "../answer/produce.ts";
import { drawLogNormal } from "../answer/random.ts";
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
const SSE = "text/event-stream; charset=utf-8";

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
  const writer = call.writer(answer, () => booksOf(visit, call));
  if (call.isStream) await respondStream(granted, answer, writer);
  else await respondWhole(granted, answer, writer);
}

async function respondWhole(granted: Granted, answer: Answer, writer: AnswerWriter): Promise<void> {
  const { visit, grant, affliction, shown } = granted;
  const { exchange } = visit;
  let produced = 0;
  await produce(
    exchange,
    tokensUntilEnd(granted, answer),
    paceOf(granted, WHOLE_CHUNK_MS),
    (from, to) => {
      produced = to;
      chargeOutput(visit, grant, to - from);
      return undefined;
    },
  );
  settle(granted, answer, produced);
  if (affliction.end?.kind === "cut-stream") exchange.reset();
  else if (affliction.end?.kind === "error-in-stream") failWhole(granted, writer);
  else exchange.reply(writer.whole(), headersFor(visit, shown));
}

function failWhole({ visit, shown }: Granted, { wholeFailure }: AnswerWriter): void {
  if (wholeFailure) visit.exchange.reply(wholeFailure(), headersFor(visit, shown), "failed");
  else fail(visit, { kind: "status", status: 500 }, shown); // its request was counted at admission
}

async function respondStream(
  granted: Granted,
  answer: Answer,
  writer: AnswerWriter,
): Promise<void> {
  const { visit, grant, affliction, shown } = granted;
  const { exchange } = visit;
  let produced = 0;
  const stream = { "content-type": writer.streamType ?? SSE, "cache-control": "no-cache" };
  const begin = () => {
    if (!exchange.hasBegun) exchange.begin(200, { ...stream, ...headersFor(visit, shown) });
  };
  await produce(
    exchange,
    tokensUntilEnd(granted, answer),
    paceOf(granted, STREAM_CHUNK_MS),
    (from, to) => {
      produced = to;
      chargeOutput(visit, grant, to - from);
      begin();
      const opening = from === 0 ? writer.opening() : "";
      return exchange.write(joined(opening, writer.delta(from, to)));
    },
  );
  settle(granted, answer, produced);
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

/** What was taken as an estimate gives way to what it was. */
function settle({ visit, call, grant }: Granted, answer: Answer, outputTokens: number): void {
  const refund = visit.state.dialect.refundOf(call, { ...answer, outputTokens });
  grant.giveBack(refund, performance.now());
}

function booksOf({ state: { account } }: Visit, { model }: Call): Books {
  const now = performance.now();
  return { meters: account.metersOf(model, now), slotsLeft: account.slotsLeft(model, now) };
}

function joined(first: Chunk, second: Chunk): Chunk {
  if (typeof first === "string" && typeof second === "string") return first + second;
  return Buffer.concat([Buffer.from(first), Buffer.from(second)]);
}
