/** Passage: takes `/v1/...` and `/{upstream}/...` requests upstream, scheduled. */
import type { IncomingMessage } from "node:http";
import type { JsonObject } from "../core/dialect.ts";
import { SluiceError } from "../core/errors.ts";
import type { RuntimeRequest } from "../runtime/plan/runtime-request.ts";
import { readClaims } from "../runtime/policy/task-claims.ts";
import { requireObject } from "../runtime/request/body.ts";
import { claimSources } from "../runtime/request/claim-sources.ts";
import { parseBody } from "../runtime/request/large/parse-body.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { plainPath } from "../runtime/upstream/readable-path.ts";
import { nameAt, routeModel, wireFormatOf } from "../runtime/upstream/routes.ts";
import type { Upstream } from "../runtime/upstream/upstream.ts";
import { HttpAnswer } from "./http-answer.ts";
import { IdentityCache } from "./identity-cache.ts";
import { Owners } from "./owners.ts";
import { hasBody, isJson, isMultipart, readBody } from "./read-body.ts";
import { type RequestContext, sendRefusal } from "./request-context.ts";

/** Routes whose body is always JSON and names a model. */
const MODEL_ROUTES = new Set([
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/embeddings",
  "/v1/messages",
]);

/** The same below an upstream: a false content type must not hide a model or its tokens. */
const MODEL_PATH = /\/(?:chat\/completions|completions|responses|embeddings|messages)\/?$/;

interface Body {
  readonly bytes: RuntimeRequest["bytes"];
  readonly json: JsonObject | null;
}

interface Destination {
  readonly upstream: Upstream;
  readonly path: string;
  readonly model: RuntimeRequest["model"];
  /** The client has named the upstream itself. */
  readonly isPinned: boolean;
}

export class Passage {
  readonly #runtime: Runtime;
  readonly #owners = new Owners();
  readonly #identities = new IdentityCache();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async handle(context: RequestContext): Promise<void> {
    const runtime = this.#runtime;
    try {
      const { config, directory } = runtime;
      const { trustHeaders } = config.server;
      const { socket } = context.message;
      const identity = this.#identities.identify(socket, context.headers, directory, trustHeaders);
      let body = await this.#readBody(context);
      const destination = this.#destinationOf(context, body.json);
      if (body.bytes === context.message && destination.upstream.signsBodies) {
        body = { bytes: await this.#readWhole(context), json: null };
      }
      const plan = runtime.plan({
        method: context.method,
        upstream: destination.upstream,
        path: destination.path + context.query,
        headers: context.headers,
        bytes: body.bytes,
        body: body.json,
        ...identity,
        claims: readClaims(claimSources(context.headers, body.json)),
        model: destination.model,
        isPinned: destination.isPinned,
        arrivedAt: context.arrivedAt,
      });
      const answer = new HttpAnswer(context, runtime, this.#idReader(context, destination));
      if (context.response.destroyed) return;
      answer.attach(runtime.start(plan, answer));
    } catch (error) {
      sendRefusal(context, error);
    }
  }

  async #readBody({ message, path }: RequestContext): Promise<Body> {
    if (!hasBody(message)) return { bytes: null, json: null };
    const isParsed = MODEL_ROUTES.has(path) || isJson(message) || hidesJson(message, path);
    if (!isParsed) return { bytes: message, json: null };
    const bytes = await this.#readWhole({ message });
    const json = await parseBody(bytes);
    return { bytes, json: MODEL_ROUTES.has(path) ? requireObject(json) : json };
  }

  #readWhole({ message }: Pick<RequestContext, "message">): ReturnType<typeof readBody> {
    const { bodyMaxBytes, timeouts } = this.#runtime.config.server;
    return readBody(message, { maxBytes: bodyMaxBytes, timeoutMs: timeouts.bodyMs });
  }

  #destinationOf(context: RequestContext, body: JsonObject | null): Destination {
    const { path } = context;
    const asked = typeof body?.model === "string" ? body.model : null;
    if (!path.startsWith("/v1/")) return this.#passThrough(path, asked);
    const { config, upstreams } = this.#runtime;
    const format = MODEL_ROUTES.has(path) ? wireFormatOf(path) : context.client;
    const isTranslated = path === "/v1/chat/completions" || path === "/v1/messages";
    const route = routeModel(asked, format, config, upstreams, isTranslated);
    const owner = this.#owners.ownerOf(path, body);
    const upstream = (owner === null ? undefined : upstreams.get(owner)) ?? route.upstream;
    const sent = upstream === route.upstream ? route.model : asked;
    return { upstream, path, model: modelOf(asked, sent), isPinned: upstream !== route.upstream };
  }

  /** `/{upstream}/rest`; an alias of that very upstream is renamed here too. */
  #passThrough(path: string, asked: string | null): Destination {
    const [, name, rest] = /^\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const upstream = name === undefined ? undefined : this.#runtime.upstreams.get(name);
    if (upstream === undefined) {
      throw new SluiceError(
        "not_found",
        `nothing is served at ${JSON.stringify(path.slice(0, 200))}`,
      );
    }
    const sent = nameAt(upstream, asked, this.#runtime.config);
    return { upstream, path: rest ?? "", model: modelOf(asked, sent), isPinned: true };
  }

  #idReader({ method, path }: RequestContext, { upstream }: Destination) {
    if (!this.#owners.creates(method, path)) return null;
    return (bytes: Uint8Array) => this.#owners.remember(bytes, upstream.name);
  }
}

function hidesJson(message: IncomingMessage, path: string): boolean {
  return MODEL_PATH.test(plainPath(path)) && !isMultipart(message);
}

function modelOf(asked: string | null, sent: string | null): RuntimeRequest["model"] {
  return asked === null || sent === null ? null : { asked, sent };
}
