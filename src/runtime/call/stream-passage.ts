/**
 * Stream passage: reads a provider's event stream while its bytes pass unchanged.
 *
 * It holds the opening until the first content, so that an error before it can still be retried,
 * and takes out the usage event if Sluice had to ask for it on the client's behalf.
 */
import type { Usage } from "../../core/demand.ts";
import type { StreamReader } from "../../core/dialect.ts";
import type { Verdict } from "../../core/verdict/verdict.ts";
import type { EventSplitter, RawEvent } from "../../dialects/event-splitter.ts";

/** An opening larger than this is let through: memory is bounded. */
const LARGEST_OPENING_BYTES = 65_536;
/** Characters a token has on average, to count output that was cut off before its usage was told. */
const CHARACTERS_PER_TOKEN = 4;

/** Azure's first event has neither choices nor usage, but what its filter found in the prompt. */
const USAGE = /"usage"\s*:\s*\{/;
const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;

export class StreamPassage {
  readonly #reader: StreamReader;
  readonly #hidesUsageEvent: boolean;
  readonly #splitter: EventSplitter;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #isOpen = false;
  #textLength = 0;
  #verdict: Verdict | null = null;
  #hasEnded = false;

  constructor(splitter: EventSplitter, reader: StreamReader, hidesUsageEvent: boolean) {
    this.#splitter = splitter;
    this.#reader = reader;
    this.#hidesUsageEvent = hidesUsageEvent;
  }

  /** Content has been seen: nothing can be repeated silently any more. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The error told in the stream; null: none so far. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** The provider has said that the stream is complete. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  usage(): Usage | null {
    return this.#reader.usage();
  }

  get outputTokensSeen(): number {
    return Math.ceil(this.#textLength / CHARACTERS_PER_TOKEN);
  }

  /** The bytes that may go to the client now; empty while the opening is held. */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    const wasOpen = this.#isOpen;
    const kept = this.#read(this.#splitter.push(chunk));
    if (wasOpen) return this.#hidesUsageEvent ? kept : [chunk];
    return this.#hold(this.#hidesUsageEvent ? kept : [chunk]);
  }

  /** At the end of the stream: whatever was still held or unfinished. */
  finish(): readonly Uint8Array[] {
    const rest = this.#read(this.#splitter.flush());
    const held = this.#held;
    this.#held = [];
    return this.#hidesUsageEvent ? [...held, ...rest] : held;
  }

  #hold(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
    this.#held.push(...pieces);
    for (const piece of pieces) this.#heldBytes += piece.length;
    if (!this.#isOpen && this.#heldBytes <= LARGEST_OPENING_BYTES) return [];
    this.#isOpen = true;
    const held = this.#held;
    this.#held = [];
    return held;
  }

  #read(events: readonly RawEvent[]): Uint8Array[] {
    const kept: Uint8Array[] = [];
    for (const event of events) {
      if (event.data !== "") this.#interpret(event);
      // What cannot be read may be content, and waiting for more of it makes it no clearer.
      else if (event.kind === "opaque") this.#isOpen = true;
      const isHidden =
        this.#hidesUsageEvent && NO_CHOICES.test(event.data) && USAGE.test(event.data);
      if (!isHidden) kept.push(event.bytes);
    }
    return kept;
  }

  #interpret({ event, data }: RawEvent): void {
    const meaning = this.#reader.read(event, data);
    if (meaning.kind === "content") {
      this.#isOpen = true;
      this.#textLength += meaning.textLength;
    }
    if (meaning.kind === "end") this.#hasEnded = true;
    if (meaning.kind === "error") this.#verdict ??= meaning.verdict;
  }
}
