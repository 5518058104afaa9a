/** Pressure: what people have to wait for raises it; batch, which is meant to fill the gaps, does not. */
import { describe, expect, test } from "vitest";
import { MICROS_PER_MS } from "../../src/core/clock.ts";
import type { LatencyClass } from "../../src/core/task.ts";
import { createSluice, type Sluice } from "../../src/index.ts";
import type { PressureEvent } from "../../src/runtime/pressure-watch.ts";
import { EXACT, until } from "../support/gateway.ts";
import { TestClock } from "../support/gateway-clock.ts";

const URL = "http://it.test/x";
const MINUTE_MS = 60_000;

interface World extends AsyncDisposable {
  readonly clock: TestClock;
  readonly sluice: Sluice;
  readonly events: readonly PressureEvent[];
  /** Of the answers so far, the latest last. */
  readonly told: readonly { readonly pressure: number; readonly advice: string | null }[];
  /** One call of this class; its answer is read. */
  call(latency: LatencyClass): void;
  /** So many calls a second, for so many seconds. */
  stream(latency: LatencyClass, perSecond: number, seconds: number): void;
}

/** Ten requests a second, by a provider that answers at once. */
async function start(limits: object = { rpm: 600 }): Promise<World> {
  const clock = new TestClock();
  const events: PressureEvent[] = [];
  const told: { pressure: number; advice: string | null }[] = [];
  const upstreams = { it: { dialect: "generic", base_url: "http://it.test", limits: [limits] } };
  const tiers = { only: { max_wait: "1h" } };
  const sluice = await createSluice({
    clock,
    config: { policy: EXACT, tiers, defaults: { tier: "only" }, upstreams },
    fetch: async () => Response.json({}),
  });
  sluice.on("pressure", (event) => events.push(event));
  const call = (latency: LatencyClass) => {
    void sluice
      .task({ latency }, () => sluice.fetch(URL, { method: "POST" }))
      .then(async (answer) => {
        await answer.text();
        const { headers } = answer;
        const pressure = Number(headers.get("x-sluice-pressure"));
        told.push({ pressure, advice: headers.get("x-sluice-advice") });
      });
  };
  const stream = (latency: LatencyClass, perSecond: number, seconds: number) => {
    for (let i = 0; i < perSecond * seconds; i++) {
      const at = clock.now() + (i / perSecond) * 1_000 * MICROS_PER_MS;
      clock.schedule(at, () => call(latency));
    }
  };
  const close = () => sluice.close();
  return { clock, sluice, events, told, call, stream, [Symbol.asyncDispose]: close };
}

/** Share of the limit that is charged now. */
function useOf({ sluice, clock }: World): number {
  const [meter] = sluice.runtime.upstreams.get("it")?.shared.meters ?? [];
  return 1 - meter.level(clock.now()) / meter.capacity;
}

async function fillWithBatch(world: World, count: number): Promise<void> {
  for (let i = 0; i < count; i++) world.call("batch");
  const { runtime } = world.sluice;
  await until(
    () => runtime.load.waiting + world.told.length === count,
    () => runtime.load,
  );
}

describe("a pool that is filled to the brim by batch alone", () => {
  test("is not under pressure: no event, no advice, though a queue waits", async () => {
    await using world = await start();
    await fillWithBatch(world, 2_500);
    await world.clock.advance(2 * MINUTE_MS);
    expect(world.told.length).toBeGreaterThan(1_700);
    expect(world.sluice.runtime.load.waiting).toBeGreaterThan(500);
    expect(useOf(world)).toBeGreaterThan(0.99);
    expect(Math.max(...world.told.map(({ pressure }) => pressure))).toBe(0);
    expect(new Set(world.told.map(({ advice }) => advice))).toEqual(new Set([null]));
    expect(world.events).toEqual([]);
    expect(world.sluice.runtime.upstreams.get("it")?.shared.poolPressure).toBe(0);
  });

  test("is under as much pressure as the interactive work beside it makes", async () => {
    await using world = await start();
    await fillWithBatch(world, 2_500);
    world.stream("real-time", 2, 120);
    await world.clock.advance(2 * MINUTE_MS);
    expect(useOf(world)).toBeGreaterThan(0.99);
    // A fifth of the limit, of which the average over a minute has seen most.
    const { pressure } = world.told.at(-1) ?? { pressure: Number.NaN };
    expect(pressure).toBeGreaterThan(0.15);
    expect(pressure).toBeLessThan(0.25);
    expect(world.events).toEqual([]);
  });
});

describe("the same demand of people", () => {
  test.each(["real-time", "near-real-time"] as const)(
    "%s is told: warn, act, and calm again",
    async (latency) => {
      await using world = await start();
      world.stream(latency, 9, 240);
      await world.clock.advance(4 * MINUTE_MS);
      expect(world.events).toEqual([
        { upstream: "it", level: "warn", pressure: expect.closeTo(0.8, 1) },
      ]);
      world.stream(latency, 20, 30);
      await world.clock.advance(MINUTE_MS);
      expect(world.events.map(({ level }) => level)).toEqual(["warn", "act"]);
      expect(world.told.some(({ advice }) => advice?.includes("simplify-plan"))).toBe(true);
      // It is looked at when a call ends.
      world.stream(latency, 1, 300);
      await world.clock.advance(5 * MINUTE_MS);
      expect(world.events.map(({ level }) => level).at(-1)).toBe("calm");
      expect(world.told.at(-1)?.pressure).toBeLessThan(0.2);
    },
  );
});
