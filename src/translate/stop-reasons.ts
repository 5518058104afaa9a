/** Why a model stopped, in both vocabularies. */

const TO_ANTHROPIC: Readonly<Record<string, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  function_call: "tool_use",
  content_filter: "refusal",
};

/** `pause_turn` comes only with tools that run at Anthropic, which no translated request has. */
const TO_OPENAI: Readonly<Record<string, string>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
  pause_turn: "stop",
};

/** Some servers say `stop` after a tool call: what was called decides. */
export function stopReasonOf(finish: unknown, called: boolean, refused: boolean): string {
  if (refused) return "refusal";
  const reason = TO_ANTHROPIC[String(finish)] ?? "end_turn";
  return called && reason === "end_turn" ? "tool_use" : reason;
}

export function finishReasonOf(stop: unknown): string {
  return TO_OPENAI[String(stop)] ?? "stop";
}
