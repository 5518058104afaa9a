/** Read body: a request's body in memory, bounded in size and time. */
import type { IncomingMessage } from "node:http";
import { SluiceError } from "../core/errors.ts";
import { afterLong } from "../runtime/coarse-timers.ts";

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

export function isJson({ headers }: IncomingMessage): boolean {
  const type = headers["content-type"];
  return type === undefined || /json/i.test(type);
}

export function isMultipart({ headers }: IncomingMessage): boolean {
  return /^multipart\//i.test(headers["content-type"] ?? "");
}

/**
 * @throws SluiceError `body_too_large`, `client_timeout`; `invalid_request` when the client broke off.
 */
export function readBody(message: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const declared = Number(message.headers["content-length"] ?? 0);
  if (declared > limits.maxBytes) return Promise.reject(tooLarge(limits.maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: SluiceError) => {
      stopTimer();
      message.off("data", take).pause();
      chunks.length = 0;
      reject(error);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.maxBytes) fail(tooLarge(limits.maxBytes));
      else chunks.push(chunk);
    };
    const stopTimer = afterLong(limits.timeoutMs, () => {
      fail(new SluiceError("client_timeout", `the body did not arrive in ${limits.timeoutMs} ms`));
    });
    message.on("data", take);
    message.on("end", () => {
      stopTimer();
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    });
    message.on("error", () => fail(new SluiceError("invalid_request", "the request broke off")));
  });
}

function tooLarge(maxBytes: number): SluiceError {
  return new SluiceError("body_too_large", `the body is larger than ${maxBytes} bytes`, {
    details: { meter: "server.body_max", limit: maxBytes },
  });
}
