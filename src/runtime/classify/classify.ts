/** Classify: the port to whatever recognises requests that a smaller model suits; the shipped rules are behind it in any case. */
import type { JsonObject } from "../../core/dialect.ts";
import type { TaskView } from "../../core/route/task-rules/task-view.ts";
import type { LatencyClass, Task } from "../../core/task.ts";
import { taskViewOf } from "../../dialects/body/task-view.ts";

/** What is told of a request: the same that the shipped rules look at, and who asks for what. */
export interface ClassifyQuestion extends TaskView {
  readonly tier: string;
  readonly latency: LatencyClass;
  /** As the client named it. */
  readonly model: string;
}

export interface ClassifyOptions {
  /** Aborted when the time is over, the client has left, or everything closes. */
  readonly signal: AbortSignal;
}

/**
 * May a smaller model do this? Null or undefined: the shipped rules shall decide, as they do where
 * it throws or takes too long.
 */
export type Classify = (
  question: ClassifyQuestion,
  options: ClassifyOptions,
) => ClassifyAnswer | Promise<ClassifyAnswer>;

export type ClassifyAnswer = boolean | null | undefined;

export interface Asking {
  readonly body: JsonObject;
  readonly task: Task;
  readonly tier: string;
  readonly model: string;
  /** An estimate. */
  readonly inputTokens: number;
}

export function questionOf({ body, task, tier, model, inputTokens }: Asking): ClassifyQuestion {
  return { ...taskViewOf(body, task.type, inputTokens), tier, latency: task.latency, model };
}
