/**
 * Load client: plain sockets that cost as little as possible, so that the proxy is what is measured.
 *
 * Closed loop: each connection sends its next request when the answer is complete. Open loop:
 * requests leave at exponential gaps whether or not answers are late, so that waiting is not hidden.
 */
import { connect, type Socket } from "node:net";

export interface LoadRequest {
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ClosedLoop {
  readonly connections: number;
  readonly ms: number;
}

/** Requests per second. */
export async function closedLoop(
  request: LoadRequest,
  { connections, ms }: ClosedLoop,
): Promise<number> {
  const bytes = encode(request);
  let count = 0;
  const started = performance.now();
  const lines = await Promise.all(
    Array.from({ length: connections }, () => Line.open(request.url)),
  );
  await Promise.all(
    lines.map(async (line) => {
      while (performance.now() - started < ms) {
        await line.ask(bytes);
        count++;
      }
      line.close();
    }),
  );
  return (count / (performance.now() - started)) * 1_000;
}

export interface OpenLoop {
  readonly perSecond: number;
  readonly ms: number;
  readonly connections: number;
}

/** Milliseconds from the planned departure to the complete answer, one a request. */
export async function openLoop(
  request: LoadRequest,
  options: OpenLoop,
): Promise<readonly number[]> {
  const bytes = encode(request);
  const { connections, perSecond, ms } = options;
  const idle = await Promise.all(Array.from({ length: connections }, () => Line.open(request.url)));
  const lines = [...idle];
  /** When they could leave: a late timer of this process is not the server's delay. */
  const due: number[] = [];
  const latencies: number[] = [];
  const started = performance.now();
  const serve = async (line: Line) => {
    for (let planned = due.shift(); planned !== undefined; planned = due.shift()) {
      await line.ask(bytes);
      latencies.push(performance.now() - planned);
    }
    idle.push(line);
  };
  let next = started;
  while (next < started + ms) {
    const now = performance.now();
    while (next <= now) {
      due.push(now);
      next += -Math.log(1 - Math.random()) * (1_000 / perSecond);
      const line = idle.pop();
      if (line) void serve(line);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (idle.length < lines.length) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const line of lines) line.close();
  return latencies;
}

function encode({ url, path, headers, body }: LoadRequest): Buffer {
  const lines = Object.entries({
    host: new URL(url).host,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** One keep-alive connection; answers are recognised by length or by the last chunk. */
class Line {
  readonly #socket: Socket;
  #answer = "";
  #done: (() => void) | null = null;

  static async open(url: string): Promise<Line> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Line(socket);
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#read(text));
  }

  ask(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#socket.write(bytes);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#answer += text;
    if (!isComplete(this.#answer)) return;
    if (!this.#answer.startsWith("HTTP/1.1 200")) {
      throw new Error(`the proxy answered ${this.#answer.slice(0, 300)}`);
    }
    this.#answer = "";
    this.#done?.();
  }
}

function isComplete(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const [, length] = /content-length: *(\d+)/i.exec(answer.slice(0, head)) ?? [];
  if (length !== undefined) return answer.length >= head + 4 + Number(length);
  return answer.endsWith("0\r\n\r\n");
}
