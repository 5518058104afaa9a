/** Fault hour: an hour of everything that can go wrong, in virtual time; afterwards the books are right to the token. */
import { expect, test } from "vitest";
import { MICRO_UNITS } from "../../src/core/meter/meter.ts";
import { keyHash } from "../../src/runtime/policy/tenant-directory.ts";
import { FaultyTransport, ORIGINS } from "../support/faults/faulty-transport.ts";
import { Outcomes } from "../support/faults/outcomes.ts";
import {
  type ConfigObject,
  chat,
  EXACT,
  message,
  post,
  startTestGateway,
  type TestGateway,
} from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";
import { pick, seeded } from "../support/gateway-random.ts";

const SEED = Number(process.env.SEED ?? 1);
/** Virtual; `FAULT_HOURS=10` takes ten of them with other luck each. */
const HOURS = Number(process.env.FAULT_HOURS ?? 1);
/** Requests a virtual second, on average; the upstreams serve fewer when they are well, so some wait. */
const RATE = 0.6;
const STEP_MS = 1_000;
const LOAD_MS = 57 * 60_000;
const END_MS = 75 * 60_000;
/** An estimate of the input where the provider never told what it took. */
const MOST_UNKNOWN_TOKENS = 120;

const TENANTS = ["gold", "silver", "tin"];
const SLOTS = [5, 6, 8, 12];

function configWith(slots: number): ConfigObject {
  const limits = (tokens: object) => [
    { rpm: 30, ...tokens, max_parallel_requests: slots },
    { model: "small-*", each: true, rpm: 30 },
  ];
  const tenant = (name: string) => ({
    tier: name === "tin" ? "low" : "high",
    keys: [keyHash(`sk-${name}`)],
    ...(name === "silver" ? { max_parallel_requests: 3 } : {}),
  });
  return {
    server: { timeouts: { first_byte: "20s" } },
    policy: { ...EXACT, queue: { max_waiting: 60, max_bytes: "200KiB" } },
    retry: { base: "500ms" },
    tiers: { high: { max_wait: "60s" }, low: { max_wait: "30s", guarantee: 0.1 } },
    tenants: Object.fromEntries(TENANTS.map((name) => [name, tenant(name)])),
    upstreams: {
      first: {
        dialect: "anthropic",
        base_url: ORIGINS.first,
        api_key: "k",
        limits: limits({ itpm: 4_000, otpm: 8_000 }),
      },
      second: {
        dialect: "openai",
        base_url: `${ORIGINS.second}/v1`,
        api_key: "k",
        limits: limits({ tpm: 6_000 }),
      },
    },
    models: {
      smart: [
        { upstream: "first", model: "large-1", quality: 0.9 },
        { upstream: "second", model: "large-2", quality: 0.9 },
        { upstream: "first", model: "small-1", quality: 0.5 },
      ],
    },
  };
}

class Hour {
  readonly outcomes = new Outcomes();
  readonly statuses: Record<string, number> = {};
  readonly #gateway: TestGateway;
  readonly #clock: TestClock;
  readonly #random: () => number;
  readonly #pending = new Set<Promise<void>>();
  readonly #aborts = new Map<Promise<void>, AbortController>();
  #answered = 0;

  constructor(gateway: TestGateway, clock: TestClock, random: () => number) {
    this.#gateway = gateway;
    this.#clock = clock;
    this.#random = random;
    this.outcomes.listenTo(gateway.runtime);
  }

  async run(): Promise<void> {
    for (let at = 0; at < END_MS && (at < LOAD_MS || this.#pending.size > 0); at += STEP_MS) {
      if (at < LOAD_MS) await this.#act();
      await this.#clock.advance(STEP_MS);
      this.#checkLevels();
    }
    await this.#until(
      () => this.#pending.size === 0,
      () =>
        JSON.stringify([
          this.#pending.size,
          this.outcomes,
          this.#gateway.runtime.load,
          this.statuses,
        ]),
    );
  }

  async #act(): Promise<void> {
    const random = this.#random;
    for (let due = RATE * 2 * random(); random() < due; due--) await this.#send();
    if (random() < 0.03) await this.#leave();
    if (random() < 0.003) this.#gateway.reload(configWith(pick(random, SLOTS)));
  }

  /** Returns once the gateway has it, so that virtual time passes for it from there on. */
  async #send(): Promise<void> {
    const random = this.#random;
    const { started } = this.outcomes;
    let isAnswered = false;
    const abort = new AbortController();
    const sent = this.#ask(abort.signal).then((status) => {
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
      this.#answered++;
      isAnswered = true;
      this.#pending.delete(sent);
      this.#aborts.delete(sent);
    });
    this.#pending.add(sent);
    if (random() < 0.3) this.#aborts.set(sent, abort);
    const isThere = () => this.outcomes.started > started || isAnswered;
    await this.#until(isThere, "the gateway has a request");
  }

  async #ask(signal: AbortSignal): Promise<string> {
    const random = this.#random;
    const headers: Record<string, string> = { "x-sluice-key": `sk-${pick(random, TENANTS)}` };
    if (random() < 0.6) {
      const lists = ["smaller-model", "cached,smaller-model", "degrade", "queue,degrade", "none"];
      headers["x-sluice-fallback"] = pick(random, lists);
    }
    if (random() < 0.3) headers["x-sluice-latency"] = pick(random, ["real-time", "batch"]);
    if (random() < 0.2) headers["x-sluice-max-wait-ms"] = String(Math.floor(random() * 20_000));
    const isAnthropic = random() < 0.5;
    const fields = {
      model: pick(random, ["smart", "smart", "smart", "first/large-1", "second/large-2"]),
      max_tokens: 100 + Math.floor(random() * 100),
      stream: random() < 0.5,
      messages: [{ role: "user", content: `Please write ${Math.floor(random() * 200)} words` }],
    };
    const direct = fields.model.startsWith("first") ? "anthropic" : "openai";
    const speaks = fields.model === "smart" ? isAnthropic : direct === "anthropic";
    const path = speaks ? "/v1/messages" : "/v1/chat/completions";
    const body = speaks ? message(fields) : chat(fields);
    try {
      const answer = await post(this.#gateway.url + path, body, { headers, signal });
      await answer.text();
      const fallback = answer.headers.get("x-sluice-fallback") ?? "none";
      return fallback === "none" ? String(answer.status) : fallback;
    } catch {
      return signal.aborted ? "left" : "broken";
    }
  }

  /** One of the clients that are out there, wherever its request is. */
  async #leave(): Promise<void> {
    // One that reads the end of its answer has nothing to leave any more.
    await this.#until(() => this.#answered >= this.outcomes.ended, "all answers are read");
    const [[sent, abort] = []] = this.#aborts;
    if (sent === undefined || abort === undefined) return;
    const { ended } = this.outcomes;
    abort.abort();
    await sent;
    await this.#until(() => this.outcomes.ended > ended, "the gateway has seen it leave");
  }

  #checkLevels(): void {
    const now = this.#clock.now();
    for (const { shared } of this.#gateway.runtime.upstreams.values()) {
      for (const meter of shared.meters) {
        const { level, limit } = meter.read(now);
        if (level > limit) throw new Error(`${meter.label.dimension}: ${level} of ${limit}`);
      }
    }
  }

  /** Sockets take real time, virtual time stands still meanwhile. */
  async #until(isTrue: () => boolean, what: string | (() => string)): Promise<void> {
    const endsAt = performance.now() + 10_000;
    while (!isTrue()) {
      if (performance.now() > endsAt)
        throw new Error(`not true in 10 s: ${typeof what === "string" ? what : what()}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function chargedBy({ runtime }: TestGateway, upstream: string, dimension: string): number {
  const meters = runtime.upstreams.get(upstream)?.shared.meters ?? [];
  const meter = meters.find(
    ({ label }) => label.dimension === dimension && label.selector === "account",
  );
  return (meter?.charged ?? Number.NaN) / MICRO_UNITS;
}

const seeds = Array.from({ length: HOURS }, (_, i) => SEED + i);

test.each(seeds)(
  "seed %d",
  async (seed) => {
    const random = seeded(seed);
    const clock = new TestClock();
    const transport = new FaultyTransport(clock, seeded(seed + 1_000_000));
    const gateway = await startTestGateway(configWith(6), { clock, transport, random });
    const hour = new Hour(gateway, clock, random);
    await hour.run();

    const { outcomes } = hour;
    expect(outcomes.complaints).toEqual([]);
    expect(outcomes.ended).toBe(outcomes.started);
    expect(outcomes.counts.end).toBeGreaterThan(500);
    expect(Math.min(...Object.values(outcomes.counts))).toBeGreaterThan(5);
    expect(Object.keys(transport.faults)).toHaveLength(13);
    expect(transport.open).toBe(0);
    expect(gateway.runtime.load).toEqual({ waiting: 0, running: 0, bytes: 0 });
    for (const { shared } of gateway.runtime.upstreams.values()) {
      for (const meter of shared.meters) {
        const { level, limit } = meter.read(clock.now());
        if (meter.label.dimension === "concurrency") expect(level).toBe(limit);
      }
    }
    const { first, second } = transport.counts;
    expect(chargedBy(gateway, "first", "requests")).toBe(first.requests);
    expect(chargedBy(gateway, "second", "requests")).toBe(second.requests);
    expect(chargedBy(gateway, "second", "tokens")).toBe(second.tokens);
    expect(chargedBy(gateway, "first", "output_tokens")).toBe(first.outputTokens);
    const inputExcess = chargedBy(gateway, "first", "input_tokens") - first.inputTokens;
    expect(inputExcess).toBeGreaterThanOrEqual(0);
    expect(inputExcess).toBeLessThanOrEqual(first.unknown * MOST_UNKNOWN_TOKENS);
    await gateway.close();
  },
  120_000,
);
