/** Request bytes: requests as they go over the wire, good ones first, so that each attack damages one thing. */
import { pick } from "../gateway-random.ts";
import { type AttackMeans, utf8 } from "./attack.ts";

/** Where a key may stand. */
const KEY_HEADERS = ["authorization: Bearer ", "x-api-key: ", "api-key: ", "x-sluice-key: "];
export const CLAIM = "this-claim-stays-here";

/** The lines of a head that every request of an attack has. */
export function identity({ random, tenant, mark }: AttackMeans): string[] {
  return [`${pick(random, KEY_HEADERS)}${tenant.key}`, `x-mark: ${mark}`];
}

/** Of a last request: the gateway closes once it is answered. */
export const CLOSE = "connection: close";

export function head(method: string, target: string, ...lines: string[]): string {
  return `${[`${method} ${target} HTTP/1.1`, "host: soak.example", ...lines].join("\r\n")}\r\n\r\n`;
}

export function withBody(method: string, target: string, body: string, ...lines: string[]): string {
  return head(method, target, ...lines, `content-length: ${body.length}`) + body;
}

/** A request that must never arrive anywhere: it hides where the one before has its body. */
export function stolen(means: AttackMeans): string {
  const key = `x-sluice-key: ${means.tenant.key}`;
  return head("GET", "/plain/stolen", key, `x-mark: stolen-${means.mark}`, CLOSE);
}

/** Cuts a body into chunks of any size. */
export function chunked(random: () => number, body: string): string {
  let text = "";
  for (let at = 0; at < body.length; ) {
    const size = 1 + Math.floor(random() * 50);
    const chunk = body.slice(at, at + size);
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
    at += size;
  }
  return `${text}0\r\n\r\n`;
}

/** The body of a chat with claims that must not travel on. */
export function chatBody({ random, mark }: AttackMeans, fields: object = {}): string {
  return utf8(
    JSON.stringify({
      model: pick(random, ["small-1", "smart"]),
      max_tokens: 20,
      messages: [
        { role: "user", content: `Say ${mark} again, ${"please ".repeat(random() * 20)}` },
      ],
      metadata: { sluice_tags: CLAIM },
      ...fields,
    }),
  );
}

export const JSON_TYPE = "content-type: application/json";
export const CHAT_PATHS = ["/v1/chat/completions", "/openai/v1/chat/completions", "/v1/messages"];
