/** A gateway and the one upstream behind it, whose answers a test changes as it goes. */
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { answerJson, type Handler, startUpstream, type TestUpstream } from "./gateway-upstream.ts";

export const KIB = 1_024;
export const MIB = 1_024 * KIB;
/** Of the gateway, so that tests need not send much. */
export const BODY_MAX = 1 * MIB;

export interface Pair extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly upstream: TestUpstream;
  /** How the upstream answers from now on. */
  answer: Handler;
}

export const answerEmpty: Handler = (response) => answerJson(response, 200, {});

/** `/based/` is an OpenAI upstream below a path, `/bare/` a generic one at its host's root. */
export async function startPair(): Promise<Pair> {
  const upstream = await startUpstream((response, received, message) =>
    pair.answer(response, received, message),
  );
  const gateway = await startTestGateway({
    server: { body_max: BODY_MAX, header_max: "16KiB", timeouts: { body: "300ms" } },
    upstreams: {
      based: { dialect: "openai", base_url: `${upstream.url}/base/v1`, api_key: "k" },
      bare: { dialect: "generic", base_url: upstream.url },
    },
  });
  const pair: Pair = {
    gateway,
    upstream,
    answer: answerEmpty,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await upstream[Symbol.asyncDispose]();
    },
  };
  return pair;
}
