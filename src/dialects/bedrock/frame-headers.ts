/** Frame headers: the headers of one frame of an AWS event stream; only those whose value is text are kept. */

/** A name's length, the name, the value's type. */
const LEAST_HEADER_BYTES = 3;
const BYTES = 6;
const TEXT = 7;
/** Lengths of values that are not text, by type: true, false, byte, short, int, long, -, -, timestamp, UUID. */
const FIXED_BYTES = [0, 0, 1, 2, 4, 8, null, null, 8, 16];
/** AWS sends three or four. */
const MOST_HEADERS = 64;

const DECODER = new TextDecoder();

/** By their names; what is cut off or of an unknown type ends the reading. */
export function readFrameHeaders(bytes: Uint8Array): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + LEAST_HEADER_BYTES <= bytes.length && headers.size < MOST_HEADERS) {
    const typeAt = at + 1 + bytes[at];
    if (typeAt >= bytes.length) break;
    const name = DECODER.decode(bytes.subarray(at + 1, typeAt));
    const type = bytes[typeAt];
    const isVariable = type === BYTES || type === TEXT;
    if (isVariable && typeAt + 3 > bytes.length) break;
    const length = isVariable ? view.getUint16(typeAt + 1) : FIXED_BYTES[type];
    if (length === undefined || length === null) break;
    const valueAt = typeAt + (isVariable ? 3 : 1);
    at = valueAt + length;
    if (at > bytes.length) break;
    if (type === TEXT) headers.set(name, DECODER.decode(bytes.subarray(valueAt, at)));
  }
  return headers;
}
