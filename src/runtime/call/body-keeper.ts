/** Body keeper: keeps an answer's body while it passes, to read its usage or error; bounded. */

/** Larger answers pass unread. */
const LARGEST_KEPT_BYTES = 1_048_576;
/** Error bodies are judged by their beginning. */
const LARGEST_JUDGED_CHARACTERS = 262_144;

export class BodyKeeper {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** What was kept, to be passed on after it was judged. */
  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= LARGEST_KEPT_BYTES) this.#chunks.push(chunk);
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8").slice(0, LARGEST_JUDGED_CHARACTERS);
  }

  /** The body as JSON; null if it is none or was too large to keep. */
  json(): unknown {
    if (this.#bytes === 0 || this.#bytes > LARGEST_KEPT_BYTES) return null;
    try {
      return JSON.parse(this.#join());
    } catch {
      return null;
    }
  }

  #join(): string {
    const [first, ...others] = this.#chunks;
    const whole = others.length === 0 ? first : Buffer.concat(this.#chunks);
    return Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString("utf8");
  }
}
