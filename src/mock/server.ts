/** Server: the mock's life, from listening to closing, and the orders it takes on the way. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CONTROL_PATH, control } from "./http/control.ts";
import { Exchange } from "./http/exchange.ts";
import type { MockControls, MockServer } from "./mock-server.ts";
import { type MockOptions, resolveOptions } from "./options.ts";
import { checkAccountLimits, createState, type MockState, resetState } from "./state.ts";
import { handle } from "./visit/handle.ts";
import { fail, type Visit } from "./visit/visit.ts";

/** Longer than clients keep idle connections: the client closes first, so no request meets a closing one. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Starts a provider that speaks the API of one of {@link DIALECT_NAMES} and really limits as it does:
 * `docs/mock.md` says how each counts, and what it starts with where no limits are given.
 *
 * A token is four characters, rounded up, of the request's text: `content` of messages (strings and text parts), `system`, `instructions`, `input`,
 * arguments and results of tool calls, and the JSON of `tools`; images count nothing. For example:
 * - OpenAI charges one request and the larger of that estimate and `max_tokens` (or
 *   `max_completion_tokens`, `max_output_tokens`) at admission and gives nothing back; a call that
 *   fails or is refused costs a request where there is one to take.
 * - Anthropic charges one request and the input at admission, less at the end what came from the prompt
 *   cache, and output as it is produced, below zero if need be; a call that fails or is refused costs nothing.
 *
 * A request can order for itself, by header or in the body's `metadata`: `x-mock-output-tokens`
 * (`mock_output_tokens`), `x-mock-first-token-ms`, `x-mock-cached-tokens`, and `x-mock-fault` (a fault's
 * kind, or `kind:number`). Models whose name contains "missing" do not exist. A tool is called when one
 * is required, or when the last message is the user's and contains the word "tool".
 *
 * @throws Error when an option is wrong (naming it, its value and what is allowed) or the port is taken.
 * @example
 * ```ts
 * await using mock = await startMock({ dialect: "openai", limits: { rpm: 60 }, latency: INSTANT });
 * const openai = new OpenAI({ baseURL: `${mock.url}/v1`, apiKey: "any" });
 * mock.addFault({ kind: "overload", count: 1 }); // the SDK tries again by itself
 * const messages = [{ role: "user" as const, content: "Hello" }];
 * await openai.chat.completions.create({ model: "gpt-5", messages });
 * mock.stats().charged.rpm; // 2: OpenAI counts failed calls, too
 * ```
 */
export async function startMock(options: MockOptions): Promise<MockServer> {
  const state = createState(resolveOptions(options), performance.now());
  const controls = createControls(state);
  const server = createServer((request, response) => {
    void receive(state, controls, request, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const { host, port } = state.options;
  const url = urlOf(host, await listen(server, port, host));
  return {
    url,
    port: Number(new URL(url).port),
    controlUrl: url + CONTROL_PATH,
    ...controls,
    close: () => close(server),
    [Symbol.asyncDispose]: () => close(server),
  };
}

function createControls(state: MockState): MockControls {
  const { account, faults, recorder, dialect } = state;
  return {
    stats() {
      const now = performance.now();
      return recorder.read(account.refill(now), now);
    },
    levels: () => account.levels(performance.now()),
    requests: () => recorder.requests(),
    setLimits({ models = {}, ...limits }) {
      checkAccountLimits({ limits, models }, dialect);
      account.change({ ...limits, models }, performance.now());
    },
    addFault: (fault) => faults.add(fault, performance.now()),
    listFaults: () => faults.list(),
    clearFaults: () => faults.clear(),
    reset: () => resetState(state, performance.now()),
  };
}

async function receive(
  state: MockState,
  controls: MockControls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = new Exchange(request, response);
  const [path, search = ""] = (request.url ?? "/").split(/\?(.*)/s, 2);
  if (path === CONTROL_PATH || path.startsWith(`${CONTROL_PATH}/`)) {
    return control(exchange, path.slice(CONTROL_PATH.length), controls);
  }
  const method = request.method ?? "GET";
  const query = new URLSearchParams(search);
  const route = state.dialect.route({ method, path, query });
  const startedAt = performance.now();
  const name = route.kind === "unknown-path" ? "(unknown)" : route.path;
  const received = state.recorder.arrived(
    name,
    { method, path, headers: request.headers },
    startedAt,
  );
  exchange.onEnd((ending) => {
    received.status = exchange.status;
    state.recorder.ended(ending, exchange.status);
  });
  const visit: Visit = { state, exchange, received, id: state.nextId(), startedAt, query };
  await handle(visit, route)
    .catch(() => collapse(visit))
    .catch(() => exchange.reset());
}

/** A defect of the mock, or a request built to break it, must end only this request. */
function collapse(visit: Visit): void {
  if (visit.exchange.hasBegun) visit.exchange.cut();
  else fail(visit, { kind: "status", status: 500 }, "nothing");
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
