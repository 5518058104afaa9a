/** Counting provider: a real server that counts in units of its own, on the virtual clock of the gateway before it. */
import type { ServerResponse } from "node:http";
import { MICROS_PER_MS } from "../../src/core/clock.ts";
import {
  type ConfigObject,
  EXACT,
  post,
  startTestGateway,
  type TestGateway,
  until,
} from "./gateway.ts";
import { TestClock } from "./gateway-clock.ts";
import { answerJson, startUpstream, type TestUpstream } from "./gateway-upstream.ts";

export interface CountedCall {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Milliseconds of the virtual clock. */
  readonly nowMs: number;
}

export interface CountedAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Record<string, string>;
}

/** What a provider counts: judged when a call arrives, settled when it is answered. */
export interface Counting {
  /** An answer: refused at once. Otherwise what is called when it has been served. */
  arrive(call: CountedCall): CountedAnswer | (() => CountedAnswer);
}

export interface CountingHouse extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly clock: TestClock;
  readonly upstream: TestUpstream;
  readonly nowMs: () => number;
  /** Sends a call to the upstream `it`; its status, 0: it broke off. */
  send(path: string, body: object): Promise<number>;
  /** Lets time pass, a step at a time, with everything that happens in it done before the next. */
  pass(ms: number, stepMs: number, each?: () => void): Promise<void>;
}

/** @param latencyMs of the virtual clock, which every call that is not refused takes */
export async function startCounting(
  counting: (nowMs: () => number) => Counting,
  upstreamConfig: ConfigObject,
  {
    latencyMs = 150,
    policy = EXACT,
    maxWait = "20s",
    retry = {},
    breaker = {},
  }: {
    readonly latencyMs?: number;
    readonly policy?: object;
    readonly maxWait?: string;
    readonly retry?: object;
    readonly breaker?: object;
  } = {},
): Promise<CountingHouse> {
  const clock = new TestClock();
  const nowMs = () => clock.now() / MICROS_PER_MS;
  const counter = counting(nowMs);
  let held = 0;
  const send = (response: ServerResponse, { status, body, headers }: CountedAnswer) =>
    answerJson(response, status, body, headers);
  const upstream = await startUpstream((response, { url, body }) => {
    const text = String(body);
    const call = { path: url, body: text === "" ? {} : JSON.parse(text), nowMs: nowMs() };
    const answer = counter.arrive(call);
    if (typeof answer !== "function") return send(response, answer);
    held++;
    clock.schedule(clock.now() + latencyMs * MICROS_PER_MS, () => {
      held--;
      send(response, answer());
    });
  });
  const gateway = await startTestGateway(
    {
      policy,
      retry,
      breaker,
      tiers: { only: { max_wait: maxWait } },
      defaults: { tier: "only" },
      upstreams: { it: { base_url: upstream.url, api_key: "k", ...upstreamConfig } },
    },
    { clock },
  );
  const pending = new Set<Promise<unknown>>();
  let arrived = 0;
  let sent = 0;
  const house: CountingHouse = {
    gateway,
    clock,
    upstream,
    nowMs,
    send: async (path, body) => {
      sent++;
      const answer = post(`${gateway.url}/it${path}`, body).then(
        ({ status }) => status,
        () => 0,
      );
      pending.add(answer);
      const status = await answer;
      arrived++;
      pending.delete(answer);
      return status;
    },
    async pass(ms, stepMs, each) {
      for (let passed = 0; passed < ms; passed += stepMs) {
        each?.();
        // All that was sent is in the house or over, and what was granted is at the provider.
        const isStill = () => {
          const { waiting, running } = gateway.runtime.load;
          return sent - arrived === waiting + running && running === held;
        };
        await until(isStill, () => ({ load: gateway.runtime.load, held, sent, arrived }));
        await clock.advance(stepMs);
        await until(isStill, () => ({ load: gateway.runtime.load, held, sent, arrived }));
      }
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await Promise.allSettled(pending);
      await upstream[Symbol.asyncDispose]();
    },
  };
  return house;
}
