/** AWS's event stream: binary frames of headers and payload, each with two checksums. */
import { crc32 } from "node:zlib";

const PRELUDE_BYTES = 8;
const CHECKSUM_BYTES = 4;
const STRING = 7;

/** One frame. Header names up to 255 bytes, values up to 65,535. */
export function frame(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const body = Buffer.from(payload);
  const total = PRELUDE_BYTES + CHECKSUM_BYTES + head.length + body.length + CHECKSUM_BYTES;
  const bytes = Buffer.alloc(total);
  bytes.writeUInt32BE(total, 0);
  bytes.writeUInt32BE(head.length, 4);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, PRELUDE_BYTES)), PRELUDE_BYTES);
  head.copy(bytes, PRELUDE_BYTES + CHECKSUM_BYTES);
  body.copy(bytes, PRELUDE_BYTES + CHECKSUM_BYTES + head.length);
  const end = total - CHECKSUM_BYTES;
  bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
  return bytes;
}

export function eventFrame(type: string, payload: object): Buffer {
  const headers = { ":event-type": type, ":content-type": "application/json" };
  return frame({ ...headers, ":message-type": "event" }, JSON.stringify(payload));
}

/** An error after status 200. */
export function exceptionFrame(type: string, message: string): Buffer {
  const headers = { ":exception-type": type, ":content-type": "application/json" };
  return frame({ ...headers, ":message-type": "exception" }, JSON.stringify({ message }));
}

function header(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(valueBytes.length);
  return Buffer.concat([
    Buffer.of(nameBytes.length),
    nameBytes,
    Buffer.of(STRING),
    length,
    valueBytes,
  ]);
}
