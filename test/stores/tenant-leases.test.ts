/**
 * Tenant leases: instances that take, give back, lose answers and die at random never have more of a
 * quota or of slots together than there is; and the count's own rules, at given times.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { CancelTimer, Clock } from "../../src/core/clock.ts";
import type { LeasedMeter } from "../../src/core/meter/leased-meter.ts";
import { Lessee } from "../../src/runtime/tenants/shared/lessee.ts";
import { type CommandConnection, connect } from "../../src/stores/redis/connection.ts";
import { TenantKeys } from "../../src/stores/tenants/redis/keys.ts";
import { RedisLeases } from "../../src/stores/tenants/redis/redis-leases.ts";
import { RedisUses } from "../../src/stores/tenants/redis/redis-uses.ts";
import type {
  LeaseAsk,
  TenantLeases,
  Turn,
  TurnReply,
} from "../../src/stores/tenants/tenant-leases.ts";
import { UTC_ENDS } from "../../src/tenants/utc-spans.ts";
import { RedisServer } from "../support/redis/redis-server.ts";

const UNIT = 1_000_000;
const T0 = Date.parse("2026-03-14T23:59:00Z") * 1_000;
const RUNS = Number(process.env["STORE_RUNS"] ?? 60);
const SEED = process.env["SEED"] === undefined ? undefined : Number(process.env["SEED"]);

let server: RedisServer;
let connection: CommandConnection;
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

const NOTHING = { requests: 0, tokens: 0, usdMicros: 0 };
const TPD = { name: "tpd", window: { span: "day", counts: "tokens" } } as const;
const NO_NEEDS = { delta: 0, inUse: 0, least: 0, want: 0, keep: 0 };

function turnOf(instance: string, number: number, more: Partial<Turn> = {}): Turn {
  const nothing = { generation: null, used: NOTHING, asks: [], known: null, isLast: false };
  return { ...nothing, instance, number, ...more };
}

/** A quota of 1,000 tokens a day. */
function quota(needs: Partial<LeaseAsk>): LeaseAsk {
  return { ...TPD, limit: 1_000 * UNIT, ...NO_NEEDS, ...needs };
}

function slots(needs: Partial<LeaseAsk>): LeaseAsk {
  return { name: "slots", window: null, limit: 2 * UNIT, ...NO_NEEDS, ...needs };
}

function startCount() {
  const clock = new StillClock();
  const keys = new TenantKeys({ prefix: `leases-${prefixes++}`, domain: "per-upstream" });
  const uses = new RedisUses(connection, keys);
  const parts = { connection: () => connection, uses: () => uses, keys, now: () => clock.time };
  const leases = new RedisLeases(parts);
  return {
    clock,
    uses,
    lose: () => connection.call("DEL", keys.tenant("acme")),
    ask: (turn: Turn) => leases.turn("acme", turn),
    async told(turn: Turn) {
      const reply = await leases.turn("acme", turn);
      if (reply.kind !== "told") throw new Error(reply.kind);
      return reply;
    },
  };
}

describe("the count", () => {
  test("lends a twentieth of what is free, or what one request needs", async () => {
    const count = startCount();
    const lent = async (instance: string, needs: Partial<LeaseAsk>) => {
      count.clock.time++;
      const { grants } = await count.told(turnOf(instance, 1, { asks: [quota(needs)] }));
      return grants[0].amount / UNIT;
    };
    expect(await lent("a", { want: 900 * UNIT })).toBe(50);
    expect(await lent("b", { want: 900 * UNIT, least: 600 * UNIT })).toBe(600);
    expect(await lent("c", { want: 900 * UNIT, least: 351 * UNIT })).toBe(17.5);
    expect(await lent("d", { want: 10 * UNIT })).toBe(0); // while another lacks it
    expect(await lent("e", { want: 90 * UNIT, least: 30 * UNIT })).toBe(0);
  });

  test("counts a turn once, however often it is told", async () => {
    const count = startCount();
    const used = { requests: 1, tokens: 70, usdMicros: 3 };
    const turn = turnOf("a", 1, { used, asks: [quota({ delta: 100 * UNIT })] });
    await count.told(turn);
    const { day, grants } = await count.told(turn);
    expect([day.tokens, day.usdMicros, grants[0].taken]).toEqual([70, 3, 100 * UNIT]);
  });

  test("begins a quota with what was used before there was one", async () => {
    const count = startCount();
    await count.told(turnOf("a", 1, { used: { requests: 1, tokens: 400, usdMicros: 0 } }));
    const { grants } = await count.told(turnOf("b", 1, { asks: [quota({})] }));
    expect(grants[0]).toMatchObject({ taken: 400 * UNIT, free: 600 * UNIT });
  });

  test("begins again with the day, and what was lent before is void", async () => {
    const count = startCount();
    const asks = [quota({ delta: 300 * UNIT, want: 90 * UNIT })];
    const used = { requests: 1, tokens: 300, usdMicros: 0 };
    const { generation } = await count.told(turnOf("a", 1, { used, asks }));
    count.clock.time += 60 * UNIT;
    const { day, month, grants } = await count.told(turnOf("b", 1, { asks: [quota({})] }));
    expect([day.tokens, month.tokens]).toEqual([0, 300]);
    expect(grants[0]).toMatchObject({ taken: 0, free: 1_000 * UNIT });
    const late = turnOf("a", 2, { generation, asks: [quota({ delta: -100 * UNIT })] });
    expect((await count.told(late)).grants[0].taken).toBe(0);
  });

  test("gives the slots of a silent instance to others after two seconds, of a quota nothing", async () => {
    const count = startCount();
    const held = [slots({ inUse: 2 * UNIT }), quota({ want: 50 * UNIT })];
    await count.told(turnOf("a", 1, { asks: held }));
    const wanted = [slots({ least: UNIT, want: UNIT }), quota({})];
    const before = await count.told(turnOf("b", 1, { asks: wanted }));
    count.clock.time += 2 * UNIT + 1;
    const { generation } = before;
    const after = await count.told(turnOf("b", 2, { generation, asks: wanted }));
    expect([before, after].map(({ grants }) => grants[0].amount)).toEqual([0, UNIT]);
    expect(after.grants[1].free).toBe(950 * UNIT);
  });

  test("lost, it asks what is remembered, and believes the most", async () => {
    const count = startCount();
    const first = turnOf("a", 1, { asks: [quota({ delta: 300 * UNIT })] });
    const { generation, day, month } = await count.told(first);
    const second = turnOf("b", 1, { asks: [quota({ delta: 200 * UNIT })] });
    const later = await count.told(second);
    await count.lose();
    const again = turnOf("a", 2, { generation, asks: [quota({ delta: 10 * UNIT })] });
    expect(await count.ask(again)).toEqual({ kind: "unknown" });
    const known = { day, month, taken: { tpd: 300 * UNIT } };
    const told = await count.told({ ...again, known });
    expect(told.grants[0].taken).toBe(310 * UNIT);
    const other = turnOf("b", 2, { generation: later.generation, asks: [quota({})] });
    const all = { day: later.day, month: later.month, taken: { tpd: 500 * UNIT } };
    expect((await count.told({ ...other, known: all })).grants[0].taken).toBe(500 * UNIT);
  });

  test("erased, it takes nothing in that was used before", async () => {
    const count = startCount();
    const used = { requests: 1, tokens: 300, usdMicros: 0 };
    const { generation } = await count.told(turnOf("a", 1, { used }));
    count.clock.time = Date.now() * 1_000; // when it is erased is said by Redis
    await count.uses.erase("acme");
    count.clock.time += UNIT;
    const late = turnOf("a", 2, { generation, used });
    expect(await count.ask(late)).toEqual({ kind: "erased" });
    const fresh = await count.told(turnOf("b", 1, { used: { ...used, tokens: 5 } }));
    expect(fresh.day.tokens).toBe(5);
    expect(await count.ask(late)).toEqual({ kind: "erased" });
  });

  test("reset, it forgets what was used and not what running requests hold", async () => {
    const count = startCount();
    const used = { requests: 1, tokens: 300, usdMicros: 0 };
    const asks = [quota({ delta: 400 * UNIT })];
    const { generation } = await count.told(turnOf("a", 1, { used, asks }));
    await count.uses.reset("acme", "day", "tokens");
    const { day, month, grants } = await count.told(
      turnOf("a", 2, { generation, asks: [quota({})] }),
    );
    expect([day.tokens, month.tokens, grants[0].taken]).toEqual([0, 300, 100 * UNIT]);
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
