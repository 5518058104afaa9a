/** Raw sockets, for what no HTTP client would send. */
import { connect, type Socket } from "node:net";

/** A connection whose answer is kept as it comes. */
export interface RawConnection extends Disposable {
  readonly socket: Socket;
  /** What has come so far. */
  readonly text: string;
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>;
}

export async function openRaw(url: string, head: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.write(head, "latin1");
  return {
    socket,
    get text() {
      return text;
    },
    closed,
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Sends these very bytes on a connection of their own and returns the status of the first answer. */
export async function statusOf(url: string, head: string): Promise<number> {
  using connection = await openRaw(url, head);
  await connection.closed;
  return Number(/^HTTP\/1\.1 (\d+)/.exec(connection.text)?.[1] ?? 0);
}

/** The head of a request that asks for its connection to be closed. */
export function requestHead(method: string, target: string, ...headers: string[]): string {
  const lines = [`${method} ${target} HTTP/1.1`, "host: h", "connection: close", ...headers];
  return `${lines.join("\r\n")}\r\n\r\n`;
}
