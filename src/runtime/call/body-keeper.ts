/** Body keeper: keeps an answer's body while it passes, to read its usage or error; bounded. */

/** Of larger answers only the end is kept: usage and quotas stand behind what was asked for. */
const LARGEST_KEPT_BYTES = 1_048_576;
const KEPT_END_BYTES = 16_384;
/** Error bodies are judged by their beginning. */
const LARGEST_JUDGED_CHARACTERS = 262_144;

export class BodyKeeper {
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  /** The last chunks of an answer that was too large to keep. */
  #end: Uint8Array[] = [];
  #endBytes = 0;

  /** What was kept, to be passed on after it was judged. */
  get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  hasRoomFor(chunk: Uint8Array): boolean {
    return this.#bytes + chunk.length <= LARGEST_KEPT_BYTES;
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= LARGEST_KEPT_BYTES) this.#chunks.push(chunk);
    else this.#keepEnd(chunk);
  }

  #keepEnd(chunk: Uint8Array): void {
    this.#end.push(chunk);
    this.#endBytes += chunk.length;
    while (this.#endBytes - this.#end[0].length >= KEPT_END_BYTES) {
      this.#endBytes -= (this.#end.shift() as Uint8Array).length;
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8").slice(0, LARGEST_JUDGED_CHARACTERS);
  }

  /**
   * The body's last field of the first of `names` that it has, as `{ [name]: value }`; null if it has none, or
   * none in what was kept. Only this field is parsed: an answer may be long, and its usage is all that is wanted of it.
   */
  lastField(names: readonly string[]): unknown {
    const kept = this.#bytes > LARGEST_KEPT_BYTES ? this.#end : this.#chunks;
    if (kept.length === 0) return null;
    const whole = kept.length === 1 ? kept[0] : Buffer.concat(kept);
    const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
    for (const name of names) {
      // Inside a text the closing quote would be escaped, so this can only be a field's name.
      const at = bytes.lastIndexOf(`"${name}"`);
      if (at >= 0) return objectAfter(bytes, name, at);
    }
    return null;
  }
}

const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
/** Usage objects are a few hundred bytes; none of their texts holds a brace. */
const LONGEST_USAGE = 8_192;

function objectAfter(bytes: Buffer, name: string, at: number): unknown {
  const start = bytes.indexOf(OPENING_BRACE, at);
  const end = start < 0 ? -1 : closingBrace(bytes, start);
  if (end < 0) return null;
  try {
    return { [name]: JSON.parse(bytes.toString("utf8", start, end + 1)) };
  } catch {
    return null;
  }
}

function closingBrace(bytes: Buffer, start: number): number {
  let depth = 0;
  const end = Math.min(bytes.length, start + LONGEST_USAGE);
  for (let at = start; at < end; at++) {
    if (bytes[at] === OPENING_BRACE) depth++;
    else if (bytes[at] === CLOSING_BRACE && --depth === 0) return at;
  }
  return -1;
}
