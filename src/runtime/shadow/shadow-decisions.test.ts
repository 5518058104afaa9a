import { describe, expect, test } from "vitest";
import { seeded } from "../../../test/support/gateway-random.ts";
import {
  after,
  expectAtRest,
  MINUTE_MS,
  startShadow,
  type World,
} from "../../../test/support/shadow-world.ts";
import { MICROS_PER_MS } from "../../core/clock.ts";
import type { SluiceError } from "../../core/errors.ts";

interface Arrival {
  readonly atMs: number;
  readonly tenant: string;
  readonly latency: "real-time" | "batch";
  readonly tokens: number;
  readonly serviceMs: number;
}

/** Three times what the limits hold, for half a minute. */
function trace(seed: number): readonly Arrival[] {
  const random = seeded(seed);
  return Array.from({ length: 300 }, (_, i) => ({
    atMs: Math.round(i * 100 + random() * 90),
    tenant: ["acme", "big", "one", "two"][Math.floor(random() * 4)],
    latency: random() < 0.3 ? "batch" : "real-time",
    tokens: 50 + Math.round(random() * 400),
    serviceMs: 100 + Math.round(random() * 900),
  }));
}

/** What became of a request, or would have. */
interface Fate {
  readonly tenant: string;
  readonly code: string | null;
  readonly waitMs: number;
}

const LIMITS = {
  requests: { amount: 40, per: "10s" },
  tokens: { amount: 9_000, per: "10s" },
};
const TENANTS = { acme: { tier: "gold" }, big: { tier: "gold", weight: 3 }, one: {}, two: {} };

/** Each holds its slot for as long as the provider takes, which is the same in both worlds. */
async function fatesOf(
  world: World,
  arrivals: readonly Arrival[],
  isShadow: boolean,
): Promise<Fate[]> {
  const real: Fate[] = [];
  for (const { atMs, tenant, latency, tokens, serviceMs } of arrivals) {
    world.clock.schedule(world.clock.now() + atMs * MICROS_PER_MS, async () => {
      const askedAt = world.nowMs();
      const demand = { inputTokens: tokens };
      try {
        const slot = await world.sluice.acquire({ upstream: "it", tenant, latency, demand });
        real.push({ tenant, code: null, waitMs: slot.waitMs });
        await after(world.clock, serviceMs);
        slot.settle({ usage: { inputTokens: tokens } });
      } catch (error) {
        const { code } = error as SluiceError;
        real.push({ tenant, code, waitMs: world.nowMs() - askedAt });
      }
    });
  }
  await world.clock.advance(2 * MINUTE_MS);
  if (!isShadow) return real;
  expect(real.every(({ code, waitMs }) => code === null && waitMs === 0)).toBe(true);
  return world.events.map(({ tenant, code, waitMs }) => ({ tenant, code, waitMs }));
}

describe("decisions are those of a Sluice in charge", () => {
  test.each([
    ["requests", [{ requests: { amount: 33, per: "10s" } }]],
    ["tokens", [{ tokens: { amount: 8_000, per: "10s" } }]],
    ["slots", [{ max_parallel_requests: 2 }]],
    ["all of them", [{ ...LIMITS, max_parallel_requests: 3 }]],
    ["a window", [{ requests: { amount: 20, per: "6s", window: "fixed" } }]],
  ])("at three times what %s hold, request by request", async (_, limits) => {
    const arrivals = trace(7);
    const worlds = await Promise.all(
      [false, true].map((shadow) => startShadow({ shadow, limits, tenants: TENANTS })),
    );
    const [real, shadow] = await Promise.all(
      worlds.map((world, i) => fatesOf(world, arrivals, i === 1)),
    );
    expect(real).toHaveLength(300);
    expect(real.filter(({ code }) => code === null).length).toBeGreaterThan(50);
    expect(real.filter(({ code }) => code !== null).length).toBeGreaterThan(30);
    const counts = (fates: readonly Fate[]) => {
      const count: Record<string, number> = {};
      for (const { tenant, code } of fates) {
        const key = `${tenant} ${code}`;
        count[key] = (count[key] ?? 0) + 1;
      }
      return count;
    };
    expect(counts(shadow)).toEqual(counts(real));
    expect(shadow.map(({ code }) => code)).toEqual(real.map(({ code }) => code));
    shadow.forEach(({ waitMs }, i) => {
      expect(Math.abs(waitMs - real[i].waitMs), `the ${i}th decision`).toBeLessThan(5);
    });
    expectAtRest(worlds[1]);
    for (const { sluice } of worlds) await sluice.close();
  });

  test("also where the provider really refused what would have been sent later", async () => {
    const limits = [{ tokens: { amount: 3_000, per: "10s" } }];
    /** In the shadow it refuses what its limit does not hold at once; in charge it never has to. */
    const fates = async (shadow: boolean) => {
      const world = await startShadow({ shadow, limits });
      const granted: string[] = [];
      const refused: string[] = [];
      for (let i = 0; i < 100; i++) {
        world.clock.schedule(world.clock.now() + i * 100 * MICROS_PER_MS, async () => {
          const demand = { inputTokens: 150 };
          const asked = world.sluice.acquire({ upstream: "it", tenant: `tenant-${i}`, demand });
          const slot = await asked.catch(() => null);
          if (slot === null) return;
          const status = shadow && i % 3 > 0 ? 429 : 200;
          slot.settle({ status });
          (status === 429 ? refused : granted).push(`tenant-${i}`);
        });
      }
      await world.clock.advance(MINUTE_MS);
      const told = world.events.filter(({ code }) => code === null).map(({ tenant }) => tenant);
      expectAtRest(world);
      await world.sluice.close();
      return { granted, refused, told };
    };
    const [real, shadow] = [await fates(false), await fates(true)];
    expect(real.granted.length).toBeGreaterThan(40);
    expect(real.granted.length).toBeLessThan(70);
    expect(shadow.told).toEqual(real.granted);
    expect(shadow.refused).toHaveLength(66);
  });
});
