/** Cuts a text that can never fit into chunks that do, at its own borders. */
import { SluiceError } from "../../core/errors.ts";
import { type CountTokens, estimateTokens } from "../trim/count-tokens.ts";
import { partsOf } from "./borders.ts";
import type { Span } from "./fences.ts";

export interface ChunkOptions {
  /** Bound of each chunk, overlap included, in tokens. */
  readonly maxTokens: number;
  /** At most this much of the end of a chunk is repeated at the beginning of the next; half of `maxTokens` at most. @default 0 */
  readonly overlapTokens?: number;
  /** Tokens of one text. @default an estimate */
  readonly count?: CountTokens;
}

export interface TextChunk {
  readonly text: string;
  /** Where it stands in the whole text, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
}

/**
 * Nothing is lost: every chunk begins where the one before ended, or before that by the overlap. Cut at paragraphs,
 * where they fit; else at lines, sentences, words, characters. A code block is cut only if it does not fit by itself.
 *
 * @throws SluiceError `invalid_request` when a bound makes no sense, or is less than one character has.
 * @example chunkText(report, { maxTokens: 2_000, overlapTokens: 100 })
 */
export function chunkText(text: string, options: ChunkOptions): TextChunk[] {
  const { maxTokens, overlapTokens, count } = options;
  checkBounds(maxTokens, overlapTokens);
  const chunks = chunksOf(text, { maxTokens, overlapTokens, count });
  if (chunks !== null) return chunks;
  const message = `maxTokens must be at least the tokens of one character, got ${maxTokens}`;
  throw new SluiceError("invalid_request", message);
}

/** With bounds that were checked; null: a single character has more tokens than a chunk may have. */
export function chunksOf(text: string, options: ChunkOptions): TextChunk[] | null {
  const { maxTokens, overlapTokens = 0, count = estimateTokens } = options;
  const parts = partsOf(text, maxTokens, count);
  if (parts === null) return null;
  const tokensOf = (from: number, to: number) =>
    count(text.slice(parts[from].from, parts[to - 1].to));
  const chunks: TextChunk[] = [];
  for (let begin = 0, done = 0; done < parts.length; ) {
    const end = largest(done + 1, parts.length, (to) => tokensOf(begin, to) <= maxTokens);
    chunks.push(chunkOf(text, parts, begin, end, tokensOf(begin, end)));
    done = end;
    if (done < parts.length) begin = nextBegin(begin, done, tokensOf, { maxTokens, overlapTokens });
  }
  return chunks;
}

/** @throws SluiceError `invalid_request` naming the bound. */
export function checkBounds(maxTokens: number, overlapTokens = 0): void {
  const isBound = Number.isFinite(maxTokens) && maxTokens >= 1;
  if (!isBound) {
    const message = `maxTokens must be a number of at least 1, got ${maxTokens}`;
    throw new SluiceError("invalid_request", message);
  }
  // More would repeat most of the text in every chunk.
  const most = maxTokens / 2;
  if (overlapTokens >= 0 && overlapTokens <= most) return;
  const message = `overlapTokens must be 0 to half of maxTokens (${most}), got ${overlapTokens}`;
  throw new SluiceError("invalid_request", message);
}

/** The largest number that fits, up to `most`, found by doubling and halving; `least` is known to fit. */
function largest(least: number, most: number, fits: (number: number) => boolean): number {
  let good = least;
  let step = 1;
  while (good + step <= most && fits(good + step)) {
    good += step;
    step *= 2;
  }
  for (; step >= 1; step = Math.floor(step / 2)) {
    if (good + step <= most && fits(good + step)) good += step;
  }
  return good;
}

/** As far back as the overlap allows, with room for at least one part that is new. */
function nextBegin(
  begin: number,
  done: number,
  tokensOf: (from: number, to: number) => number,
  { maxTokens, overlapTokens }: { readonly maxTokens: number; readonly overlapTokens: number },
): number {
  const fits = (back: number) =>
    tokensOf(done - back, done) <= overlapTokens && tokensOf(done - back, done + 1) <= maxTokens;
  return done - largest(0, done - begin - 1, fits);
}

function chunkOf(
  text: string,
  parts: readonly Span[],
  begin: number,
  end: number,
  tokens: number,
): TextChunk {
  const { from: start } = parts[begin];
  const { to } = parts[end - 1];
  return { text: text.slice(start, to), start, end: to, tokens };
}
