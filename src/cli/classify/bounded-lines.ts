/** Bounded lines: reads a stream line by line, and never keeps more than one line of bounded length. */
import { StringDecoder } from "node:string_decoder";

/** `text` is null where the line is longer than allowed. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string | null;
}

/** The lines of a byte stream, without their ends; what is longer than `longest` characters is skipped, but counted. */
export async function* boundedLines(
  chunks: AsyncIterable<Uint8Array | string>,
  longest: number,
): AsyncGenerator<Line> {
  const decoder = new StringDecoder("utf8");
  let number = 1;
  let rest = "";
  let isTooLong = false;
  for await (const chunk of chunks) {
    const text = typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
    const pieces = text.split("\n");
    for (const [index, piece] of pieces.entries()) {
      if (rest.length + piece.length > longest) isTooLong = true;
      rest = isTooLong ? "" : rest + piece;
      if (index === pieces.length - 1) continue;
      yield { number: number++, text: isTooLong ? null : rest };
      rest = "";
      isTooLong = false;
    }
  }
  if (isTooLong || rest !== "") yield { number, text: isTooLong ? null : rest };
}
