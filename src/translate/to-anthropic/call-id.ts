/** Ids of tool calls: some servers send none, but Anthropic's clients send results by them. */
import { isObject, textIn } from "../../dialects/body/json-fields.ts";

/** The call's own; else one that no other call of this or another answer has. */
export function callId(call: unknown, answerId: string, index: number): string {
  const own = isObject(call) ? textIn(call["id"]) : null;
  return own ?? `call_${answerId.replace(/[^a-zA-Z0-9_-]/g, "")}_${index}`;
}
