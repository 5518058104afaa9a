/** Echo upstream: repeats the marks of what reaches it, and tells of everything that never should. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { CLAIM } from "./request-bytes.ts";

/** Where each upstream's paths lie. */
export const BASES = {
  openai: "/base-openai/v1",
  claude: "/base-claude",
  gemini: "/base-gemini",
  plain: "/base-plain",
  /** It fails. */
  shaky: "/base-shaky",
} as const;

/** What the gateway sends instead of its tenants' keys. */
export const PROVIDER_KEY = "provider-key-of-the-soak";
export const TENANT_KEY = /sk-soak-\w+/;
export const MARK = /mk-[a-z]+-[0-9a-z]+(?:\.\d+)?/g;

export interface EchoUpstream extends AsyncDisposable {
  readonly url: string;
  /** Nothing may ever connect to this host and port. */
  readonly trap: string;
  readonly received: number;
  readonly open: number;
}

/** `complain` hears of what should not have arrived, with the request's head. */
export async function startEchoUpstream(complain: (what: string) => void): Promise<EchoUpstream> {
  let received = 0;
  let open = 0;
  const server = createServer(async (message, response) => {
    received++;
    open++;
    response.on("close", () => open--);
    response.on("error", () => {});
    const body = await bodyOf(message);
    const wrong = wrongWith(message, body, url);
    if (wrong !== null) complain(`reached the upstream: ${wrong}: ${headOf(message)}`);
    answer(message, response, body, trap);
  });
  const trapServer = createTcpServer((socket) => {
    complain("a host that is not configured was contacted");
    socket.destroy();
  });
  for (const one of [server, trapServer]) {
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
  }
  const hostOf = (one: { address(): unknown }) =>
    `127.0.0.1:${(one.address() as AddressInfo).port}`;
  const url = `http://${hostOf(server)}`;
  const trap = hostOf(trapServer);
  return {
    url,
    trap,
    get received() {
      return received;
    },
    get open() {
      return open;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await new Promise((resolve) => trapServer.close(resolve));
    },
  };
}

function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  return JSON.stringify([method, url?.slice(0, 500), ...rawHeaders]).slice(0, 2_000);
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk);
  } catch {
    // It broke off: the gateway's client has gone.
  }
  return Buffer.concat(chunks).toString("latin1");
}

function wrongWith(message: IncomingMessage, body: string, url: string): string | null {
  const { rawHeaders, headers } = message;
  const target = message.url ?? "";
  const head = `${target}\n${rawHeaders.join("\n")}`;
  if (/stolen/.test(head)) return "a request from within a body";
  if (TENANT_KEY.test(head)) return "a tenant's key";
  if (/x-sluice|sluice\./i.test(head) || head.includes(CLAIM)) return "what is said to Sluice";
  if (headers["content-type"] === "application/json" && isJsonWith(CLAIM, body)) return "a claim";
  if ("x-forged" in headers && headers["x-forged"] !== "0") return "a forged header";
  if (headers.host !== new URL(url).host) return "another host's name";
  if (message.method === "TRACE" || message.method === "CONNECT") return "its method";
  const marks = new Set(`${head}\n${body}`.match(MARK) ?? []);
  if (marks.size > 1) return `two requests in one: ${[...marks]}`;
  return wrongPlace(target, headers.authorization);
}

function isJsonWith(text: string, body: string): boolean {
  if (!body.includes(text)) return false;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

/** However often a server decodes a path, it stays below the base URL. */
function wrongPlace(target: string, authorization: string | undefined): string | null {
  const base = Object.values(BASES).find((one) => target.startsWith(one));
  if (base === undefined) return "a path outside of every base URL";
  let path = target.split("?")[0];
  const { pathname } = new URL(`http://h${path}`);
  if (pathname !== base && !pathname.startsWith(`${base}/`)) return "steps out of the base URL";
  path = path.replaceAll(/%2f|%5c/gi, "/").replaceAll(/%2e/gi, ".");
  if (!new URL(`http://h${path}`).pathname.startsWith(base)) return "hidden steps";
  const isOurs = authorization === `Bearer ${PROVIDER_KEY}`;
  if (base === BASES.openai && !isOurs) return "a credential that is not the provider's";
  return base === BASES.plain && isOurs ? "a credential of another provider" : null;
}

function answer(
  { url = "", headers }: IncomingMessage,
  response: ServerResponse,
  body: string,
  trap: string,
): void {
  const marks = `${url}\n${headers["x-mark"]}\n${body}`.match(MARK) ?? [];
  if (url.endsWith("/silent")) return;
  if (url.endsWith("/reset")) return void response.destroy();
  if (url.includes("/redirect")) {
    return void response.writeHead(302, { location: `http://${trap}/` }).end();
  }
  if (url.endsWith("/cut")) {
    response.writeHead(200, { "content-length": 1_000 }).write("half");
    return void setTimeout(() => response.destroy(), 5);
  }
  if (url.endsWith("/large")) return void response.end(`${marks[0]} `.repeat(60_000));
  if (url.endsWith("/slow")) return void setTimeout(() => sendJson(response, url, marks), 30);
  if (/"stream":true/.test(body)) sendStream(response, url, marks);
  else sendJson(response, url, marks);
}

function sendJson(response: ServerResponse, url: string, marks: readonly string[]): void {
  response.writeHead(200, {
    "content-type": "application/json",
    "x-sluice-upstream": "x-forged",
    "x-echo": marks.join(" ").slice(0, 200),
  });
  response.end(JSON.stringify(answerOf(url, marks.join(" "))));
}

/** Whole, so that it can be translated. */
function answerOf(url: string, text: string): object {
  if (url.includes("/messages")) {
    const content = [{ type: "text", text }];
    const usage = { input_tokens: 9, output_tokens: 9 };
    const named = { id: "msg_1", type: "message", role: "assistant", model: "m" };
    return { ...named, content, stop_reason: "end_turn", stop_sequence: null, usage };
  }
  const usage = { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 };
  const message = { role: "assistant", content: text, refusal: null };
  const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
  return { id: "chatcmpl-1", object: "chat.completion", created: 1, model: "m", choices, usage };
}

function sendStream(response: ServerResponse, url: string, marks: readonly string[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const isAnthropic = url.includes("/messages");
  for (const mark of marks) {
    const delta = isAnthropic
      ? { type: "content_block_delta", delta: { type: "text_delta", text: mark } }
      : { choices: [{ index: 0, delta: { content: mark } }] };
    response.write(
      `${isAnthropic ? "event: content_block_delta\n" : ""}data: ${JSON.stringify(delta)}\n\n`,
    );
  }
  const end = isAnthropic ? '{"type":"message_stop"}' : "[DONE]";
  setTimeout(() => response.end(`data: ${end}\n\n`), 2);
}
