/** Token provider: an API whose tokens run out, and the endpoint that gives new ones. */
import {
  answerJson,
  type Handler,
  type Received,
  startUpstream,
  type TestUpstream,
} from "./gateway-upstream.ts";

export interface TokenProvider extends AsyncDisposable {
  readonly url: string;
  /** What the token endpoint was asked, in order. */
  readonly asked: readonly { readonly form: URLSearchParams; readonly received: Received }[];
  /** Calls of the API that were served, and that were refused for their token. */
  readonly served: readonly Received[];
  readonly refused: readonly Received[];
  /** The tokens that are good now are so no longer. */
  expire(): void;
  /** Instead of a token; null: a token again. */
  failWith(answer: Handler | null): void;
}

export interface TokenProviderOptions {
  /** Added to `{ access_token, token_type }`, by the number of the token. */
  readonly fields?: (number: number) => object;
  /** How a call with a token that has run out is answered. */
  readonly refuse?: Handler;
  /** Instead of `{}`. */
  readonly serve?: Handler;
}

const UNAUTHORIZED: Handler = (response) =>
  answerJson(response, 401, { error: { message: "the token has expired" } });
const EMPTY: Handler = (response) => answerJson(response, 200, {});

/** `POST /token` is the endpoint, all else the API. The token number `n` is `token-n`. */
export async function startTokenProvider(
  options: TokenProviderOptions = {},
): Promise<TokenProvider> {
  const { fields = () => ({}), refuse = UNAUTHORIZED, serve = EMPTY } = options;
  const asked: { form: URLSearchParams; received: Received }[] = [];
  const served: Received[] = [];
  const refused: Received[] = [];
  let number = 0;
  const good = new Set<string>();
  let failure: Handler | null = null;
  const giveToken: Handler = (response, received, message) => {
    asked.push({ form: new URLSearchParams(received.body.toString()), received });
    if (failure !== null) return failure(response, received, message);
    number++;
    const token = `token-${number}`;
    good.add(`Bearer ${token}`);
    const answer = { access_token: token, token_type: "Bearer", ...fields(number) };
    answerJson(response, 200, answer);
  };
  const upstream: TestUpstream = await startUpstream(async (response, received, message) => {
    if (received.url === "/token") return giveToken(response, received, message);
    const isGood = good.has(received.headers.authorization ?? "");
    (isGood ? served : refused).push(received);
    await (isGood ? serve : refuse)(response, received, message);
  });
  return {
    url: upstream.url,
    asked,
    served,
    refused,
    expire: () => good.clear(),
    failWith: (answer) => {
      failure = answer;
    },
    [Symbol.asyncDispose]: upstream[Symbol.asyncDispose],
  };
}
