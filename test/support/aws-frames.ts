/** AWS frames: writes event stream frames by arithmetic of its own, so that the reader is not its own judge. */

export interface FrameParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
  /** A header whose value is no text, before the others. */
  readonly binary?: Uint8Array;
}

/** CRC-32 bit by bit (IEEE 802.3, reflected). */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

export function frameOf({ headers, payload, binary }: FrameParts): Buffer {
  const parts: Buffer[] = [];
  if (binary !== undefined) parts.push(header(":blob", 6, Buffer.from(binary)));
  for (const [name, value] of Object.entries(headers))
    parts.push(header(name, 7, Buffer.from(value)));
  const head = Buffer.concat(parts);
  const body = Buffer.from(payload);
  const frame = Buffer.alloc(16 + head.length + body.length);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(head.length, 4);
  frame.writeUInt32BE(checksum(frame.subarray(0, 8)), 8);
  head.copy(frame, 12);
  body.copy(frame, 12 + head.length);
  frame.writeUInt32BE(checksum(frame.subarray(0, frame.length - 4)), frame.length - 4);
  return frame;
}

function header(name: string, type: number, value: Buffer): Buffer {
  const head = Buffer.from([Buffer.byteLength(name), ...Buffer.from(name), type, 0, 0]);
  head.writeUInt16BE(value.length, head.length - 2);
  return Buffer.concat([head, value]);
}

/** An event of Converse, or a chunk. */
export function eventFrame(name: string, payload: object): Buffer {
  const headers = {
    ":event-type": name,
    ":content-type": "application/json",
    ":message-type": "event",
  };
  return frameOf({ headers, payload: JSON.stringify(payload) });
}

export function exceptionFrame(name: string, message: string): Buffer {
  const headers = {
    ":exception-type": name,
    ":content-type": "application/json",
    ":message-type": "exception",
  };
  return frameOf({ headers, payload: JSON.stringify({ message }) });
}

/** A chunk of `invoke-with-response-stream`: the model's own event, wrapped. */
export function chunkFrame(event: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(event)).toString("base64");
  return eventFrame("chunk", { bytes, p: "abcdefg" });
}
