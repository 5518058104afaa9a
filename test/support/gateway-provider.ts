/** A provider that fails on demand, and a gateway before it that tries again quickly. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Fault, INSTANT, type MockServer, startMock } from "../../src/mock/index.ts";
import { type ConfigObject, chat, EXACT, message, post, startTestGateway } from "./gateway.ts";
import { type Handler, startUpstream } from "./gateway-upstream.ts";

export type DialectName = "openai" | "anthropic";
const PATHS = { openai: "/v1/chat/completions", anthropic: "/v1/messages" };
const BODIES = { openai: chat, anthropic: message };

/** A provider with its faults, a gateway before it that tries again quickly. */
export async function startProvider(
  dialect: DialectName,
  faults: readonly Fault[] = [],
  limits: readonly object[] = [{ rpm: 6_000 }],
  more: ConfigObject = {},
) {
  const mock = await startMock({ dialect, faults, latency: INSTANT });
  const base_url = dialect === "openai" ? `${mock.url}/v1` : mock.url;
  const gateway = await startTestGateway({
    policy: EXACT,
    retry: { base: "5ms" },
    upstreams: { it: { dialect, base_url, api_key: "k", limits } },
    ...more,
  });
  return {
    ...gateway,
    mock,
    send: (body: object = {}, headers: Record<string, string> = {}) =>
      post(gateway.url + PATHS[dialect], BODIES[dialect](body), { headers }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await mock.close();
    },
  };
}

/** A gateway before one generic upstream. */
export async function startPlain(handler: Handler, upstreamConfig: object = {}) {
  const upstream = await startUpstream(handler);
  const plain = { dialect: "generic", base_url: upstream.url, ...upstreamConfig };
  const gateway = await startTestGateway({ retry: { base: "5ms" }, upstreams: { plain } });
  return {
    ...gateway,
    received: upstream.received,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

export const attemptsOf = (answer: Response) => Number(answer.headers.get("x-sluice-attempts"));
export const callsOf = ({ mock }: { readonly mock: MockServer }) => mock.stats().requests;

export async function codeOf(answer: Response): Promise<string | undefined> {
  const { error } = (await answer.json()) as { error?: { code: string } };
  return error?.code;
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
