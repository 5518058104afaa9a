/** Bedrock's invoke: Claude's own form, without the model in the body; streams wrap its events. */
import type { Answer, AnswerWriter, Body, Call } from "../../answer/call.ts";
import type { BadRequest } from "../../failure.ts";
import { readMessages } from "../anthropic/messages.ts";
import { messagesWriter } from "../anthropic/messages-writer.ts";
import { eventFrame, exceptionFrame } from "./event-stream.ts";
import { EVENT_STREAM, STREAM_EXCEPTION } from "./stream-failure.ts";

export function readInvoke(body: Body, model: string, isStream: boolean): Call | BadRequest {
  const call = readMessages({ ...body, model });
  if (call.kind !== "call") return call;
  const writer = isStream ? invokeStreamWriter : messagesWriter;
  return { ...call, isStream, writer };
}

function invokeStreamWriter(answer: Answer): AnswerWriter {
  const { whole, opening, delta, closing } = messagesWriter(answer);
  return {
    whole,
    streamType: EVENT_STREAM,
    opening: () => framed(opening()),
    delta: (from, to) => framed(delta(from, to)),
    closing: () => framed(closing()),
    failure: () => exceptionFrame(...STREAM_EXCEPTION),
  };
}

/** Each server-sent event becomes a chunk whose bytes are its data. */
function framed(events: string | Uint8Array): Buffer {
  const data = String(events).matchAll(/^data: (.*)$/gm);
  return Buffer.concat(
    [...data].map(([, json]) =>
      eventFrame("chunk", { bytes: Buffer.from(json).toString("base64") }),
    ),
  );
}
