/** Fleet benchmark: four gateways, one Redis, a provider that is the judge of truth, and three times its load. */

import { loadFor } from "../../src/demo/demo.ts";
import { runPolicy } from "../../src/demo/run-policy.ts";
import { figuresOf } from "../../src/figures/figures.ts";
import { standingByTier } from "../../src/figures/standing.ts";
import { TIERS } from "../../src/workload/tiers.ts";
import type { Figure } from "../figure.ts";
import { Fleet, timeUntil } from "./fleet.ts";
import { SCENES, type Scene } from "./scenes.ts";

const INSTANCES = 4;
const SECONDS = 60;

/** `--seconds N`, `--scenes a,b`, `--seed N`. */
export async function benchFleet(args: readonly string[]): Promise<readonly Figure[]> {
  const seconds = Number(optionIn(args, "--seconds") ?? SECONDS);
  const seed = Number(optionIn(args, "--seed") ?? 1);
  const wanted = optionIn(args, "--scenes")?.split(",");
  const figures: Figure[] = [];
  for (const scene of SCENES) {
    if (wanted !== undefined && !wanted.includes(scene.name)) continue;
    process.stderr.write(`fleet: ${scene.name}, ${seconds} s\n`);
    const found = await runScene(scene, seconds, seed);
    for (const [name, value] of Object.entries(found)) {
      const unit = name.endsWith("_ms") ? "ms" : "";
      figures.push({ name: `fleet.${scene.name}.${name}`, value, unit, peer: false });
    }
  }
  return figures;
}

/** What came of one scene, by name. */
export async function runScene(
  scene: Scene,
  seconds: number,
  seed: number,
): Promise<Readonly<Record<string, number>>> {
  const load = loadFor({ seconds, seed, trace: null, speed: null, policies: [] });
  const { isDurable } = scene;
  const fleet = await Fleet.open({ load, seed, instances: INSTANCES, isDurable });
  const ended = new AbortController();
  try {
    const policy = {
      name: "sluice",
      open: async () => ({ ...fleet.policy, close: async () => {} }),
    };
    const audience = { arrived() {}, ended() {}, granted() {}, audited() {} };
    const signal = new AbortController().signal;
    const acting = scene.act(fleet, ended.signal);
    const timer = setTimeout(() => ended.abort(), seconds * 1_000);
    const run = await runPolicy(policy as never, { load, seed, audience, signal });
    clearTimeout(timer);
    ended.abort();
    const acted = await acting;
    const tiers = TIERS.map(({ name }) => name);
    const standing = standingByTier(TIERS, load.limits);
    const { upstream429, upstreamRequests, budgetUsed, jain } = figuresOf(run, load, {
      tiers,
      standing,
    });
    const failed = run.results.filter(({ outcome }) => outcome.kind === "failed").length;
    const [top] = Object.values(figuresOf(run, load, { tiers, standing }).tiers);
    const leaks = await leaksOf(fleet);
    const verdict = await fleet.verdict();
    const { inFlight, overrun } = await fleet.policy.providerStats();
    return {
      provider_refusals: upstream429,
      provider_requests: upstreamRequests,
      budget_used: budgetUsed,
      inversions: verdict.inversions,
      grants: verdict.grants,
      by_guarantee: verdict.byGuarantee,
      overdrawn: verdict.overdrawn,
      jain,
      peak_in_flight: inFlight.peak,
      overruns: Object.values(overrun).filter((amount) => amount > 0).length,
      top_tier_p99_wait_ms: top?.waitMs.p99 ?? 0,
      clients_lost: failed,
      lost_at_the_living: fleet.lostElsewhere,
      silences: (await fleet.states()).reduce((sum, { silences }) => sum + silences, 0),
      ...leaks,
      ...acted,
    };
  } finally {
    ended.abort();
    await fleet.close();
  }
}

/** When all has ended nothing is held, and all instances see it so. */
async function leaksOf(fleet: Fleet): Promise<Readonly<Record<string, number>>> {
  const isClean = async () => (await held(fleet)) === 0;
  const cleanMs = await timeUntil(isClean, 10_000);
  return { held_at_end: await held(fleet), clean_after_ms: cleanMs ?? Number.POSITIVE_INFINITY };
}

async function held(fleet: Fleet): Promise<number> {
  const states = await fleet.states();
  const grants = [...(await fleet.grants()).values()].reduce((sum, count) => sum + count, 0);
  const slots = states
    .flatMap(({ meters }) => meters)
    .filter(({ dimension }) => dimension === "concurrency");
  const taken = slots.reduce((sum, { limit, level }) => sum + (limit - level), 0);
  const local = states.reduce((sum, { waiting, running }) => sum + waiting + running, 0);
  return grants + taken + local;
}

function optionIn(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}
