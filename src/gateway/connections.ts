/** Connections: which sockets have a request to answer, so that a draining server can close the others, and how long a client may take to read. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { afterLong } from "../runtime/coarse-timers.ts";

/**
 * Node's own `closeIdleConnections` spares connections on which nothing was ever asked, and those
 * that fall idle later: each would hold a graceful end up until its client leaves.
 */
export class Connections {
  /** Requests that are not answered yet. */
  readonly #unanswered = new Map<Socket, number>();
  #isDraining = false;

  add(socket: Socket): void {
    this.#unanswered.set(socket, 0);
    socket.once("close", () => this.#unanswered.delete(socket));
  }

  /** `readMs`: a client that has not taken the rest of a complete answer within this is cut off. */
  begin({ socket }: IncomingMessage, response: ServerResponse, readMs: number): void {
    this.#count(socket, 1);
    response.once("close", () => this.#count(socket, -1));
    response.once("prefinish", () => boundReading(response, readMs));
  }

  drain(): void {
    this.#isDraining = true;
    for (const [socket, unanswered] of this.#unanswered) if (unanswered === 0) socket.destroy();
  }

  #count(socket: Socket, change: 1 | -1): void {
    const known = this.#unanswered.get(socket);
    if (known === undefined) return;
    this.#unanswered.set(socket, known + change);
    if (this.#isDraining && known + change === 0) socket.destroySoon();
  }
}

/** Most answers are in the system's hands at once, and need no timer. */
function boundReading(response: ServerResponse, readMs: number): void {
  if (response.socket?.writableLength === 0) return;
  const cancel = afterLong(readMs, () => response.destroy());
  response.once("close", cancel);
}
