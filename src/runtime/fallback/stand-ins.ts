/** Stand-ins: a kept answer, or a degraded one, where no upstream answers in time. */
import type { Readable } from "node:stream";
import type { JsonObject, Operation } from "../../core/dialect.ts";
import type { Task } from "../../core/task.ts";
import { degradableFormat, degradedAnswer } from "../../translate/degraded/degraded-answer.ts";
import { degradedText } from "../../translate/degraded/degraded-text.ts";
import { serializeEvent } from "../../translate/translation.ts";
import type { Answer, CallReport } from "../call/answer.ts";
import { type CachedAnswer, NO_STAND_INS, type StandIns } from "../call/call-plan.ts";
import { RecordedAnswer } from "./recorded-answer.ts";
import { cacheKey, type ResponseCache } from "./response-cache.ts";

export interface StandInRequest {
  readonly id: string;
  readonly method: string;
  /** Below the upstream, as the client asked for it, with the query. */
  readonly path: string;
  readonly upstream: string;
  /** What else the answer depends on. */
  readonly variant: () => string;
  readonly bytes: Uint8Array | string | Readable | null;
  readonly body: JsonObject | null;
  readonly model: string | null;
  readonly task: Task;
  readonly operation: Operation;
  readonly nowMs: number;
}

/** `comesFirst`: kept answers serve before anybody is asked. */
export function standInsFor(
  request: StandInRequest,
  cache: ResponseCache | null,
  comesFirst: boolean,
): StandIns {
  const { fallback } = request.task;
  const usesCache = cache !== null && (comesFirst || fallback.includes("cached"));
  const isDegradable = fallback.includes("degrade");
  if (!usesCache && !isDegradable) return NO_STAND_INS;
  return {
    cached: usesCache ? cachedFor(request, cache, comesFirst) : null,
    degraded: isDegradable ? degradedFor(request) : null,
  };
}

function cachedFor(
  request: StandInRequest,
  cache: ResponseCache,
  comesFirst: boolean,
): CachedAnswer | null {
  const { method, upstream, variant, bytes, operation, task } = request;
  const isRead = method === "GET" || method === "HEAD";
  const isWhole = bytes === null || typeof bytes === "string" || bytes instanceof Uint8Array;
  if (!isWhole || !(isRead || isQuestion(operation, request.body))) return null;
  const path = `${upstream}${request.path}`;
  const key = cacheKey({ tenant: task.tenant, method, path, variant: variant(), body: bytes });
  return {
    comesFirst,
    keep: (answer) => new RecordedAnswer(answer, cache, key),
    answer: (answer, report) => {
      const kept = cache.get(key);
      if (kept === null) return false;
      answer.head(kept.status, kept.headers, report());
      answer.data(kept.body);
      answer.end(true);
      return true;
    },
  };
}

/** What only asks. A conversation goes on with each call, and work in the background is yet to be done. */
function isQuestion({ kind, retrySafe }: Operation, body: JsonObject | null): boolean {
  return kind !== "other" && retrySafe && body?.["background"] !== true;
}

function degradedFor(request: StandInRequest): StandIns["degraded"] {
  const { id, path, body, model, operation, nowMs } = request;
  const format = body === null ? null : degradableFormat(path.split("?")[0], body);
  if (body === null || format === null || !asksModel(operation, body)) return null;
  const isStream = body["stream"] === true;
  const options = body["stream_options"];
  const includesUsage = (options as JsonObject | undefined)?.["include_usage"] === true;
  return (answer: Answer, report: CallReport, retryAfterMs: number | null) => {
    const degraded = degradedAnswer({
      id: id.replace(/[^A-Za-z0-9_-]/g, ""),
      model: model ?? "",
      text: degradedText(retryAfterMs),
      createdAtSeconds: Math.floor(nowMs / 1_000),
      includesUsage,
      format,
      isStream,
    });
    const isWhole = degraded.kind === "whole";
    const text = isWhole
      ? JSON.stringify(degraded.body)
      : degraded.events.map(serializeEvent).join("");
    const bytes = Buffer.from(text);
    const type = isWhole ? "application/json" : "text/event-stream";
    const retry =
      retryAfterMs === null ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
    answer.head(200, { "content-type": type, ...retry }, report);
    answer.data(bytes);
    answer.end(true);
  };
}

/** Other APIs have messages and responses as well, and a text in their place would look as if it had been done. */
function asksModel({ kind }: Operation, { messages }: JsonObject): boolean {
  return kind === "generate" || Array.isArray(messages);
}
