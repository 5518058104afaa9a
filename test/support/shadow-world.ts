/** Shadow world: a library in shadow mode (or in charge) on a virtual clock, and a provider without sockets. */
import { expect } from "vitest";
import { type CancelTimer, MICROS_PER_MS } from "../../src/core/clock.ts";
import type { ShadowEvent } from "../../src/runtime/shadow/shadow-mode.ts";
import { createSluice, type Sluice } from "../../src/runtime/sluice.ts";
import { until } from "./gateway.ts";
import { TestClock } from "./gateway-clock.ts";

export const URL = "http://it.test/chat/completions";
export const MINUTE_MS = 60_000;

/** Knows how many timers are set and have neither fired nor been cancelled. */
class CountingClock extends TestClock {
  pending = 0;

  override schedule(at: number, fire: () => void): CancelTimer {
    this.pending++;
    let isOver = false;
    const end = () => {
      if (!isOver) this.pending--;
      isOver = true;
    };
    const cancel = super.schedule(at, () => {
      end();
      fire();
    });
    return () => {
      end();
      cancel();
    };
  }
}

export interface Service {
  /** @default 0 */
  readonly afterMs?: number;
  /** @default an empty 200 */
  readonly response?: () => Response;
}

export interface WorldOptions {
  /** @default true */
  readonly shadow?: boolean;
  readonly limits?: readonly object[];
  readonly tenants?: object;
  /** How the provider answers the i-th call. @default 200 at once */
  readonly respond?: (i: number) => Service;
}

export interface World {
  readonly clock: CountingClock;
  readonly sluice: Sluice;
  readonly events: readonly ShadowEvent[];
  /** Arrivals at the provider, milliseconds since the start. */
  readonly sentAt: readonly number[];
  /** Milliseconds since the start. */
  nowMs(): number;
  call(options?: { readonly tokens?: number; readonly headers?: object }): Promise<Response>;
}

export async function startShadow(options: WorldOptions = {}): Promise<World> {
  const { shadow = true, limits, tenants = {}, respond = (): Service => ({}) } = options;
  const clock = new CountingClock();
  const startedAt = clock.now();
  const nowMs = () => (clock.now() - startedAt) / MICROS_PER_MS;
  const sentAt: number[] = [];
  const sluice = await createSluice({
    clock,
    config: {
      policy: { margin: 0, holdback: 0, shadow },
      tiers: { gold: { max_wait: "20s" }, tin: { max_wait: "6s", guarantee: 0.1 } },
      defaults: { tier: "tin" },
      tenants,
      upstreams: { it: { dialect: "openai", base_url: "http://it.test", api_key: "k", limits } },
    },
    fetch: async () => {
      const { afterMs = 0, response = () => Response.json({}) } = respond(sentAt.push(nowMs()) - 1);
      if (afterMs > 0) await after(clock, afterMs);
      return response();
    },
  });
  const events: ShadowEvent[] = [];
  sluice.on("shadow", (event) => events.push(event));
  const call: World["call"] = async ({ tokens = 10, headers = {} } = {}) => {
    const body = JSON.stringify({ model: "m", messages: [], max_tokens: tokens });
    const all = { "content-type": "application/json", ...headers };
    const answer = await sluice.fetch(URL, { method: "POST", headers: all, body });
    // Whoever does not read holds the call.
    const text = await answer.text();
    return new Response(text, { status: answer.status, headers: answer.headers });
  };
  return { clock, sluice, events, sentAt, nowMs, call };
}

/** A call takes turns of the event loop to leave; the clock must not go on meanwhile. */
export function allSent({ sentAt }: World, count: number): Promise<void> {
  return until(() => sentAt.length === count, "all are sent");
}

export function after(clock: TestClock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(clock.now() + ms * MICROS_PER_MS, resolve);
  });
}

export const accountsOf = ({ sluice }: World) => {
  const upstream = sluice.runtime.upstreams.get("it");
  if (upstream === undefined) throw new Error("no upstream");
  return { account: upstream.shared, twin: upstream.twinOf(upstream.shared) };
};

/** Nothing runs, waits or is held, neither really nor in the shadow. */
export function expectAtRest(world: World): void {
  const { account, twin } = accountsOf(world);
  expect(world.sluice.runtime.load).toEqual({ waiting: 0, running: 0, bytes: 0 });
  expect([...world.sluice.runtime.shadow.running]).toEqual([]);
  expect([twin.scheduler.waiting, twin.running]).toEqual([0, 0]);
  const now = world.clock.now();
  for (const meter of [...account.meters, ...twin.meters]) {
    expect(meter.level(now), `${meter.label.dimension} of ${meter.label.selector}`).toBe(
      meter.capacity,
    );
  }
}
