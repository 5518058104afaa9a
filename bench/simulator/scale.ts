/** Scale benchmark: what 1 to 1,000 simulated instances come to, and ask of their store, by how far it is. */
import { redisOver } from "../../src/simulator/setting.ts";
import { storeFiguresOf } from "../../src/simulator/store-figures.ts";
import { figuresOfShared, runShared } from "../../test/support/shared-world.ts";
import type { Figure } from "../figure.ts";

const COUNTS = [1, 10, 100, 1_000];
const NEAR_MS = 2;
/** Round trips: one rack, one region, near regions, one continent, two of them. */
const ROUND_TRIPS_MS = [0.5, 10, 50, 150];
/** The 99th percentile over the median. */
const TAIL = 4;
const MANY = 100;
const SECONDS = 60;
const PER_SECOND = 300;
/** A busy account: hundreds of grants a second. */
const BUSY = { instances: MANY, seconds: 15, perSecond: 3_000, medianMs: NEAR_MS };

interface Place {
  readonly instances: number;
  readonly medianMs: number;
  readonly seconds?: number;
  readonly perSecond?: number;
}

export async function benchScale(): Promise<readonly Figure[]> {
  const places: readonly Place[] = [
    ...COUNTS.map((instances) => ({ instances, medianMs: NEAR_MS })),
    ...ROUND_TRIPS_MS.map((medianMs) => ({ instances: MANY, medianMs })),
    BUSY,
  ];
  const figures: Figure[] = [];
  for (const place of places) figures.push(...(await figuresAt(place)));
  return figures;
}

async function figuresAt(place: Place): Promise<readonly Figure[]> {
  const { instances, medianMs, seconds = SECONDS, perSecond = PER_SECOND } = place;
  const network = redisOver({ medianMs, p99Ms: TAIL * medianMs });
  const simulation = await runShared({ seed: 1, instances, seconds, perSecond, network });
  const { upstream429, budgetUsed, jain, inversions, tiers } = figuresOfShared(simulation);
  const store = storeFiguresOf(simulation);
  const where = `scale.${instances}_${medianMs}ms${perSecond === PER_SECOND ? "" : "_busy"}`;
  const at = (name: string, value: number, unit: string): Figure => {
    return { name: `${where}.${name}`, value, unit, peer: false };
  };
  return [
    at("upstream429", upstream429, "requests"),
    at("budget_used", budgetUsed, "share"),
    at("inversions", inversions, "grants"),
    at("jain", jain, "index"),
    at("critical_p50_ms", tiers.critical.waitMs.p50, "ms"),
    at("critical_p99_ms", tiers.critical.waitMs.p99, "ms"),
    at("steps", store?.stepsPerSecond ?? 0, "steps/s"),
    at("steps_per_instance", store?.stepsPerSecondAndInstance ?? 0, "steps/s"),
    at("store_busy", store?.busy ?? 0, "share"),
    at("bytes", store?.bytesPerSecond ?? 0, "bytes/s"),
  ];
}
