/** Image size: width and height of an image that comes as base64, from the head of its file. */

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** Base64 of the first bytes that tell the size of every format but JPEG. */
const HEAD = 64;
/** A JPEG's size comes after its metadata, whose parts are up to 64 KiB. */
const JPEG_HEAD = 131_072;
const DATA_URL = /^data:[^,]{0,100};base64,/;

/** Null: the format is not known, or the head is not that of an image. */
export function imageSize(base64: string): ImageSize | null {
  const head = Buffer.from(base64.slice(0, HEAD), "base64");
  if (head.length < 30) return null;
  const size = sizeIn(head, base64);
  return size !== null && size.width > 0 && size.height > 0 ? size : null;
}

/** The size of an image in a `data:` URL; null for what has to be fetched. */
export function imageSizeInUrl(url: string): ImageSize | null {
  const [prefix] = DATA_URL.exec(url.slice(0, 128)) ?? [];
  return prefix === undefined ? null : imageSize(url.slice(prefix.length, JPEG_HEAD));
}

function sizeIn(head: Buffer, base64: string): ImageSize | null {
  if (head.readUInt32BE(0) === 0x89504e47) {
    return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
  }
  const text = head.toString("latin1");
  if (text.startsWith("GIF8")) return { width: head.readUInt16LE(6), height: head.readUInt16LE(8) };
  if (text.startsWith("RIFF") && text.startsWith("WEBP", 8))
    return webpSize(head, text.slice(12, 16));
  if (head[0] !== 0xff || head[1] !== 0xd8) return null;
  return jpegSize(Buffer.from(base64.slice(0, JPEG_HEAD), "base64"));
}

/** WebP has three forms, and three ways to write a size (RFC 9649). */
function webpSize(head: Buffer, form: string): ImageSize | null {
  if (form === "VP8X")
    return { width: 1 + head.readUIntLE(24, 3), height: 1 + head.readUIntLE(27, 3) };
  if (form === "VP8 ") {
    return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff };
  }
  if (form !== "VP8L") return null;
  const bits = head.readUInt32LE(21);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
}

/** In the first frame header: any of the markers C0 to CF, but not the tables among them. */
function jpegSize(bytes: Buffer): ImageSize | null {
  let at = 2;
  while (at + 9 < bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}
