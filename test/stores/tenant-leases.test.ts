/**
 * Tenant leases: instances that take, give back, lose answers and die at random never have more of a
 * quota or of slots together than there is; and the count's own rules, at given times.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { CancelTimer, Clock } from "../../src/core/clock.ts";
import type { LeasedMeter } from "../../src/core/meter/leased-meter.ts";
import { Lessee } from "../../src/runtime/tenants/shared/lessee.ts";
import { type Connection, connect } from "../../src/stores/redis/connection.ts";
import { TenantKeys } from "../../src/stores/tenants/redis/keys.ts";
import { RedisLeases } from "../../src/stores/tenants/redis/redis-leases.ts";
import { RedisUses } from "../../src/stores/tenants/redis/redis-uses.ts";
import type { TenantLeases, Turn, TurnReply } from "../../src/stores/tenants/tenant-leases.ts";
import { UTC_ENDS } from "../../src/tenants/utc-spans.ts";
import { RedisServer } from "../support/redis/redis-server.ts";

const UNIT = 1_000_000;
const T0 = Date.parse("2026-03-14T23:59:00Z") * 1_000;
const RUNS = Number(process.env["STORE_RUNS"] ?? 60);
const SEED = process.env["SEED"] === undefined ? undefined : Number(process.env["SEED"]);

let server: RedisServer;
let connection: Connection;
let prefixes = 0;
beforeAll(async () => {
  server = await RedisServer.start();
  connection = connect(server.url);
  await vi.waitFor(() => connection.call("PING"), { timeout: 10_000 });
});
afterAll(async () => {
  connection.close();
  await server.stop();
});

class StillClock implements Clock {
  time = T0;
  now(): number {
    return this.time;
  }
  schedule(): CancelTimer {
    return () => {};
  }
}

function newLeases(now: () => number): TenantLeases {
  const keys = new TenantKeys({ prefix: `leases-${prefixes++}`, domain: "per-upstream" });
  const uses = new RedisUses(connection, keys);
  return new RedisLeases({ connection: () => connection, uses: () => uses, keys, now });
}

/** What becomes of a turn on its way. */
type Fate = "arrives" | "is-lost" | "answer-is-lost" | "answer-is-late";

class Network implements TenantLeases {
  fate: Fate = "arrives";
  readonly #leases: TenantLeases;
  readonly #under = new Set<Promise<unknown>>();
  #late: (() => void)[] = [];

  constructor(leases: TenantLeases) {
    this.#leases = leases;
  }

  turn(tenant: string, turn: Turn): Promise<TurnReply> {
    const { fate } = this;
    if (fate === "is-lost") return Promise.reject(new Error("lost"));
    const reply = this.#leases.turn(tenant, turn);
    this.#under.add(reply);
    return reply.then((told) => {
      this.#under.delete(reply);
      if (fate === "answer-is-lost") throw new Error("answer lost");
      if (fate === "arrives") return told;
      return new Promise((resolve) => this.#late.push(() => resolve(told)));
    });
  }

  listen(): () => void {
    return () => {};
  }

  deliver(): void {
    for (const resolve of this.#late.splice(0)) resolve();
  }

  async rest(): Promise<void> {
    do {
      await Promise.all(this.#under);
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#under.size > 0);
  }
}

interface Held {
  readonly amount: number;
  readonly at: number;
}

/** One instance, with what it holds. */
class Gateway {
  readonly network: Network;
  readonly lessee: Lessee;
  readonly quota: LeasedMeter;
  readonly slots: LeasedMeter;
  readonly #clock: StillClock;
  readonly held: Held[] = [];
  /** Taken of the window, less what was given back. */
  taken = 0;

  constructor(leases: TenantLeases, clock: StillClock, limits: { quota: number; slots: number }) {
    this.#clock = clock;
    this.network = new Network(leases);
    this.lessee = new Lessee({
      leases: this.network,
      clock,
      onTold: () => {},
      onChanged: () => {},
      onErased: () => {},
      onFailed: () => {},
      onLost: () => this.releaseAll(),
    });
    const [slots, quota] = this.lessee.metersOf("acme", [
      {
        name: "slots",
        window: null,
        label: { dimension: "concurrency", selector: "tenant:acme" },
        capacity: limits.slots * UNIT,
        per: null,
      },
      {
        name: "tokens_per_month",
        window: { counts: "tokens", span: "month" },
        label: { dimension: "tokens", selector: "tenant:acme tokens_per_month" },
        capacity: limits.quota * UNIT,
        per: 30 * 86_400_000_000,
      },
    ]);
    this.slots = slots;
    this.quota = quota;
  }

  take(tokens: number): boolean {
    const now = this.#clock.now();
    const waits = [this.slots.waitFor(UNIT, 0, now), this.quota.waitFor(tokens * UNIT, 0, now)];
    if (Math.max(...waits) > 0) return false;
    this.slots.debit(UNIT, now);
    this.quota.debit(tokens * UNIT, now);
    this.held.push({ amount: tokens, at: now });
    this.taken += tokens;
    return true;
  }

  release(used: number): void {
    const held = this.held.shift();
    if (held === undefined) return;
    const now = this.#clock.now();
    const surplus = Math.floor(held.amount * (1 - used));
    this.slots.credit(UNIT, held.at, now);
    this.quota.credit(surplus * UNIT, held.at, now);
    this.taken -= surplus;
  }

  releaseAll(): void {
    while (this.held.length > 0) this.release(1);
  }
}

type Step = { readonly at: number } & (
  | { readonly do: "take"; readonly times: number; readonly tokens: number }
  | { readonly do: "release"; readonly times: number; readonly used: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "fate"; readonly fate: Fate }
  | { readonly do: "deliver" | "die" }
);

const at = fc.nat({ max: 2 });
const times = fc.integer({ min: 1, max: 6 });
const used = fc.constantFrom(0, 0.5, 1, 1);
const fate = fc.constantFrom<Fate>("arrives", "is-lost", "answer-is-lost", "answer-is-late");
const tokens = fc.integer({ min: 1, max: 9 });
const ms = fc.constantFrom(1, 100, 400, 1_200, 2_500);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 9, arbitrary: fc.record({ do: fc.constant("take"), at, times, tokens }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("release"), at, times, used }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pass"), at, ms }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("fate"), at, fate }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deliver"), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("die"), at }) },
);

const LIMITS = { quota: 120, slots: 4 };

class World {
  readonly clock = new StillClock();
  readonly gateways: Gateway[];
  /** Of those that have died. */
  buried = 0;
  readonly #leases: TenantLeases;

  constructor() {
    this.#leases = newLeases(() => this.clock.time);
    this.gateways = [0, 1, 2].map(() => this.#open());
  }

  #open(): Gateway {
    return new Gateway(this.#leases, this.clock, LIMITS);
  }

  /** With time, in steps no longer than those in which a gateway looks after its leases. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.time += Math.min(100, left) * 1_000;
      for (const one of this.gateways) one.lessee.sweep();
      await this.rest();
      this.check();
    }
  }

  async rest(): Promise<void> {
    for (const one of this.gateways) await one.network.rest();
  }

  async take(step: Step): Promise<void> {
    const gateway = this.gateways[step.at];
    if (step.do === "take") await this.#takeOften(gateway, step.times, step.tokens);
    else if (step.do === "release") for (let i = 0; i < step.times; i++) gateway.release(step.used);
    else if (step.do === "pass") await this.pass(step.ms);
    else if (step.do === "fate") gateway.network.fate = step.fate;
    else if (step.do === "deliver") gateway.network.deliver();
    else this.bury(step.at);
    await this.rest();
    this.check();
  }

  async #takeOften(gateway: Gateway, times: number, tokens: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      if (gateway.take(tokens)) continue;
      await this.rest();
      gateway.take(tokens);
    }
  }

  /** Nothing is lost any more, and everybody takes as long as there is something. */
  async useUp(tokens: number): Promise<void> {
    for (const one of this.gateways) {
      one.network.fate = "arrives";
      one.network.deliver();
      one.releaseAll();
    }
    for (let inVain = 0; inVain < 30; inVain++) {
      for (const one of this.gateways) if (one.take(tokens)) inVain = 0;
      for (const one of this.gateways) one.releaseAll();
      await this.pass(100);
    }
  }

  bury(index: number): void {
    this.buried += this.gateways[index].taken;
    this.gateways[index] = this.#open();
  }

  check(): void {
    const taken = this.gateways.reduce((sum, one) => sum + one.taken, this.buried);
    const held = this.gateways.reduce((sum, one) => sum + one.held.length, 0);
    expect(taken).toBeLessThanOrEqual(LIMITS.quota);
    expect(held).toBeLessThanOrEqual(LIMITS.slots);
  }
}

describe("instances of one tenant", () => {
  test("never have more than there is, whatever is lost between them and Redis", async () => {
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 20, maxLength: 120 }),
      async (steps) => {
        const world = new World();
        for (const one of steps) await world.take(one);
        await world.useUp(1);
      },
    );
    await fc.assert(property, { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: SEED }) });
  }, 600_000);

  test("use a quota to its end, whoever asks where", async () => {
    const world = new World();
    await world.useUp(3);
    const taken = world.gateways.reduce((sum, one) => sum + one.taken, 0);
    expect(taken).toBe(LIMITS.quota);
  });
});

describe("windows", () => {
  test("end in Redis as they do in the program, for a hundred years", async () => {
    let now = T0;
    const leases = newLeases(() => now);
    const turn: Turn = {
      ...{ instance: "a", generation: null, asks: [], known: null, isLast: true },
      ...{ number: 1, used: { requests: 0, tokens: 0, usdMicros: 0 } },
    };
    const starts = Array.from({ length: 1_200 }, (_, i) => Date.UTC(2000, i, 1) * 1_000);
    for (const at of starts.flatMap((start) => [start - 1, start])) {
      now = at;
      const reply = await leases.turn(`t${at}`, turn);
      const ends = reply.kind === "told" ? [reply.day.endsAt, reply.month.endsAt] : [];
      expect(ends).toEqual([UTC_ENDS.day(at), UTC_ENDS.month(at)]);
    }
  });
});
