/** Scripted provider: answers as a test says, when the test says, to a gateway on a virtual clock. */
import type { ServerResponse } from "node:http";
import {
  type ConfigObject,
  chat,
  EXACT,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "./gateway.ts";
import { TestClock } from "./gateway-clock.ts";
import { answerJson, startUpstream, type TestUpstream } from "./gateway-upstream.ts";

export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

export const OK: Answer = { status: 200, body: {} };

/** As OpenAI words it. */
export function refusal(words: string, headers: Record<string, string> = {}): Answer {
  const error = { message: `Rate limit reached for gpt-5 ${words}`, code: "rate_limit_exceeded" };
  return { status: 429, body: { error }, headers };
}

export interface Script extends AsyncDisposable {
  readonly upstream: TestUpstream;
  /** Requests that are at the provider now, in the order of their arrival. */
  readonly held: readonly { readonly path: string; readonly model: string | undefined }[];
  /** Answers what is held from now on; null: keeps it. */
  next: Answer | null;
  /** Answers the oldest that are held. */
  answer(answer: Answer, count?: number): void;
}

/** A provider that answers as the test says, when the test says. */
export async function startScript(next: Answer | null = OK): Promise<Script> {
  const held: { path: string; model: string | undefined; response: ServerResponse }[] = [];
  const send = (response: ServerResponse, { status, body, headers }: Answer) =>
    answerJson(response, status, body, headers);
  const upstream = await startUpstream((response, { url, body }) => {
    if (script.next !== null) return send(response, script.next);
    const { model } = body.length === 0 ? { model: undefined } : JSON.parse(String(body));
    held.push({ path: url, model, response });
  });
  const script: Script = {
    upstream,
    held,
    next,
    answer: (answer, count = held.length) => {
      for (const { response } of held.splice(0, count)) send(response, answer);
    },
    [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
  };
  return script;
}

export interface House extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly clock: TestClock;
  readonly provider: Script;
  /** A chat of a model at the upstream `it`. */
  send(model?: string, headers?: Record<string, string>): Promise<Response>;
}

export async function startHouse(limits: readonly object[] | undefined, more: ConfigObject = {}) {
  const provider = await startScript();
  const clock = new TestClock();
  const { upstream = {}, policy = EXACT, ...others } = more;
  const it = { dialect: "openai", base_url: provider.upstream.url, api_key: "k", limits };
  const config = {
    policy,
    tiers: { only: { max_wait: "60s" } },
    defaults: { tier: "only" },
    upstreams: { it: { ...it, ...(upstream as object) } },
    ...others,
  };
  const gateway = await startTestGateway(config, { clock });
  const house: House = {
    gateway,
    clock,
    provider,
    send: (model = "gpt-5", headers = {}) =>
      post(`${gateway.url}/it/chat/completions`, chat({ model, max_tokens: 50 }), { headers }),
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await provider[Symbol.asyncDispose]();
    },
  };
  return house;
}

export const waiting = ({ gateway }: House) => gateway.runtime.load.waiting;

/** Sends what will wait, and returns once it does. */
export async function queue(
  house: House,
  ...calls: (() => Promise<Response>)[]
): Promise<Promise<Response>[]> {
  const before = waiting(house);
  const all = calls.map((call) => call());
  await until(
    () => waiting(house) === before + calls.length,
    () => `${waiting(house)} wait`,
  );
  return all;
}

export async function statusesOf(all: readonly Promise<Response>[]): Promise<number[]> {
  return (await Promise.all(all)).map(({ status }) => status);
}
