/** Notes: what instances tell each other that is no meter's, as this one knows it. */
import type { NoteOperation, StoreReport } from "../messages.ts";

/** The store keeps no more. */
const MOST = 1_000;

export class Notes {
  readonly #known = new Map<string, string>();
  /** The newest that was reported. */
  version = 0;

  /** One of our own, which is the newest from now on. */
  ours(key: string, value: string): NoteOperation {
    this.#keep(key, value);
    return { kind: "note", key, value, isFirst: false };
  }

  /** What is new in a report. */
  take({ notes, noteVersion }: StoreReport): StoreReport["notes"] {
    this.version = noteVersion;
    for (const { key, value } of notes) this.#keep(key, value);
    return notes;
  }

  /** All that is known, for a store that may know nothing. */
  again(): readonly NoteOperation[] {
    this.version = 0;
    return [...this.#known].map(([key, value]) => ({ kind: "note", key, value, isFirst: true }));
  }

  #keep(key: string, value: string): void {
    if (this.#known.size < MOST || this.#known.has(key)) this.#known.set(key, value);
  }
}
