/** An upstream that remembers what it receives, and answers as a test says. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** All of it once it has been read. */
  body: Buffer;
  /** True when the sender has closed the connection before it was answered. */
  wasAborted: boolean;
}

export type Handler = (
  response: ServerResponse,
  received: Received,
  message: IncomingMessage,
) => void | Promise<void>;

export interface TestUpstream extends AsyncDisposable {
  readonly url: string;
  /** In the order of their arrival. */
  readonly received: readonly Received[];
  /** Connections that are open now. */
  readonly connections: number;
}

/** Answers `{}`. */
const ANSWER_EMPTY: Handler = (response) => answerJson(response, 200, {});

export interface UpstreamOptions {
  /** The handler is called at once and reads the body by itself. @default false */
  readonly streamsBody?: boolean;
}

export async function startUpstream(
  handler: Handler = ANSWER_EMPTY,
  { streamsBody = false }: UpstreamOptions = {},
): Promise<TestUpstream> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(async (message, response) => {
    const { method = "", url = "", headers } = message;
    const one: Received = { method, url, headers, body: Buffer.alloc(0), wasAborted: false };
    received.push(one);
    response.on("close", () => {
      one.wasAborted = !response.writableFinished;
    });
    response.on("error", () => {});
    if (!streamsBody) one.body = await bodyOf(message).catch(() => Buffer.alloc(0));
    await handler(response, one, message);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": length,
    ...headers,
  });
  response.end(text);
}

/** Opens an event stream; the test writes into it. */
export function answerStream(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "text/event-stream", ...headers });
  response.flushHeaders();
}

/** One event of an OpenAI chat stream. */
export function chatEvent(content: string): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
}

export interface Tapped extends Received {
  status: number;
  answer: Buffer;
}

export interface Tap extends AsyncDisposable {
  readonly url: string;
  readonly tapped: readonly Tapped[];
}

/** Stands between a gateway and a provider, and keeps what both have said. */
export async function startTap(target: string): Promise<Tap> {
  const tapped: Tapped[] = [];
  const upstream = await startUpstream((response, received) => {
    const exchange = Object.assign(received, { status: 0, answer: Buffer.alloc(0) });
    tapped.push(exchange);
    const { method, headers } = received;
    const forwarded = request(target + received.url, { method, headers }, (answer) => {
      exchange.status = answer.statusCode ?? 0;
      response.writeHead(exchange.status, answer.headers);
      answer.on("data", (chunk: Buffer) => {
        exchange.answer = Buffer.concat([exchange.answer, chunk]);
        response.write(chunk);
      });
      answer.on("end", () => response.end());
      answer.on("error", () => response.destroy());
    });
    forwarded.on("error", () => response.destroy());
    response.on("close", () => forwarded.destroy());
    forwarded.end(received.body);
  });
  return { url: upstream.url, tapped, [Symbol.asyncDispose]: upstream[Symbol.asyncDispose] };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}
