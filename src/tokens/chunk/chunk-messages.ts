/** Cuts a history that can never fit into chunks that do: each a request of its own, with the same instructions. */

import { countMessage } from "../trim/count-messages.ts";
import { type CountTokens, estimateTokens } from "../trim/count-tokens.ts";
import { blocksOf, type ChatMessage, isInstruction } from "../trim/message.ts";
import { type Step, stepsOf } from "../trim/turns.ts";
import { checkBounds, chunksOf } from "./chunk-text.ts";

export interface ChunkMessagesOptions {
  /** Bound of each chunk, instructions included, in tokens. */
  readonly maxTokens: number;
  /** A single text that is cut: so much of its end is repeated. @default 0 */
  readonly overlapTokens?: number;
  /** Tokens of one text. @default an estimate */
  readonly count?: CountTokens;
}

export interface MessageChunk<M> {
  /** The instructions, then what is this chunk's own. */
  readonly messages: readonly M[];
  /** Places of its own messages in what was given; a message that was cut is in several chunks. */
  readonly indices: readonly number[];
  readonly tokens: number;
}

export type ChunkedMessages<M> =
  | { readonly kind: "chunked"; readonly chunks: readonly MessageChunk<M>[] }
  /** A tool call with its results, or a message with images, is too large, and cannot be cut. */
  | { readonly kind: "cannot-fit"; readonly index: number; readonly tokens: number };

interface Piece<M> {
  readonly messages: readonly M[];
  readonly indices: readonly number[];
  readonly tokens: number;
}

/**
 * Keeps the order, and calls with their results; a text that is too long by itself is cut as `chunkText` does.
 * Instructions (`system`, `developer`) are in every chunk.
 *
 * @throws SluiceError `invalid_request` when a bound makes no sense.
 * @example chunkMessages(messages, { maxTokens: 8_000 })
 */
export function chunkMessages<M extends ChatMessage>(
  messages: readonly M[],
  options: ChunkMessagesOptions,
): ChunkedMessages<M> {
  const { maxTokens, count = estimateTokens } = options;
  checkBounds(maxTokens, options.overlapTokens);
  const instructions = messages.filter(isInstruction);
  const fixed = instructions.reduce((sum, message) => sum + countMessage(message, count), 0);
  const pieces: Piece<M>[] = [];
  for (const step of stepsOf(messages)) {
    const piece = pieceOf(step, messages, count);
    if (piece.tokens + fixed <= maxTokens) pieces.push(piece);
    else {
      const cut = cutPiece(piece, maxTokens - fixed, options);
      if (cut === null)
        return { kind: "cannot-fit", index: piece.indices[0], tokens: piece.tokens };
      pieces.push(...cut);
    }
  }
  const chunks = packed(pieces, maxTokens - fixed).map(({ messages, indices, tokens }) => ({
    messages: [...instructions, ...messages],
    indices,
    tokens: tokens + fixed,
  }));
  return { kind: "chunked", chunks };
}

function pieceOf<M extends ChatMessage>(
  step: Step,
  messages: readonly M[],
  count: CountTokens,
): Piece<M> {
  const members = step.map((index) => messages[index]);
  const tokens = members.reduce((sum, message) => sum + countMessage(message, count), 0);
  return { messages: members, indices: step, tokens };
}

/** Only a message that is one text can be cut; null: it is something else, or there is no room at all. */
function cutPiece<M extends ChatMessage>(
  { messages, indices }: Piece<M>,
  room: number,
  { overlapTokens = 0, count = estimateTokens }: ChunkMessagesOptions,
): Piece<M>[] | null {
  const [message] = messages;
  const found = onlyText(message);
  if (messages.length > 1 || found === null) return null;
  const { text, withText } = found;
  const frame = countMessage({ ...message, content: "" }, count);
  const maxTokens = room - frame;
  if (maxTokens < 1 || overlapTokens > maxTokens / 2) return null;
  const chunks = chunksOf(text, { maxTokens, overlapTokens, count });
  if (chunks === null) return null;
  return chunks.map((chunk) => ({
    messages: [{ ...message, content: withText(chunk.text) }],
    indices,
    tokens: chunk.tokens + frame,
  }));
}

/** A message's one text, and its content with another text instead; null: it holds something else. */
interface OnlyText {
  readonly text: string;
  readonly withText: (text: string) => unknown;
}

function onlyText(message: ChatMessage): OnlyText | null {
  const { content, ...rest } = message as ChatMessage & { readonly content?: unknown };
  if (Object.keys(rest).some((field) => field !== "role" && field !== "name")) return null;
  if (typeof content === "string") return { text: content, withText: (text) => text };
  const [block] = blocksOf(message);
  const isOne = Array.isArray(content) && content.length === 1 && block?.["type"] === "text";
  if (!isOne || typeof block["text"] !== "string") return null;
  return { text: block["text"], withText: (text) => [{ ...block, text }] };
}

function packed<M>(pieces: readonly Piece<M>[], room: number): Piece<M>[] {
  const chunks: Piece<M>[] = [];
  for (const piece of pieces) {
    const last = chunks.at(-1);
    if (last === undefined || last.tokens + piece.tokens > room) chunks.push(piece);
    else {
      chunks[chunks.length - 1] = {
        messages: [...last.messages, ...piece.messages],
        indices: [...last.indices, ...piece.indices],
        tokens: last.tokens + piece.tokens,
      };
    }
  }
  return chunks;
}
