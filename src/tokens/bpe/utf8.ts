/** UTF-8: writes a few characters into bytes; for so few this is faster than a TextEncoder. */

/** What a lone surrogate becomes. */
const REPLACEMENT = 0xfffd;

/** Writes `text[start..end)` at `at`; returns where it ends. There must be 3 bytes a unit of room. */
export function writeUtf8(
  text: string,
  start: number,
  end: number,
  bytes: Uint8Array,
  at: number,
): number {
  let to = at;
  for (let i = start; i < end; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      bytes[to++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) {
      code = text.codePointAt(i) as number;
      if (code >= 0x10000) i++;
      else code = REPLACEMENT;
    }
    to = writeWide(code, bytes, to);
  }
  return to;
}

function writeWide(code: number, bytes: Uint8Array, at: number): number {
  let to = at;
  if (code < 0x800) bytes[to++] = 0xc0 | (code >> 6);
  else {
    if (code < 0x10000) bytes[to++] = 0xe0 | (code >> 12);
    else {
      bytes[to++] = 0xf0 | (code >> 18);
      bytes[to++] = 0x80 | ((code >> 12) & 0x3f);
    }
    bytes[to++] = 0x80 | ((code >> 6) & 0x3f);
  }
  bytes[to++] = 0x80 | (code & 0x3f);
  return to;
}
