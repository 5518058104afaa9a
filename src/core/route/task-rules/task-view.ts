/** Task view: what the shipped rules look at to tell whether a smaller model does as well. */

export interface TaskView {
  /** The task type's name, as the client or the configuration gives it. */
  readonly taskType: string;
  /** The request's input, in tokens; an estimate is enough. */
  readonly inputTokens: number;
  /** The most that may be generated, in tokens; null: the request does not say. */
  readonly maxOutputTokens: number | null;
  /** The system prompt; the rules look at its first 2,000 characters. */
  readonly system: string;
  /** What the user said last; the rules look at its first 4,000 and last 1,000 characters. */
  readonly prompt: string;
  /** Messages of the conversation so far. */
  readonly messages: number;
  /** Names of the tools that the model may call. */
  readonly tools: readonly string[];
  /** The answer must be JSON: of any shape, or by a schema. */
  readonly output: "text" | "json" | "schema";
  /** The client asks the model to think: high effort, or a thinking budget. */
  readonly asksToThink: boolean;
  /** Images, sound or documents are part of the last message. */
  readonly hasMedia: boolean;
}

/** The decision, with the rule that made it. */
export interface TaskVerdict {
  /** A smaller model may do this. In doubt it may not. */
  readonly suits: boolean;
  readonly rule: TaskRule;
  readonly why: string;
}

export type TaskRule =
  | "task-type"
  | "thinking"
  | "size"
  | "media"
  | "agent"
  | "hard-work"
  | "short-answer"
  | "structured-answer"
  | "classification"
  | "extraction"
  | "answer-from-context"
  | "summary"
  | "formatting"
  | "routine-tool"
  | "unknown";
