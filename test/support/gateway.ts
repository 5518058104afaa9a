/** A gateway for a test: started from a configuration object, closed when the test ends. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../src/config/index.ts";
import { describeProblem, loadConfig } from "../../src/config/index.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway/gateway.ts";
import type { stateOf } from "../../src/gateway/state.ts";

export type ConfigObject = Readonly<Record<string, unknown>>;
export type GatewayState = ReturnType<typeof stateOf>;

/** Nothing is kept back, so that limits can be used to the last unit. */
export const EXACT = { margin: 0, holdback: 0 };

export interface TestGateway extends Gateway, AsyncDisposable {
  /** What `GET /admin/api/state` answers. */
  state(): Promise<GatewayState>;
  reload(config: ConfigObject): void;
}

/** Listens on a free port of loopback, whatever the configuration says. */
export async function startTestGateway(
  config: ConfigObject,
  options: Omit<GatewayOptions, "config"> = {},
): Promise<TestGateway> {
  const gateway = await startGateway({ config: configOf(config), ...options });
  return {
    ...gateway,
    state: async () => (await (await fetch(`${gateway.url}/admin/api/state`)).json()) as never,
    reload: (next) => gateway.reconfigure(configOf(next)),
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

/** A test that fails leaves requests behind; they must not hold up its end and hide the reason. */
const DRAIN = { drain: "1s" };

/** @throws Error listing every problem of the configuration. */
export function configOf(object: ConfigObject): Config {
  const { timeouts, ...others } = (object.server ?? {}) as { readonly timeouts?: object };
  // A folder that is not there: no test finds what another, or the developer, has kept.
  const data_dir = join(tmpdir(), `sluice-test-${randomUUID()}`);
  const server = {
    data_dir,
    ...others,
    timeouts: { ...DRAIN, ...timeouts },
    listen: "127.0.0.1:0",
  };
  const loaded = loadConfig({ object: { ...object, server }, env: {} });
  if (loaded.ok) return loaded.config;
  throw new Error(loaded.problems.map(describeProblem).join("\n"));
}

/** Waits for what must become true; fails with what it was instead. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  what: string | (() => unknown),
  withinMs = 10_000,
): Promise<void> {
  const endsAt = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > endsAt) {
      const found = typeof what === "string" ? what : JSON.stringify(what());
      throw new Error(`not within ${withinMs} ms: ${found}`);
    }
    await pause(5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until nothing runs, waits or is held in the house. */
export async function atRest({ runtime }: Pick<Gateway, "runtime">): Promise<void> {
  const isAtRest = () => {
    const { waiting, running, bytes } = runtime.load;
    return waiting === 0 && running === 0 && bytes === 0;
  };
  await until(isAtRest, () => runtime.load);
}

/** `POST`s JSON. */
export function post(
  url: string,
  body: unknown,
  init: RequestInit & { headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(url, {
    ...init,
    method: "POST",
    headers: { "content-type": "application/json", ...init.headers },
    body: JSON.stringify(body),
  });
}

/** The body of a chat completion. */
export function chat(fields: object = {}): ConfigObject {
  return { model: "gpt-5", messages: [{ role: "user", content: "Hello, you there" }], ...fields };
}

/** The body of an Anthropic message. */
export function message(fields: object = {}): ConfigObject {
  return { max_tokens: 50, ...chat({ model: "claude-sonnet-5" }), ...fields };
}

/** A meter in the state, by upstream, dimension and selector. */
export function meterIn(
  state: GatewayState,
  upstream: string,
  dimension: string,
  selector = "account",
) {
  const { meters } = state.upstreams[upstream];
  const found = meters.find(
    (meter) => meter.dimension === dimension && meter.selector === selector,
  );
  if (!found) throw new Error(`no ${dimension} of ${selector} in ${JSON.stringify(meters)}`);
  return found;
}

/** Its level. */
export function levelIn(...where: Parameters<typeof meterIn>): number {
  return meterIn(...where).level;
}
