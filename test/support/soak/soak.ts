/** Soak: very many attacks on one gateway, several at a time; in the end it must be as it was. */
import { pause } from "../gateway.ts";
import type { Attack } from "./attack.ts";
import { chooseAttack } from "./choose-attack.ts";
import { startEchoUpstream, TENANT_KEY } from "./echo-upstream.ts";
import {
  type GatewayProcess,
  type Memory,
  startGatewayProcess,
  TENANTS,
} from "./gateway-process.ts";
import { runAttack } from "./run-attack.ts";

export interface SoakOptions {
  readonly attacks: number;
  /** Of the first; the others follow it. */
  readonly seed: number;
  readonly atOnce?: number;
  /** Called now and then with the number of attacks that are over. */
  readonly onProgress?: (done: number) => void;
}

export interface KindFigures {
  attacks: number;
  requests: number;
  /** By status; `none`: no answer. */
  readonly answers: Record<string, number>;
  slowestMs: number;
}

export interface SoakResult {
  readonly kinds: Readonly<Record<string, KindFigures>>;
  readonly failures: readonly string[];
  readonly failed: number;
  readonly reachedUpstream: number;
  readonly memory: { readonly warm: Memory; readonly end: Memory };
}

const MOST_FAILURES_KEPT = 20;
const MOST_SHOWN = 1_500;
/** By then code is compiled and what is kept up to a bound has mostly reached it. */
const WARM_SHARE = 0.25;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const run = new Soak(options);
  return await run.run();
}

class Soak {
  readonly #options: SoakOptions;
  readonly #kinds: Record<string, KindFigures> = {};
  readonly #failures: string[] = [];
  #failed = 0;
  #next = 0;
  #done = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
  }

  async run(): Promise<SoakResult> {
    const { attacks } = this.#options;
    await using upstream = await startEchoUpstream((what) => this.#fail(what));
    await using gateway = await startGatewayProcess(upstream.url);
    const warmUp = Math.ceil(attacks * WARM_SHARE);
    await this.#attack(gateway, upstream.trap, warmUp);
    await this.#checkRest(gateway);
    const warm = await gateway.memory();
    await this.#attack(gateway, upstream.trap, attacks);
    await this.#checkRest(gateway);
    const end = await gateway.memory();
    if (TENANT_KEY.test(gateway.words)) this.#fail("the gateway has written a tenant's key");
    if (gateway.words.includes("at file://"))
      this.#fail(`it wrote ${gateway.words.slice(0, 2_000)}`);
    return {
      kinds: this.#kinds,
      failures: this.#failures,
      failed: this.#failed,
      reachedUpstream: upstream.received,
      memory: { warm, end },
    };
  }

  async #attack(gateway: GatewayProcess, trap: string, until: number): Promise<void> {
    const { seed, atOnce = 64, onProgress } = this.#options;
    const worker = async () => {
      while (this.#next < until && gateway.end === null) {
        await this.#one(gateway, trap, seed + this.#next++);
        onProgress?.(++this.#done);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    if (gateway.end !== null) this.#fail(`the gateway has ended: ${gateway.end}\n${gateway.words}`);
  }

  async #one(gateway: GatewayProcess, trap: string, seed: number): Promise<void> {
    const attack = chooseAttack(seed, { tenants: TENANTS, trap });
    const { statuses, wrong, text, tookMs } = await runAttack(gateway.url, attack);
    this.#kinds[attack.kind] ??= { attacks: 0, requests: 0, answers: {}, slowestMs: 0 };
    const figures = this.#kinds[attack.kind];
    figures.attacks++;
    figures.requests += attack.methods.length;
    figures.slowestMs = Math.max(figures.slowestMs, tookMs);
    for (const status of statuses.length > 0 ? statuses : ["none"]) {
      figures.answers[status] = (figures.answers[status] ?? 0) + 1;
    }
    if (wrong !== null) this.#fail(`seed ${seed}, ${attack.kind}: ${wrong}${shown(attack, text)}`);
  }

  /** Nothing runs, waits or is held any more, and it is as healthy as ever. */
  async #checkRest({ url, end }: GatewayProcess): Promise<void> {
    if (end !== null) return;
    const health = await fetch(`${url}/health/ready`);
    if (health.status !== 200) this.#fail(`health is ${health.status}`);
    await health.arrayBuffer();
    const endsAt = performance.now() + 10_000;
    let held = await heldAt(url);
    while (held !== null && performance.now() < endsAt) {
      await pause(50);
      held = await heldAt(url);
    }
    if (held !== null) this.#fail(`still held: ${held}`);
  }

  #fail(what: string): void {
    if (this.#failed++ < MOST_FAILURES_KEPT) this.#failures.push(what);
  }
}

/** Null: nothing. */
async function heldAt(url: string): Promise<string | null> {
  const state = (await (await fetch(`${url}/admin/api/state`)).json()) as {
    queue: { waiting: number; bytes: number };
    tenants: Record<string, { waiting: number; running: number }>;
    upstreams: Record<string, { meters: { dimension: string; reserved: number }[] }>;
  };
  const { waiting, bytes } = state.queue;
  const busy = Object.entries(state.tenants).filter(([, one]) => one.waiting + one.running > 0);
  const taken = Object.entries(state.upstreams).filter(([, { meters }]) =>
    meters.some(({ dimension, reserved }) => dimension === "concurrency" && reserved !== 0),
  );
  const isEmpty = waiting === 0 && bytes === 0 && busy.length === 0 && taken.length === 0;
  return isEmpty ? null : JSON.stringify({ waiting, bytes, busy, taken }).slice(0, 1_000);
}

/** What was sent, so that it can be sent again by hand, and what came. */
function shown({ steps }: Attack, text: string): string {
  const sent = steps.map((step) => (step.kind === "send" ? step.bytes : `<${step.kind}>`)).join("");
  const escaped = (bytes: string) => JSON.stringify(bytes.slice(0, MOST_SHOWN));
  return `\n  sent ${escaped(sent)}\n  came ${escaped(text)}`;
}
