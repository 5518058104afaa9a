/** A platform's call: it costs what its endpoint says, and is answered in one piece. */
import { type Answer, type Books, type Call, type Cost, wholeOnly } from "../../answer/call.ts";
import type { Reply } from "../../failure.ts";

/** `endpoint` stands where a model would: limits and faults can be for it alone. */
export function platformCall(
  endpoint: string,
  cost: Partial<Cost>,
  whole: (answer: Answer, books: () => Books) => Reply,
): Call {
  return {
    kind: "call",
    model: endpoint,
    isStream: false,
    inputTokens: 0,
    maxOutputTokens: null,
    hasOutput: false,
    tool: null,
    cost: { taken: {}, returned: {}, holdsSlot: true, ...cost },
    writer: (answer, books) => wholeOnly(() => whole(answer, books)),
  };
}

/** RFC 3339, of when the answer was written. */
export function momentOf({ createdAtSeconds }: Answer): string {
  return new Date(createdAtSeconds * 1_000).toISOString();
}
