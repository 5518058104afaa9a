/** Event streams: which answers are streams whose events can be read, and by what they are split. */
import type { Dialect, HeaderView } from "../core/dialect.ts";
import { createFrameSplitter } from "./bedrock/frames.ts";
import type { EventSplitter } from "./event-splitter.ts";
import { createEventSplitter } from "./sse.ts";

const EVENTS = "text/event-stream";
const FRAMES = "application/vnd.amazon.eventstream";

/** Null: the answer is no stream, or one that is compressed and must not be held to be read. */
export function splitterFor(headers: HeaderView, { streamsFrames }: Dialect): EventSplitter | null {
  const type = headers["content-type"];
  if (typeof type !== "string" || (headers["content-encoding"] ?? "identity") !== "identity") {
    return null;
  }
  if (type.startsWith(EVENTS)) return createEventSplitter();
  return streamsFrames === true && type.startsWith(FRAMES) ? createFrameSplitter() : null;
}
