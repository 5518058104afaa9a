/** Fetch: a drop-in `fetch` whose calls wait for the shared budget instead of meeting a 429. */
import type { JsonObject } from "../core/dialect.ts";
import { SluiceError } from "../core/errors.ts";
import { type ClientDialect, clientDialectOf } from "../dialects/client-dialect.ts";
import type { Answer, CallReport } from "./call/answer.ts";
import { bindingRateHeaders, refusalAnswer, reportHeaders } from "./call/answer-headers.ts";
import type { Call } from "./call/call.ts";
import type { CallPlan } from "./call/call-plan.ts";
import { readClaims, type TaskClaims } from "./policy/task-claims.ts";
import { claimSources } from "./request/claim-sources.ts";
import { inboundHeaders, type OutHeaders } from "./request/headers.ts";
import { parseBody } from "./request/large/parse-body.ts";
import { requestId } from "./request/request-id.ts";
import type { Runtime } from "./runtime.ts";
import { claimsOf, currentTask, said } from "./task-context.ts";
import type { Fetch } from "./transport/fetch-transport.ts";
import { nameAt } from "./upstream/routes.ts";
import type { Upstream } from "./upstream/upstream.ts";

export interface FetchOptions {
  readonly runtime: Runtime;
  /** What happens to hosts that no upstream covers. */
  readonly unmatched: "error" | "pass";
  /** Sends what is passed. */
  readonly passFetch: Fetch;
}

export function createFetch(options: FetchOptions): typeof globalThis.fetch {
  const sluiceFetch = async (input: string | URL | Request, init?: RequestInit) => {
    options.runtime.requireOpen();
    const request = new Request(input, init);
    const matched = matchUpstream(options.runtime, request.url);
    if (matched !== null) return await callUpstream(options.runtime, request, matched);
    if (options.unmatched === "pass")
      return await options.passFetch(request.url, passInit(request));
    throw new SluiceError(
      "invalid_request",
      `no upstream's base_url covers ${new URL(request.url).origin}; set unmatched: "pass" to let it through`,
    );
  };
  return sluiceFetch as typeof globalThis.fetch;
}

interface Matched {
  readonly upstream: Upstream;
  readonly path: string;
}

/** The upstream with the longest `base_url` that begins the address. */
function matchUpstream(runtime: Runtime, url: string): Matched | null {
  let best: Matched | null = null;
  let longest = -1;
  for (const upstream of runtime.upstreams.values()) {
    const below = upstream.below(url);
    if (below === null || below.length <= longest) continue;
    longest = below.length;
    best = { upstream, path: below.rest };
  }
  return best;
}

async function callUpstream(
  runtime: Runtime,
  request: Request,
  matched: Matched,
): Promise<Response> {
  const arrivedAt = runtime.clock.now();
  const headers = Object.fromEntries(request.headers);
  const client = clientDialectOf(new URL(request.url).pathname, headers);
  const bytes = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  const isJson = headers["content-type"]?.includes("json") ?? false;
  const body = bytes !== null && isJson ? await parseBody(bytes) : null;
  let plan: CallPlan;
  try {
    plan = planOf(runtime, request, matched, { headers, bytes, body, arrivedAt });
  } catch (error) {
    return refusalResponse(client, asSluiceError(error), null);
  }
  return await new Promise((resolve, reject) => {
    const answer = new ResponseAnswer(runtime, client, resolve);
    request.signal.throwIfAborted();
    try {
      answer.call = runtime.start(plan, answer);
    } catch (error) {
      resolve(refusalResponse(client, asSluiceError(error), plan.id));
      return;
    }
    request.signal.addEventListener("abort", () => {
      answer.abort(request.signal.reason);
      reject(request.signal.reason);
    });
  });
}

function planOf(
  runtime: Runtime,
  request: Request,
  { upstream, path }: Matched,
  read: {
    readonly headers: Record<string, string>;
    readonly bytes: Uint8Array | null;
    readonly body: JsonObject | null;
    readonly arrivedAt: number;
  },
): CallPlan {
  const { headers, bytes, body, arrivedAt } = read;
  const task = currentTask(arrivedAt);
  const { directory, config } = runtime;
  const asked = typeof body?.model === "string" ? body.model : null;
  const sent = nameAt(upstream, asked, config);
  return runtime.plan({
    method: request.method,
    upstream,
    path,
    headers,
    bytes,
    body,
    tenant: directory.named(task.tenant ?? config.defaults.tenant, null),
    ownHeaders: new Set(),
    clientCredential: headers.authorization ?? headers["x-api-key"] ?? null,
    claims: merged(readClaims(claimSources(headers, body)), claimsOf(task)),
    model: asked === null || sent === null ? null : { asked, sent },
    arrivedAt,
  });
}

/** Headers of the single call are more specific than the task around it. */
function merged(specific: TaskClaims, general: TaskClaims): TaskClaims {
  return { ...general, ...said(specific) };
}

function asSluiceError(error: unknown): SluiceError {
  if (SluiceError.isInstance(error)) return error;
  throw error;
}

function refusalResponse(client: ClientDialect, error: SluiceError, id: string | null): Response {
  const { status, headers, body } = refusalAnswer(client, error, id ?? requestId());
  return new Response(body, { status, headers });
}

function passInit(request: Request): RequestInit {
  const { method, headers, body, signal } = request;
  return { method, headers, body, signal, duplex: "half" } as RequestInit;
}

const BODILESS = new Set([204, 205, 304]);

/** Turns the call's answer into a Response whose body pulls as fast as it is read. */
class ResponseAnswer implements Answer {
  call: Call | null = null;
  readonly #runtime: Runtime;
  readonly #client: ClientDialect;
  readonly #resolve: (response: Response) => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(runtime: Runtime, client: ClientDialect, resolve: (response: Response) => void) {
    this.#runtime = runtime;
    this.#client = client;
    this.#resolve = resolve;
  }

  head(status: number, headers: Record<string, string | string[]>, report: CallReport): void {
    const kept = inboundHeaders(headers, report.shadow !== null);
    const list = toHeaders({ ...kept, ...this.#ownHeaders(report) });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.call?.resume(),
      cancel: () => this.call?.cancel(),
    });
    this.#resolve(new Response(BODILESS.has(status) ? null : body, { status, headers: list }));
  }

  data(chunk: Uint8Array): boolean {
    this.#controller?.enqueue(chunk);
    return (this.#controller?.desiredSize ?? 1) > 0;
  }

  end(): void {
    this.#controller?.close();
  }

  refuse(error: SluiceError, report: CallReport): void {
    const { status, headers, body } = refusalAnswer(this.#client, error, report.id);
    const list = toHeaders({ ...headers, ...this.#ownHeaders(report) });
    this.#resolve(new Response(body, { status, headers: list }));
  }

  broken(error: SluiceError): void {
    this.#controller?.error(error);
  }

  abort(reason: unknown): void {
    this.call?.cancel();
    try {
      this.#controller?.error(reason);
    } catch {
      // The stream had ended already.
    }
  }

  #ownHeaders(report: CallReport): Record<string, string> {
    const rates = bindingRateHeaders(this.#client, report, this.#runtime.clock.now());
    return { ...reportHeaders(report), ...rates };
  }
}

function toHeaders(headers: OutHeaders): Headers {
  const list = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of Array.isArray(value) ? value : [value]) list.append(name, one);
  }
  return list;
}
