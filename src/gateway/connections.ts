/** Connections: which sockets have a request to answer, so that a draining server can close the others. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

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

  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#count(socket, 1);
    response.once("close", () => this.#count(socket, -1));
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
