/** Request context: one HTTP request at the gateway, read once, and the ways to answer it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { HeaderView } from "../core/dialect.ts";
import { SluiceError } from "../core/errors.ts";
import { type ClientDialect, clientDialectOf } from "../dialects/client-dialect.ts";
import { refusalAnswer } from "../runtime/call/answer-headers.ts";
import { requestId } from "../runtime/request/request-id.ts";
import { hasBody } from "./read-body.ts";

export interface RequestContext {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** With its question mark; empty: none. */
  readonly query: string;
  readonly headers: HeaderView;
  readonly client: ClientDialect;
  /** Microseconds since the epoch. */
  readonly arrivedAt: number;
}

export function contextOf(
  message: IncomingMessage,
  response: ServerResponse,
  arrivedAt: number,
): RequestContext {
  const target = message.url ?? "/";
  const at = target.indexOf("?");
  const path = at < 0 ? target : target.slice(0, at);
  const { headers } = message;
  return {
    message,
    response,
    method: message.method ?? "GET",
    path,
    query: at < 0 ? "" : target.slice(at),
    headers,
    client: clientDialectOf(path, headers),
    arrivedAt,
  };
}

export function sendJson(
  context: RequestContext,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): undefined {
  if (context.response.headersSent) return;
  const own = { "content-type": "application/json", "cache-control": "no-store" };
  sendWhole(context, status, { ...own, ...headers }, JSON.stringify(value));
}

/** Answers with a refusal in the client's form; without a stack trace, whatever the error was. */
export function sendRefusal(
  context: RequestContext,
  error: unknown,
  extra: { readonly id: string | null; readonly headers?: Readonly<Record<string, string>> } = {
    id: null,
  },
): void {
  const { response } = context;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refusal = SluiceError.isInstance(error)
    ? error
    : new SluiceError("upstream_error", "the gateway could not handle this request", {
        cause: error,
      });
  const { status, headers, body } = refusalAnswer(context.client, refusal, extra.id ?? requestId());
  const waits = refusal.code !== "client_timeout";
  sendWhole(context, status, { ...headers, ...extra.headers }, body, waits);
}

/** `waits`: for the rest of the request, so that its client gets to read the answer. */
function sendWhole(
  context: RequestContext,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  waits = true,
): void {
  const { message, response } = context;
  const isRead = message.complete || !hasBody(message);
  response.writeHead(status, {
    ...headers,
    "content-length": Buffer.byteLength(body),
    // A body that was not read to its end would be taken for the next request.
    ...(isRead ? {} : { connection: "close" }),
  });
  if (isRead || !waits) response.end(body);
  else endAfterRequest(context, body);
}

/** How long what a client still sends is read and thrown away. */
const LINGER_MS = 2_000;

/**
 * Many clients read an answer only once they have sent their request: a connection that is closed
 * on them before breaks the answer too.
 */
function endAfterRequest({ message, response }: RequestContext, body: string): void {
  response.write(body);
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  message.once("end", end).once("close", end).resume();
}
